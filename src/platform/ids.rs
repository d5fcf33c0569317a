//! Identifiers that no other process makes.

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
