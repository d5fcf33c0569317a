//! What one listener has still to read: its cursor into the channel's log, merged with its lane.
//!
//! ## Delivery order
//!
//! Broadcasts stand in the log, for everybody. Dispatches stand in the lane, for this listener
//! alone. A dispatch remembers the newest broadcast at the moment it was sent; it is read after that
//! broadcast and before the next one, and dispatches among themselves are read first in, first out.
//! So a listener reads everything in exactly the order in which it was sent, and a broadcast needs no
//! entry per listener for it.
//!
//! ## Limit
//!
//! A queue holds no more than its limit, log and lane together. The log keeps its part of the limit by
//! itself, for all cursors at once; what the lane adds is kept by [`enforce`](Queue::enforce), which has to
//! be called after every append while the lane is not empty. It is always the oldest that is dropped, so
//! what was missed is older than all that is still to be read.
//!
//! ## Gaps
//!
//! What the reader is to be told stands at its place in the order: a gap is read once nothing is unread up to where it ends.

mod bounds;
mod counts;
mod inbox;
mod overflow;
mod replay;
#[cfg(test)]
mod tests;

use crate::log::{Cursor, Log};
use crate::model::gap::Gap;
use crate::model::limit::QueueLimit;
use crate::model::position::Position;
use crate::queue::bounds::{bound_of, replay_bound};
use crate::queue::inbox::{Laned, Own};

/// One listener's unread entries, in the order in which they were sent.
///
/// Its limit stands in the log, with the class of its cursor.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    cursor: Cursor,
    /// `None` until there is something in it: most queues are a cursor for as long as they live.
    own: Option<Box<Own<T>>>,
}

/// What is read next.
#[derive(Debug, PartialEq)]
pub(crate) enum Read<T> {
    /// What is to be told.
    Gap(Gap),
    /// So many entries were dropped; what follows stands behind the position.
    Missed(u64, Position),
    Entry(T),
}

impl<T: Clone> Queue<T> {
    /// Creates a queue of what is sent from now on.
    pub(crate) fn attach(log: &mut Log<T>, limit: Option<QueueLimit>) -> Self {
        Self {
            cursor: log.attach(bound_of(limit)),
            own: None,
        }
    }

    /// Creates a queue that starts with an entry of the past. What is replayed counts on top of the limit
    /// until it is read: the history has it anyway.
    pub(crate) fn attach_at(log: &mut Log<T>, number: u64, limit: Option<QueueLimit>) -> Self {
        let mut queue = Self {
            cursor: log.attach_at(number, replay_bound(log, limit)),
            own: None,
        };
        queue.replay_up_to(Position::broadcast(log.tail() - 1), log);
        queue
    }

    /// Not inlined: it is rarely needed, and in many places.
    #[inline(never)]
    fn own(&mut self) -> &mut Own<T> {
        self.own.get_or_insert_default()
    }

    /// Remembers what is read from now on, so that the queue can be [rewound](Self::rewind). What was for the listener alone
    /// before the position was in the lane of a former queue.
    pub(crate) fn remember(&mut self, since: Position) {
        let own = self.own();
        own.resumable = true;
        own.forgotten = since;
    }

    /// Returns up to where something for this listener alone may have been that is not here any more.
    pub(crate) fn forgotten(&self) -> Position {
        let own = self.own.as_ref();
        own.map_or(Position::broadcast(0), |own| own.forgotten)
    }

    /// Gives the cursor back. Adds what nobody reads any more to `unneeded`, for the caller to drop once it
    /// holds no borrow.
    pub(crate) fn detach(self, log: &mut Log<T>, unneeded: &mut Vec<T>) {
        log.detach(self.cursor, unneeded);
        if let Some(mut own) = self.own {
            while let Some(laned) = own.lane.pop_front() {
                unneeded.push(laned.entry);
            }
        }
    }

    /// Adds an entry for this listener alone. [`enforce`](Self::enforce) has to follow.
    pub(crate) fn dispatch(
        &mut self,
        log: &Log<T>,
        position: Position,
        bytes: u64,
        at: f64,
        entry: T,
        unneeded: &mut Vec<T>,
    ) {
        let own = self.own();
        own.lane_bytes += bytes;
        own.lane.push_back(Laned {
            position,
            bytes,
            at,
            entry,
        });
        self.forget(log, unneeded);
    }

    /// Returns whether the entry at a position is still to be read: it is once more when the queue was set back to before it.
    pub(crate) fn is_unread(&self, log: &Log<T>, position: Position) -> bool {
        let is_in_log = !position.is_dispatch() && position.sequence() >= log.place(&self.cursor);
        let is_in_lane = |own: &Own<T>| {
            let mut unread = own.lane.range(own.read..);
            unread.any(|laned| laned.position == position)
        };
        is_in_log || self.own.as_deref().is_some_and(is_in_lane)
    }

