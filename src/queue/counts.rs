//! Counts: how much is unread, and since when.

use crate::log::Log;
use crate::queue::Queue;
use crate::queue::inbox::Entry;

impl<T: Entry> Queue<T> {
    /// Returns when the oldest unread entry was sent, in milliseconds.
    pub(crate) fn waiting_since(&self, log: &Log<T>) -> Option<f64> {
        let dispatched = self.front().map(T::at);
        let broadcast = log.appended_at(log.place(&self.cursor));
        match (dispatched, broadcast) {
            (Some(dispatched), Some(broadcast)) => Some(dispatched.min(broadcast)),
            (dispatched, broadcast) => dispatched.or(broadcast),
        }
    }

    /// Returns how many bytes are unread.
    pub(crate) fn bytes(&self, log: &Log<T>) -> u64 {
        let unread_bytes = self.extras.as_ref().map_or(0, |extras| extras.unread_bytes);
        unread_bytes + log.bytes_from(log.place(&self.cursor))
    }

    /// Returns how many bytes were read and are remembered.
    pub(crate) fn remembered(&self) -> u64 {
        self.extras.as_ref().map_or(0, |extras| extras.read_bytes)
    }

    /// Returns how many broadcasts are unread.
    pub(crate) fn lag(&self, log: &Log<T>) -> u64 {
        log.waiting(&self.cursor)
    }

    /// Returns how many entries are unread.
    pub(crate) fn len(&self, log: &Log<T>) -> u64 {
        self.unread_dispatches() + log.waiting(&self.cursor)
    }
}
