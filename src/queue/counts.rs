//! Counts: how much is unread, and since when.

use crate::log::Log;
use crate::queue::Queue;

impl<T: Clone> Queue<T> {
    /// Returns since when something is unread, in milliseconds.
    pub(crate) fn waiting_since(&self, log: &Log<T>) -> Option<f64> {
        let dispatched = self.front().map(|front| front.at);
        let broadcast = log.appended_at(log.place(&self.cursor));
        match (dispatched, broadcast) {
            (Some(dispatched), Some(broadcast)) => Some(dispatched.min(broadcast)),
            (dispatched, broadcast) => dispatched.or(broadcast),
        }
    }

    /// Returns how many bytes are unread.
    pub(crate) fn bytes(&self, log: &Log<T>) -> u64 {
        let lane_bytes = self.own.as_ref().map_or(0, |own| own.lane_bytes);
        lane_bytes + log.bytes_from(log.place(&self.cursor))
    }

    /// Returns how many bytes were read and are remembered.
    pub(crate) fn remembered(&self) -> u64 {
        self.own.as_ref().map_or(0, |own| own.past_bytes)
    }

    /// Returns how many broadcasts are unread.
    pub(crate) fn lag(&self, log: &Log<T>) -> u64 {
        log.waiting(&self.cursor)
    }

    /// Returns how many entries are unread.
    pub(crate) fn len(&self, log: &Log<T>) -> u64 {
        self.unread_lane() + log.waiting(&self.cursor)
    }
}
