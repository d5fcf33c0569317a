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

use std::collections::VecDeque;

use crate::limit::{Overflow, QueueLimit};
use crate::log::{Bound, Cursor, Log};
use crate::position::Position;

/// One listener's unread entries, in the order in which they were sent.
///
/// # Invariants
///
/// - The first `read` entries of the lane were read, `past_bytes` in all; the others were not, `lane_bytes` in all.
/// - Only a resumable queue has entries that were read.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    cursor: Cursor,
    /// What was dispatched, and broadcasts that were given back.
    lane: VecDeque<Laned<T>>,
    read: usize,
    lane_bytes: u64,
    past_bytes: u64,
    /// How many entries were dropped here, beside those that the log knows of.
    missed: u64,
    limit: Option<QueueLimit>,
    /// `None` once what is replayed has been read.
    replay: Option<Replay>,
    /// Whether what was read is remembered: its listener outlives its connections, and the client may not have got it.
    resumable: bool,
    /// Up to where something for this listener alone may have been that is not here any more.
    forgotten: Position,
}

/// What is read for the first time or once more, though it was sent before: it counts on top of the limit.
#[derive(Debug)]
struct Replay {
    /// Where it ends.
    end: Position,
    messages: u64,
    bytes: u64,
}

#[derive(Clone, Debug)]
struct Laned<T> {
    position: Position,
    bytes: u64,
    /// When it was sent, in milliseconds.
    at: f64,
    entry: T,
}

/// What is read next.
#[derive(Debug, PartialEq)]
pub(crate) enum Read<T> {
    /// So many entries were dropped; what follows stands behind the position.
    Missed(u64, Position),
    Entry(T),
}

/// What is missing behind a position that a queue was set back to.
#[derive(Debug, PartialEq)]
pub(crate) struct Missing {
    /// How many entries before what comes next.
    pub(crate) expired: u64,
    /// How many entries of the lane that the reader says it has, and was never given.
    pub(crate) skipped: u64,
}

impl<T: Clone> Queue<T> {
    /// Creates a queue of what is sent from now on.
    pub(crate) fn attach(log: &mut Log<T>, limit: Option<QueueLimit>) -> Self {
        let cursor = log.attach(bound_of(limit));
        Self::of(cursor, limit)
    }

    /// Creates a queue that starts with an entry of the past. What is replayed counts on top of the limit
    /// until it is read: the history has it anyway.
    pub(crate) fn attach_at(log: &mut Log<T>, number: u64, limit: Option<QueueLimit>) -> Self {
        let mut queue = Self::of(log.attach_at(number, replay_bound(log, limit)), limit);
        queue.replay_up_to(Position::broadcast(log.tail() - 1), log);
        queue
    }

    fn of(cursor: Cursor, limit: Option<QueueLimit>) -> Self {
        Self {
            cursor,
            lane: VecDeque::new(),
            read: 0,
            lane_bytes: 0,
            past_bytes: 0,
            missed: 0,
            limit,
            replay: None,
            resumable: false,
            forgotten: Position::broadcast(0),
        }
    }

    /// Remembers what is read from now on, so that the queue can be [rewound](Self::rewind). What was for the listener alone
    /// before the position was in the lane of a former queue.
    pub(crate) fn remember(&mut self, since: Position) {
        self.resumable = true;
        self.forgotten = since;
    }

    /// Returns up to where something for this listener alone may have been that is not here any more.
    pub(crate) fn forgotten(&self) -> Position {
        self.forgotten
    }

