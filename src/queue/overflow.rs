//! Overflow: a queue over its limit drops its oldest entries.

use crate::log::Log;
use crate::model::limit::{Overflow, QueueLimit};
use crate::model::position::Position;
use crate::queue::Queue;
use crate::queue::inbox::Entry;
use crate::queue::plan::end_before;

impl<T: Entry> Queue<T> {
    /// Returns how many entries were dropped since the last call, and between which positions.
    /// Moves past them. The caller adds the gap.
    #[inline(never)]
    pub(crate) fn report_missed(&mut self, log: &Log<T>) -> (u64, Position, Position) {
        let missed = self.unreported(log);
        // Made before the cursor moves, which is how far the reader has come.
        let extras = self.extras();
        extras.missed = 0;
        let last = extras.progress.last();
        log.catch_up(&mut self.cursor);
        // The client may have brought the id of a message that it was never sent.
        (missed, last, self.before(log).max(last))
    }

    /// Returns how many dropped entries no gap has reported yet.
    pub(crate) fn unreported(&self, log: &Log<T>) -> u64 {
        self.missed() + log.place(&self.cursor) - self.cursor.next()
    }

    pub(super) fn missed(&self) -> u64 {
        self.extras.as_ref().map_or(0, |extras| extras.missed)
    }

    /// As [`unreported`](Self::unreported), for the counters. A listener with another limit drops
    /// no messages: it is disconnected, or its sender refused.
    pub(crate) fn unreported_overflow(&self, log: &Log<T>) -> u64 {
        match self.overflow(log) {
            Some(Overflow::DropOldest) => self.unreported(log),
            _ => 0,
        }
    }

    /// Returns the newest position that comes before every unread entry.
    #[inline(never)]
    pub(crate) fn before(&self, log: &Log<T>) -> Position {
        let broadcast = Position::broadcast(log.place(&self.cursor));
        let front = self.front().map(T::position);
        let next = front.map_or(broadcast, |front| front.min(broadcast));
        // Dispatches before the next entry were read or dropped: they are remembered, or lost.
        let nothing = Position::broadcast(0);
        let dispatches = match &self.extras {
            Some(extras) => [extras.newest_read(), extras.progress.lost()],
            None => [nothing, nothing],
        };
        end_before(next, dispatches)
    }

    /// Drops the oldest entries while the queue is over its limit.
    pub(crate) fn enforce(&mut self, log: &mut Log<T>, unneeded: &mut Vec<T>) {
        // The log may have dropped broadcasts that are newer than the front of the inbox. Then the
        // front is dropped too.
        let place = log.place(&self.cursor);
        while log.lags(&self.cursor) && self.front_is_before(place - 1) {
            self.drop_front(log, unneeded);
        }
        while self.has_unread_dispatches() && self.is_over(log, 0, 0) {
            if self.front_is_before(log.place(&self.cursor)) {
                self.drop_front(log, unneeded);
            } else {
                self.extras().missed += log.catch_up(&mut self.cursor) + 1;
                log.skip(&mut self.cursor, 1, unneeded);
            }
        }
    }

    pub(super) fn drop_front(&mut self, log: &Log<T>, dropped: &mut Vec<T>) {
        let extras = self.extras();
        let front = extras.pop_front();
        extras.missed += 1;
        dropped.extend(front);
        self.forget(log, dropped);
    }

    /// Forgets the oldest entries that were read, while the inbox is over the limit or over the
    /// most that is remembered. Without a limit, the bounds of the history apply.
    pub(super) fn forget(&mut self, log: &Log<T>, unneeded: &mut Vec<T>) {
        let (messages, bytes) = match log.limit(&self.cursor) {
            Some(limit) => (limit.messages, limit.bytes),
            None => (log.history().messages, log.history().bytes),
        };
        let messages = messages.min(QueueLimit::NETWORK.messages);
        let bytes = bytes.min(QueueLimit::NETWORK.bytes);
        let extras = self.extras();
        while extras.read > 0
            && (extras.inbox.len() as u64 > messages
                || extras.read_bytes + extras.unread_bytes > bytes)
        {
            unneeded.extend(extras.forget(0));
        }
    }

    /// Returns whether the queue is over its limit with `entries` more, of `bytes`. Replayed
    /// entries do not count against the limit.
    pub(crate) fn is_over(&self, log: &Log<T>, entries: u64, bytes: u64) -> bool {
        let Some(limit) = log.limit(&self.cursor) else {
            return false;
        };
        let replay = self
            .extras
            .as_ref()
            .and_then(|extras| extras.replay.as_ref());
        let (more, more_bytes) = replay.map_or((0, 0), |replay| (replay.messages, replay.bytes));
        let (waiting, waiting_bytes) = (self.len(log) + entries, self.bytes(log) + bytes);
        waiting > limit.messages.saturating_add(more)
            || (waiting_bytes > limit.bytes.saturating_add(more_bytes) && waiting > 1)
    }

    /// Returns whether entries were dropped that no gap has reported yet.
    pub(crate) fn lags(&self, log: &Log<T>) -> bool {
        self.missed() > 0 || log.lags(&self.cursor)
    }

    pub(crate) fn overflow(&self, log: &Log<T>) -> Option<Overflow> {
        log.limit(&self.cursor).map(|limit| limit.overflow)
    }
}