    /// Gives back the entry that was just taken: it is the oldest unread one again. When newer ones were dropped meanwhile, it
    /// counts as dropped with them. Adds what is not kept to `unneeded`, for the caller to drop once it holds no borrow.
    /// [`enforce`](Self::enforce) has to follow the next append.
    pub(crate) fn give_back(
        &mut self,
        log: &Log<T>,
        position: Position,
        bytes: u64,
        at: f64,
        entry: T,
        unneeded: &mut Vec<T>,
    ) {
        let lags = self.lags(log);
        let own = self.own();
        if lags {
            own.missed += 1;
            unneeded.push(entry);
            return;
        }
        own.lane_bytes += bytes;
        // What was dropped behind it, and told of by a gap that was given back, would stand before it: it is forgotten.
        while own.newest_read() > position {
            unneeded.extend(own.forget(own.read - 1));
        }
        if own.newest_read() == position {
            own.read -= 1;
            own.past_bytes -= bytes;
            unneeded.push(entry);
            return;
        }
        let laned = Laned {
            position,
            bytes,
            at,
            entry,
        };
        own.lane.insert(own.read, laned);
        self.forget(log, unneeded);
    }

    /// Takes the next broadcast, if it is wanted and there is nothing else to be looked at: mostly so.
    #[inline]
    pub(crate) fn take_broadcast(
        &mut self,
        log: &mut Log<T>,
        wanted: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        if self.own.is_some() || log.lags(&self.cursor) {
            return None;
        }
        log.take_if(&mut self.cursor, wanted)
    }

    /// Takes the oldest unread entry, or `None` when there is none. What was missed is told first. What
    /// nobody reads any more is added to `unneeded`, for the caller to drop once it holds no borrow.
    pub(crate) fn take(&mut self, log: &mut Log<T>, unneeded: &mut Vec<T>) -> Option<Read<T>> {
        if self.lags(log) {
            return Some(self.tell_missed(log));
        }
        let next = self.cursor.next();
        if let Some(own) = &mut self.own {
            if own
                .gaps
                .first()
                .is_some_and(|gap| own.is_behind(next, gap.to))
            {
                return Some(Read::Gap(own.gaps.remove(0)));
            }
            if own.front_is_before(next) {
                let entry = own.pop_front();
                self.end_replay(log);
                self.forget(log, unneeded);
                return entry.map(Read::Entry);
            }
        }
        let entry = log.take(&mut self.cursor);
        self.end_replay(log);
        entry.map(Read::Entry)
    }

    /// Returns what is to be told, in the order of where it ends: each when nothing is unread up to there.
    pub(crate) fn gaps(&mut self) -> &mut Vec<Gap> {
        &mut self.own().gaps
    }

    /// Returns the gap that is told first.
    pub(crate) fn first_gap(&self) -> Option<&Gap> {
        self.own.as_ref()?.gaps.first()
    }

    /// Returns whether there is a gap to be told.
    pub(crate) fn has_gaps(&self) -> bool {
        self.first_gap().is_some()
    }

    /// Notes up to where the reader had everything before something was taken.
    ///
    /// A mere cursor has read one broadcast after the other: then it was right before, and need not be noted.
    pub(crate) fn was_at(&mut self, position: Position) {
        if let Some(own) = &mut self.own {
            own.before_last = Some(position);
        }
    }

    /// Returns up to where the reader had everything before what was taken last. It is forgotten by that, as something is given back: what was
    /// taken before that was not noted.
    pub(crate) fn take_before_last(&mut self, last: Position) -> Position {
        let before = self.own.as_mut().and_then(|own| own.before_last.take());
        before.unwrap_or(last.broadcast_before())
    }

    /// Returns the oldest unread entry of the lane.
    fn front(&self) -> Option<&Laned<T>> {
        self.own.as_ref()?.front()
    }

    /// Returns whether the front of the lane was sent before a broadcast.
    fn front_is_before(&self, number: u64) -> bool {
        let own = self.own.as_ref();
        own.is_some_and(|own| own.front_is_before(number))
    }

    /// Returns whether entries wait that are for this listener alone.
    pub(crate) fn has_lane(&self) -> bool {
        self.unread_lane() > 0
    }

    fn unread_lane(&self) -> u64 {
        let own = self.own.as_ref();
        own.map_or(0, |own| (own.lane.len() - own.read) as u64)
    }

    /// Returns whether there is something to read, or to be told.
    #[cfg(feature = "npm")]
    pub(crate) fn has_more(&self, log: &Log<T>) -> bool {
        log.waiting(&self.cursor) > 0 || self.has_lane() || self.has_gaps() || self.lags(log)
    }

    /// Returns the cursor when broadcasts are all that is unread, and nothing is to be told: what other listeners at the same
    /// place read too, and may share.
    pub(crate) fn shared(&mut self, log: &Log<T>) -> Option<&mut Cursor> {
        let alike = !self.has_lane() && !self.has_gaps() && !self.lags(log);
        alike.then_some(&mut self.cursor)
    }
}