    /// Goes back to what follows a position, as far as the history and the lane still have it; `given` is up to where the reader
    /// was given everything at any time. Returns what is missing. [`enforce`](Self::enforce) has to follow the next append.
    pub(crate) fn rewind(
        &mut self,
        log: &mut Log<T>,
        position: Position,
        given: Position,
        unneeded: &mut Vec<T>,
    ) -> Missing {
        let (wanted, place) = (position.sequence() + 1, log.place(&self.cursor));
        let end = match &self.replay {
            Some(replay) => replay.end,
            None => self.newest_read().max(Position::broadcast(place - 1)),
        };
        let next = wanted.max(log.history_start().min(place));
        let mut at = self.read;
        while let Some(laned) = self.lane.get(at) {
            if laned.position.is_dispatch() {
                at += 1;
                continue;
            }
            // A broadcast that was given back stands in the log again, or is counted as missing.
            self.lane_bytes -= laned.bytes;
            unneeded.extend(self.lane.remove(at).map(|laned| laned.entry));
        }
        let bytes = self.past_bytes + self.lane_bytes;
        let (mut read, mut past_bytes) = (0, 0);
        let (mut expired, mut skipped) = (next - wanted, 0);
        while let Some(laned) = self.lane.get(read) {
            let is_had = laned.position <= position;
            // Remembered all the same: the next rewind has to count it again.
            let is_lost = next > wanted && laned.position.sequence() + 1 < next;
            if !is_had && !is_lost {
                break;
            }
            expired += u64::from(!is_had);
            skipped += u64::from(is_had && read >= self.read && laned.position > given);
            read += 1;
            past_bytes += laned.bytes;
        }
        self.read = read;
        self.past_bytes = past_bytes;
        self.lane_bytes = bytes - past_bytes;
        self.missed = 0;
        let cursor = log.attach_at(next, replay_bound(log, self.limit));
        unneeded.extend(log.detach(std::mem::replace(&mut self.cursor, cursor)));
        self.replay_up_to(end, log);
        self.forget(log, unneeded);
        Missing { expired, skipped }
    }

    /// Returns the position of the newest entry of the lane that was read and is remembered.
    fn newest_read(&self) -> Position {
        let last = self.read.checked_sub(1).map(|last| &self.lane[last]);
        last.map_or(Position::broadcast(0), |last| last.position)
    }

    /// Lets what is unread up to a position count on top of the limit, until it is read.
    fn replay_up_to(&mut self, end: Position, log: &Log<T>) {
        let (place, behind) = (log.place(&self.cursor), end.sequence() + 1);
        let (mut messages, mut bytes) = (0, 0);
        if place < behind {
            messages = behind - place;
            bytes = log.bytes_from(place) - log.bytes_from(behind);
        }
        let mut at = self.read;
        while let Some(laned) = self.lane.get(at).filter(|laned| laned.position <= end) {
            messages += 1;
            bytes += laned.bytes;
            at += 1;
        }
        self.replay = Some(Replay {
            end,
            messages,
            bytes,
        });
    }

