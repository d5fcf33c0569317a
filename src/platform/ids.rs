//! Identifiers that no other process makes, and random numbers.

use uuid::Uuid;

/// Returns a random UUID, 36 characters: the id of a channel or listener that was given none.
pub(crate) fn unique() -> String {
    Uuid::new_v4().to_string()
}

/// Returns the first half of a channel's event ids: 12 random hexadecimal digits.
///
/// 48 bits are enough, since an epoch is compared only with the ids that clients of the same
/// channel got from an earlier life of it.
pub(crate) fn epoch() -> String {
    let mut buffer = Uuid::encode_buffer();
    let digits = Uuid::new_v4().simple().encode_lower(&mut buffer);
    digits.chars().take(12).collect()
}

/// Returns a random number from 0 up to 1.
#[cfg(feature = "client")]
pub(crate) fn fraction() -> f64 {
    // The lower half of a UUID is random apart from its first two bits.
    let bits = (Uuid::new_v4().as_u64_pair().1 << 2) >> 11;
    bits as f64 / (1u64 << 53) as f64
}
