//! An entry of the log, with its place in bytes and time.

/// A kept entry.
#[derive(Debug)]
pub(super) struct Slot<T> {
    pub(super) value: T,
    /// Bytes of all entries before this one, since the log began.
    pub(super) offset: u64,
    /// When it was appended, in milliseconds of the caller's clock.
    pub(super) at: f64,
}
