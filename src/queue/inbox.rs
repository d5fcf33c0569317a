//! The inbox: the messages for one listener alone, and the other rare parts of its queue.

use std::collections::VecDeque;

use crate::model::position::Position;
use crate::queue::gaps::Gaps;
use crate::queue::progress::Progress;

/// An entry of a queue: a message that was sent.
pub(crate) trait Entry: Clone {
    fn position(&self) -> Position;

    /// How many bytes it counts for in limits.
    fn bytes(&self) -> u64;

    /// When it was sent, in milliseconds.
    fn at(&self) -> f64;
}

/// The rare parts of a queue, beside its cursor.
///
/// # Invariants
///
/// - The first `read` entries of the inbox were read, `read_bytes` in all. The others were not,
///   `unread_bytes` in all.
/// - Only a resumable queue has entries that were read.
#[derive(Debug)]
pub(super) struct Extras<T> {
    /// Dispatches, and broadcasts that were given back.
    pub(super) inbox: VecDeque<T>,
    pub(super) read: usize,
    pub(super) unread_bytes: u64,
    pub(super) read_bytes: u64,
    /// How many entries were dropped here, beside those that the log has dropped.
    pub(super) missed: u64,
    /// `None` once the whole replay was read.
    pub(super) replay: Option<Replay>,
    /// Whether read dispatches are remembered: the listener outlives its connections, and a broken
    /// connection may have lost them.
    pub(super) resumable: bool,
    pub(super) progress: Progress,
    pub(super) gaps: Gaps,
}

/// Entries that are read later than they were sent: they do not count against the limit.
#[derive(Debug)]
pub(super) struct Replay {
    /// The position of the newest entry of the replay.
    pub(super) end: Position,
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl<T> Extras<T> {
    /// The extras of a reader that has everything up to a position.
    pub(super) fn at(last: Position) -> Self {
        Self {
            inbox: VecDeque::new(),
            read: 0,
            unread_bytes: 0,
            read_bytes: 0,
            missed: 0,
            replay: None,
            resumable: false,
            progress: Progress::at(last),
            gaps: Gaps::default(),
        }
    }
}

impl<T: Entry> Extras<T> {
    /// Returns whether a mere cursor says the same: everything is empty, and the reader has
    /// everything up to the broadcast before the cursor.
    pub(super) fn is_plain(&self, before: Position) -> bool {
        self.inbox.is_empty()
            && self.replay.is_none()
            && self.missed == 0
            && !self.resumable
            && self.gaps.is_empty()
            && self.progress.last() == before
            && self.progress.is_plain()
    }

    /// Returns the position of the newest entry of the inbox that was read and is remembered.
    pub(super) fn newest_read(&self) -> Position {
        let last = self.read.checked_sub(1).map(|last| &self.inbox[last]);
        last.map_or(Position::broadcast(0), T::position)
    }

    /// Forgets one of the entries that were read.
    pub(super) fn forget(&mut self, at: usize) -> Option<T> {
        let old = self.inbox.remove(at)?;
        self.read -= 1;
        self.read_bytes -= old.bytes();
        self.progress.lose(old.position());
        Some(old)
    }

    /// Returns the oldest unread entry of the inbox.
    pub(super) fn front(&self) -> Option<&T> {
        self.inbox.get(self.read)
    }

    /// Returns whether the front of the inbox was sent before a broadcast.
    pub(super) fn front_is_before(&self, number: u64) -> bool {
        let front = self.front();
        front.is_some_and(|front| front.position().sequence() < number)
    }

    /// Returns whether everything up to a position was read, if the cursor has caught up and reads
    /// the broadcast `next`.
    pub(super) fn is_behind(&self, next: u64, end: Position) -> bool {
        next > end.sequence() && self.front().is_none_or(|front| front.position() > end)
    }

    /// Takes the oldest unread entry. [`forget`](Queue::forget) follows.
    pub(super) fn pop_front(&mut self) -> Option<T> {
        let front = self.front()?;
        let (position, bytes) = (front.position(), front.bytes());
        self.unread_bytes -= bytes;
        if self.resumable && position.is_dispatch() {
            self.read += 1;
            self.read_bytes += bytes;
            return self.inbox.get(self.read - 1).cloned();
        }
        if position.is_dispatch() {
            self.progress.lose(position);
        }
        self.inbox.remove(self.read)
    }
}
