//! Identifiers that no other process makes.

use uuid::Uuid;

/// Returns a random UUID, 36 characters: the id of a channel or listener that was given none.
pub(crate) fn unique() -> String {
    Uuid::new_v4().to_string()
}

/// Returns the first half of a channel's event ids: 12 random hexadecimal digits.
///
/// 48 bits are enough, since an epoch is compared only with the ids that clients of the same channel
/// got from an earlier life of it.
pub(crate) fn epoch() -> String {
    let (first, second, ..) = Uuid::new_v4().as_fields();
    format!("{first:08x}{second:04x}")
}