    /// Gives the cursor back. Returns what nobody reads any more, for the caller to drop once it
    /// holds no borrow.
    #[must_use = "dropping the entries may run foreign code: do it outside of the borrow"]
    pub(crate) fn detach(self, log: &mut Log<T>) -> Vec<T> {
        let mut dropped = log.detach(self.cursor);
        dropped.extend(self.lane.into_iter().map(|laned| laned.entry));
        dropped
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
        self.lane_bytes += bytes;
        self.lane.push_back(Laned {
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
        let mut unread = self.read..self.lane.len();
        is_in_log || unread.any(|at| self.lane[at].position == position)
    }

    /// Gives back the entry that was just taken: it is the oldest unread one again. Returns it when newer ones were dropped
    /// meanwhile, and it counts as dropped with them.
    /// [`enforce`](Self::enforce) has to follow the next append.
    #[must_use = "dropping the entry may run foreign code: do it outside of the borrow"]
    pub(crate) fn give_back(
        &mut self,
        log: &Log<T>,
        position: Position,
        bytes: u64,
        at: f64,
        entry: T,
    ) -> Option<T> {
        if self.lags(log) {
            self.missed += 1;
            return Some(entry);
        }
        self.lane_bytes += bytes;
        let last = self.read.checked_sub(1);
        let is_it = |last: &usize| self.lane[*last].position == position;
        if let Some(last) = last.filter(is_it) {
            self.read = last;
            self.past_bytes -= bytes;
            return Some(entry);
        }
        let laned = Laned {
            position,
            bytes,
            at,
            entry,
        };
        self.lane.insert(self.read, laned);
        None
    }

    /// Takes the oldest unread entry, or `None` when there is none. What was missed is told first. What
    /// nobody reads any more is added to `unneeded`, for the caller to drop once it holds no borrow.
    pub(crate) fn take(&mut self, log: &mut Log<T>, unneeded: &mut Vec<T>) -> Option<Read<T>> {
        if let Some(missed) = self.tell_missed(log) {
            return Some(missed);
        }
        if let Some(Replay { end, .. }) = self.replay
            && self.is_behind(end)
        {
            self.replay = None;
            log.rebind(&mut self.cursor, bound_of(self.limit));
        }
        let entry = match self.front_is_before(self.cursor.next()) {
            true => self.pop_front(log, unneeded),
            false => log.take(&mut self.cursor),
        };
        entry.map(Read::Entry)
    }

    /// Returns whether nothing up to a position is unread. Not so when the reader is to be told first that something was dropped.
    pub(crate) fn is_past(&self, log: &Log<T>, end: Position) -> bool {
        !self.lags(log) && self.is_behind(end)
    }

    /// Returns whether nothing up to a position is unread. The cursor has caught up.
    fn is_behind(&self, end: Position) -> bool {
        let front = self.front();
        self.cursor.next() > end.sequence() && front.is_none_or(|front| front.position > end)
    }

    /// Says how many entries were dropped since the last call, and moves behind them.
    fn tell_missed(&mut self, log: &Log<T>) -> Option<Read<T>> {
        let missed = self.untold(log);
        log.catch_up(&mut self.cursor);
        self.missed = 0;
        (missed > 0).then(|| Read::Missed(missed, self.before(log)))
    }

    /// Returns how many entries were dropped that the reader was not told of yet.
    pub(crate) fn untold(&self, log: &Log<T>) -> u64 {
        self.missed + log.place(&self.cursor) - self.cursor.next()
    }

    /// As [`untold`](Self::untold), for the counters: who is disconnected drops nothing before.
    pub(crate) fn untold_overflow(&self, log: &Log<T>) -> u64 {
        match self.overflow() {
            Some(Overflow::DropOldest) => self.untold(log),
            _ => 0,
        }
    }

    /// Returns the newest position given to a reader that everything unread stands behind.
    pub(crate) fn before(&self, log: &Log<T>) -> Position {
        let broadcast = Position::broadcast(log.place(&self.cursor));
        let front = self.front().map(|front| front.position);
        let next = front.map_or(broadcast, |front| front.min(broadcast));
        // What was dispatched before the next one was read or dropped, and is remembered or forgotten.
        let mut before = next.broadcast_before();
        for own in [self.newest_read(), self.forgotten] {
            if own > before && own < next {
                before = own;
            }
        }
        before
    }

    /// Drops the oldest entries while there are more than the limit allows. Returns them, for the caller to
    /// drop once it holds no borrow.
    pub(crate) fn enforce(&mut self, log: &mut Log<T>) -> Vec<T> {
        let mut dropped = Vec::new();
        // What the log has let go may be newer than the front of the lane, which then is dropped too.
        let place = log.place(&self.cursor);
        while log.lags(&self.cursor) && self.front_is_before(place - 1) {
            self.drop_front(log, &mut dropped);
        }
        while self.has_lane() && self.is_over(log, 0, 0) {
            if self.front_is_before(log.place(&self.cursor)) {
                self.drop_front(log, &mut dropped);
            } else {
                self.missed += log.catch_up(&mut self.cursor) + 1;
                dropped.extend(log.skip(&mut self.cursor, 1));
            }
        }
        dropped
    }

    fn drop_front(&mut self, log: &Log<T>, dropped: &mut Vec<T>) {
        let front = self.pop_front(log, dropped);
        dropped.extend(front);
        self.missed += 1;
    }

    /// Returns the oldest unread entry of the lane.
    fn front(&self) -> Option<&Laned<T>> {
        self.lane.get(self.read)
    }

    /// Returns whether the front of the lane was sent before a broadcast.
    fn front_is_before(&self, number: u64) -> bool {
        let front = self.front();
        front.is_some_and(|front| front.position.sequence() < number)
    }

    fn pop_front(&mut self, log: &Log<T>, unneeded: &mut Vec<T>) -> Option<T> {
        let laned = self.front()?;
        let (position, bytes) = (laned.position, laned.bytes);
        let kept = self.resumable && position.is_dispatch();
        let kept = kept.then(|| laned.entry.clone());
        self.lane_bytes -= bytes;
        let Some(entry) = kept else {
            if position.is_dispatch() {
                self.forgotten = self.forgotten.max(position);
            }
            return self.lane.remove(self.read).map(|laned| laned.entry);
        };
        self.read += 1;
        self.past_bytes += bytes;
        self.forget(log, unneeded);
        Some(entry)
    }

    /// Forgets the oldest that was read while the lane is over the limit, or over what is remembered at most; without a limit,
    /// over the history's bounds.
    fn forget(&mut self, log: &Log<T>, unneeded: &mut Vec<T>) {
        let (messages, bytes) = match self.limit {
            Some(limit) => (limit.messages, limit.bytes),
            None => (log.history().messages, log.history().bytes),
        };
        let messages = messages.min(QueueLimit::NETWORK.messages);
        let bytes = bytes.min(QueueLimit::NETWORK.bytes);
        while self.read > 0
            && (self.lane.len() as u64 > messages || self.past_bytes + self.lane_bytes > bytes)
        {
            let Some(old) = self.lane.pop_front() else {
                break;
            };
            self.read -= 1;
            self.past_bytes -= old.bytes;
            self.forgotten = self.forgotten.max(old.position);
            unneeded.push(old.entry);
        }
    }

    /// Returns whether the limit is passed once `entries` of `bytes` have come. What is replayed counts on top of it.
    pub(crate) fn is_over(&self, log: &Log<T>, entries: u64, bytes: u64) -> bool {
        let Some(limit) = self.limit else {
            return false;
        };
        let replay = self.replay.as_ref();
        let (more, more_bytes) = replay.map_or((0, 0), |replay| (replay.messages, replay.bytes));
        let (waiting, waiting_bytes) = (self.len(log) + entries, self.bytes(log) + bytes);
        waiting > limit.messages.saturating_add(more)
            || (waiting_bytes > limit.bytes.saturating_add(more_bytes) && waiting > 1)
    }

    /// Returns whether something was dropped that the reader was not told of yet.
    pub(crate) fn lags(&self, log: &Log<T>) -> bool {
        self.missed > 0 || log.lags(&self.cursor)
    }

    pub(crate) fn overflow(&self) -> Option<Overflow> {
        self.limit.map(|limit| limit.overflow)
    }

    /// Returns whether entries wait that are for this listener alone.
    pub(crate) fn has_lane(&self) -> bool {
        self.unread_lane() > 0
    }

    fn unread_lane(&self) -> u64 {
        (self.lane.len() - self.read) as u64
    }

    /// Returns how many entries are unread.
    pub(crate) fn len(&self, log: &Log<T>) -> u64 {
        self.unread_lane() + log.waiting(&self.cursor)
    }

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
        self.lane_bytes + log.bytes_from(log.place(&self.cursor))
    }

    /// Returns how many bytes were read and are remembered.
    pub(crate) fn remembered(&self) -> u64 {
        self.past_bytes
    }

    /// Returns how many broadcasts are unread.
    pub(crate) fn lag(&self, log: &Log<T>) -> u64 {
        log.waiting(&self.cursor)
    }

    /// Returns the cursor when broadcasts are all that is unread: what other listeners at the same
    /// place read too, and may share.
    pub(crate) fn shared(&mut self, log: &Log<T>) -> Option<&mut Cursor> {
        let alike = !self.has_lane() && !self.lags(log);
        alike.then_some(&mut self.cursor)
    }
}

fn bound_of(limit: Option<QueueLimit>) -> Bound {
    match limit {
        Some(limit) if limit.overflow != Overflow::Refuse => Bound {
            entries: limit.messages,
            bytes: limit.bytes,
            told: limit.overflow == Overflow::Disconnect,
        },
        // What a refusing listener has no room for is not appended.
        _ => Bound::NONE,
    }
}

fn replay_bound<T>(log: &Log<T>, limit: Option<QueueLimit>) -> Bound {
    let (bound, history) = (bound_of(limit), log.history());
    Bound {
        entries: bound.entries.saturating_add(history.messages),
        bytes: bound.bytes.saturating_add(history.bytes),
        ..bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::History;
    use proptest::prelude::*;

    /// The plain model: one list per listener, to which every send appends.
    struct Model {
        queue: Queue<usize>,
        list: VecDeque<usize>,
        missed: u64,
        limit: usize,
    }

    impl Model {
        fn new(log: &mut Log<usize>, limit: usize) -> Self {
            let queue = Queue::attach(
                log,
                Some(QueueLimit {
                    messages: limit as u64,
                    bytes: u64::MAX,
                    overflow: Overflow::DropOldest,
                }),
            );
            let list = VecDeque::new();
            Self {
                queue,
                list,
                missed: 0,
                limit,
            }
        }

        fn send(&mut self, number: usize) {
            self.list.push_back(number);
            if self.list.len() > self.limit {
                self.list.pop_front();
                self.missed += 1;
            }
        }

        fn take(&mut self) -> Option<Result<usize, u64>> {
            match std::mem::take(&mut self.missed) {
                0 => self.list.pop_front().map(Ok),
                missed => Some(Err(missed)),
            }
        }
    }

    proptest! {
        #[test]
        fn broadcasts_and_dispatches_are_read_as_sent(
            limit in prop_oneof![Just(usize::MAX), 1usize..8],
            actions in prop::collection::vec((0usize..5, 0usize..3), 0..200),
        ) {
            let mut log = Log::new(History::NONE, 1);
            let mut models: Vec<_> = (0..3).map(|_| Model::new(&mut log, limit)).collect();
            for (number, (action, at)) in actions.into_iter().enumerate() {
                match action {
                    0 | 1 => {
                        drop(log.append(number, 1, 0.0));
                        for model in &mut models {
                            model.send(number);
                            drop(model.queue.enforce(&mut log));
                        }
                    }
                    2 => {
                        let model = &mut models[at];
                        let position = Position::dispatch(log.tail() - 1, number as u64 + 1);
                        model.queue.dispatch(&log, position, 1, 0.0, number, &mut Vec::new());
                        drop(model.queue.enforce(&mut log));
                        model.send(number);
                    }
                    3 => {
                        let model = &mut models[at];
                        let expected = model.take();
                        let read = model.queue.take(&mut log, &mut Vec::new());
                        let read = read.map(|read| match read {
                            Read::Entry(number) => Ok(number),
                            Read::Missed(missed, _) => Err(missed),
                        });
                        prop_assert_eq!(read, expected);
                    }
                    _ => {
                        let new = Model::new(&mut log, limit);
                        let old = std::mem::replace(&mut models[at], new);
                        drop(old.queue.detach(&mut log));
                    }
                }
                for model in &models {
                    prop_assert_eq!(model.queue.len(&log), model.list.len() as u64);
                }
            }
        }
    }
}
