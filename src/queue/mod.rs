//! One listener's queue: its unread messages, in the order in which they were sent.
//!
//! ## Reading is a merge
//!
//! A queue merges three sorted sequences: gaps, the inbox and the channel's log. Broadcasts are in
//! the log, for all listeners. Dispatches are in the inbox, for this one alone.
//!
//! ```text
//!   gaps     ........[expired ..40].................................[overflow x12 ..63]......
//!   inbox    ..(read)(read)|.....................[41.7][41.8]................................
//!   log      ......................[41]........................[42][43]..            [64][65]
//!                                  ^ cursor
//!
//!   next = the least of: a gap whose end no unread entry precedes, the inbox's first unread entry,
//!          the broadcast at the cursor
//!   last = the position handed over last: the client has everything up to it, or a gap for what
//!          is missing
//! ```
//!
//! A dispatch remembers the newest broadcast at the moment it was sent. It is read after that
//! broadcast and before the next one, and dispatches are read first in, first out. So a listener
//! reads everything in exactly the order in which it was sent, and a broadcast needs no entry per
//! listener.
//!
//! ## A mere cursor
//!
//! Most queues are a cursor for as long as they live. Everything else is in a box, which is made
//! when it is needed and dropped when the cursor says as much: [`settle`](Queue::settle) follows
//! each read.
//!
//! ## Resuming
//!
//! [`plan`] decides where a client that brings a last event ID goes on, and which gaps it receives.
//! [`resume`](Queue::resume) carries that out, for a new listener and for one that is at its
//! channel.
//!
//! ## Limit
//!
//! A queue holds no more than its limit, log and inbox together. The log keeps its part of the
//! limit by itself, for all cursors at once. [`enforce`](Queue::enforce) keeps what the inbox adds:
//! it follows every append while the inbox has unread entries. It is always the oldest entry that
//! is dropped, so missed entries are older than all unread ones.
//!
//! ## Dropping
//!
//! The drop of a message may run any code of the channel's user. A queue and its log are borrowed
//! while they change, so they drop no entry: they add it to the caller's `unneeded`, which the
//! caller drops after the borrow. An empty vector allocates nothing.

mod bounds;
mod counts;
pub(crate) mod gaps;
mod give_back;
pub(crate) mod inbox;
mod overflow;
mod plan;
mod progress;
mod replay;
#[cfg(test)]
mod tests;

use crate::log::{Cursor, Log};
use crate::model::gap::Gap;
use crate::model::limit::QueueLimit;
use crate::model::position::Position;
use crate::queue::bounds::bound_of;
use crate::queue::gaps::Gaps;
use crate::queue::inbox::{Entry, Extras};
use crate::queue::progress::Progress;

/// One listener's unread entries, in the order in which they were sent.
///
/// The log keeps its limit, with the class of its cursor.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    cursor: Cursor,
    /// `None` for a mere cursor. Most queues are never more.
    extras: Option<Box<Extras<T>>>,
}

/// The next item for a listener: of its queue, its channel or its stream.
#[derive(Debug, PartialEq)]
pub(crate) enum Next<T> {
    Message(T),
    /// Messages are missing before the next one.
    Gap(Gap),
    /// The channel was closed, and everything sent before was read.
    Closed,
    /// The listener has left, or its stream has ended.
    Ended,
    /// Everything was read.
    Pending,
}

impl<T: Entry> Queue<T> {
    /// Creates a queue that reads what is sent from now on.
    pub(crate) fn attach(log: &mut Log<T>, limit: Option<QueueLimit>) -> Self {
        Self {
            cursor: log.attach(bound_of(limit)),
            extras: None,
        }
    }

    /// Not inlined: it is needed rarely, and at many places.
    #[inline(never)]
    fn extras(&mut self) -> &mut Extras<T> {
        let last = Position::broadcast(self.cursor.next() - 1);
        self.extras
            .get_or_insert_with(|| Box::new(Extras::at(last)))
    }

    /// Remembers dispatches after they are read, so that a client can [resume](Self::resume).
    /// Dispatches up to the position were in the inbox of a former queue.
    pub(crate) fn remember(&mut self, since: Position) {
        let extras = self.extras();
        extras.resumable = true;
        extras.progress = Progress::at(since);
        extras.progress.lose(since);
    }

    /// Returns the position handed over last. The client has everything up to it, or a gap for what
    /// is missing.
    pub(crate) fn last(&self) -> Position {
        match &self.extras {
            Some(extras) => extras.progress.last(),
            None => Position::broadcast(self.cursor.next() - 1),
        }
    }

