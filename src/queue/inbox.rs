//! The inbox: what was dispatched to one listener, and what else its queue has beside a cursor.

use std::collections::VecDeque;

use crate::model::gap::Gap;
use crate::model::position::Position;

/// What a queue has beside its cursor.
///
/// # Invariants
///
/// - The first `read` entries of the lane were read, `past_bytes` in all; the others were not, `lane_bytes` in all.
/// - Only a resumable queue has entries that were read.
#[derive(Debug)]
pub(super) struct Own<T> {
    /// What was dispatched, and broadcasts that were given back.
    pub(super) lane: VecDeque<Laned<T>>,
    pub(super) read: usize,
    pub(super) lane_bytes: u64,
    pub(super) past_bytes: u64,
    /// How many entries were dropped here, beside those that the log knows of.
    pub(super) missed: u64,
    /// `None` once what is replayed has been read.
    pub(super) replay: Option<Replay>,
    /// Whether what was read is remembered: its listener outlives its connections, and the client may not have got it.
    pub(super) resumable: bool,
    /// Up to where something for this listener alone may have been that is not here any more.
    pub(super) forgotten: Position,
    /// What is to be told.
    pub(super) gaps: Vec<Gap>,
    /// Up to where the reader had everything before something was taken. Right before that, unless it stands here.
    pub(super) before_last: Option<Position>,
    /// The newest up to which the reader had everything when it was set back.
    pub(super) given: Option<Position>,
}

/// What is read for the first time or once more, though it was sent before: it counts on top of the limit.
#[derive(Debug)]
pub(super) struct Replay {
    /// Where it ends.
    pub(super) end: Position,
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Laned<T> {
    pub(super) position: Position,
    pub(super) bytes: u64,
    /// When it was sent, in milliseconds.
    pub(super) at: f64,
    pub(super) entry: T,
}

impl<T> Default for Own<T> {
    fn default() -> Self {
        Self {
            lane: VecDeque::new(),
            read: 0,
            lane_bytes: 0,
            past_bytes: 0,
            missed: 0,
            replay: None,
            resumable: false,
            forgotten: Position::broadcast(0),
            gaps: Vec::new(),
            before_last: None,
            given: None,
        }
    }
}

impl<T: Clone> Own<T> {
    /// Returns the position of the newest entry of the lane that was read and is remembered.
    pub(super) fn newest_read(&self) -> Position {
        let last = self.read.checked_sub(1).map(|last| &self.lane[last]);
        last.map_or(Position::broadcast(0), |last| last.position)
    }

    /// Forgets one of the entries that were read.
    pub(super) fn forget(&mut self, at: usize) -> Option<T> {
        let old = self.lane.remove(at)?;
        self.read -= 1;
        self.past_bytes -= old.bytes;
        self.forgotten = self.forgotten.max(old.position);
        Some(old.entry)
    }

    /// Returns the oldest unread entry of the lane.
    pub(super) fn front(&self) -> Option<&Laned<T>> {
        self.lane.get(self.read)
    }

    /// Returns whether the front of the lane was sent before a broadcast.
    pub(super) fn front_is_before(&self, number: u64) -> bool {
        let front = self.front();
        front.is_some_and(|front| front.position.sequence() < number)
    }

    /// Returns whether nothing up to a position is unread, with a cursor that has caught up and reads a broadcast next.
    pub(super) fn is_behind(&self, next: u64, end: Position) -> bool {
        next > end.sequence() && self.front().is_none_or(|front| front.position > end)
    }

    /// Takes the oldest unread entry. [`forget`](Queue::forget) has to follow.
    pub(super) fn pop_front(&mut self) -> Option<T> {
        let laned = self.front()?;
        let (position, bytes) = (laned.position, laned.bytes);
        let kept = self.resumable && position.is_dispatch();
        let kept = kept.then(|| laned.entry.clone());
        self.lane_bytes -= bytes;
        if kept.is_some() {
            self.read += 1;
            self.past_bytes += bytes;
            return kept;
        }
        if position.is_dispatch() {
            self.forgotten = self.forgotten.max(position);
        }
        self.lane.remove(self.read).map(|laned| laned.entry)
    }
}