    /// Records that the message or gap that was taken was handed over, or is not for the listener.
    pub(crate) fn advance(&mut self, position: Position) {
        if let Some(extras) = &mut self.extras {
            extras.progress.advance(position);
            self.settle();
        }
    }

    /// Moves behind `count` broadcasts that were handed over from the [shared](Self::shared)
    /// cursor.
    pub(crate) fn pass(&mut self, log: &mut Log<T>, count: u64, unneeded: &mut Vec<T>) {
        log.skip(&mut self.cursor, count, unneeded);
        self.end_replay(log);
        self.advance(Position::broadcast(self.cursor.next() - 1));
    }

    /// Gives the cursor back.
    pub(crate) fn detach(self, log: &mut Log<T>, unneeded: &mut Vec<T>) {
        log.detach(self.cursor, unneeded);
        if let Some(mut extras) = self.extras {
            while let Some(entry) = extras.inbox.pop_front() {
                unneeded.push(entry);
            }
        }
    }

    /// Adds an entry for this listener alone. [`enforce`](Self::enforce) follows.
    pub(crate) fn dispatch(&mut self, log: &Log<T>, entry: T, unneeded: &mut Vec<T>) {
        let extras = self.extras();
        extras.unread_bytes += entry.bytes();
        extras.inbox.push_back(entry);
        self.forget(log, unneeded);
    }

    /// Takes the next broadcast, if it is wanted and nothing else has to be checked: the usual
    /// case.
    #[inline]
    pub(crate) fn take_broadcast(
        &mut self,
        log: &mut Log<T>,
        wanted: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        if self.extras.is_some() || log.lags(&self.cursor) {
            return None;
        }
        log.take_if(&mut self.cursor, wanted)
    }

    /// Takes the oldest unread entry, or the gap before it. A queue that [lags](Self::lags) must
    /// [report](Self::report_missed) that first.
    pub(crate) fn take(&mut self, log: &mut Log<T>, unneeded: &mut Vec<T>) -> Next<T> {
        debug_assert!(!self.lags(log), "dropped entries are reported first");
        let next = self.cursor.next();
        if let Some(extras) = &mut self.extras {
            let first = extras.gaps.first();
            if first.is_some_and(|gap| extras.is_behind(next, gap.to)) {
                return Next::Gap(extras.gaps.take_first());
            }
            if extras.front_is_before(next) {
                let entry = extras.pop_front();
                self.end_replay(log);
                self.forget(log, unneeded);
                return entry.map_or(Next::Pending, Next::Message);
            }
        }
        let entry = log.take(&mut self.cursor);
        self.end_replay(log);
        match entry {
            Some(entry) => Next::Message(entry),
            None => {
                self.settle();
                Next::Pending
            }
        }
    }

    /// Returns the gaps that the reader has yet to receive.
    pub(crate) fn gaps(&mut self) -> &mut Gaps {
        &mut self.extras().gaps
    }

    /// Returns the first gap that the reader has yet to receive.
    pub(crate) fn first_gap(&self) -> Option<&Gap> {
        self.extras.as_ref()?.gaps.first()
    }

    /// Returns whether the reader has yet to receive a gap.
    pub(crate) fn has_gaps(&self) -> bool {
        self.first_gap().is_some()
    }

    /// Returns the oldest unread entry of the inbox.
    fn front(&self) -> Option<&T> {
        self.extras.as_ref()?.front()
    }

    /// Returns whether the front of the inbox was sent before a broadcast.
    fn front_is_before(&self, number: u64) -> bool {
        let extras = self.extras.as_ref();
        extras.is_some_and(|extras| extras.front_is_before(number))
    }

    /// Returns whether the inbox has unread entries.
    pub(crate) fn has_unread_dispatches(&self) -> bool {
        self.unread_dispatches() > 0
    }

    fn unread_dispatches(&self) -> u64 {
        let extras = self.extras.as_ref();
        extras.map_or(0, |extras| (extras.inbox.len() - extras.read) as u64)
    }

    /// Returns whether the reader has yet to receive an entry or a gap.
    #[cfg(feature = "npm")]
    pub(crate) fn has_more(&self, log: &Log<T>) -> bool {
        log.waiting(&self.cursor) > 0
            || self.has_unread_dispatches()
            || self.has_gaps()
            || self.lags(log)
    }

    /// Returns the cursor if all unread entries are broadcasts, without a gap. Other listeners at
    /// the same position read the same, and may share a chunk.
    pub(crate) fn shared(&mut self, log: &Log<T>) -> Option<&mut Cursor> {
        let alike = !self.has_unread_dispatches() && !self.has_gaps() && !self.lags(log);
        alike.then_some(&mut self.cursor)
    }
}
