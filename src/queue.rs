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
#[derive(Debug)]
pub(crate) struct Queue<T> {
    cursor: Cursor,
    lane: VecDeque<Laned<T>>,
    lane_bytes: u64,
    /// How many entries were ever dispatched to this listener; numbers the next one.
    dispatched: u64,
    /// How many entries were dropped here, beside those that the log knows of.
    missed: u64,
    /// The newest entry of the lane that was dropped since the reader was last told.
    dropped_to: Option<Position>,
    /// The broadcasts that are not for this listener, which it has still to pass.
    excepted: VecDeque<Excepted>,
    limit: Option<QueueLimit>,
    /// The first broadcast that is no replay: the older ones count on top of the limit. `None` once they
    /// have been read.
    replay_end: Option<u64>,
    /// What was read, for a listener that outlives its connections: the client may not have got it.
    past: Option<Past<T>>,
}

#[derive(Clone, Debug)]
struct Laned<T> {
    position: Position,
    bytes: u64,
    /// When it was sent, in milliseconds.
    at: f64,
    entry: T,
}

/// A broadcast that is not for a listener.
#[derive(Clone, Copy, Debug)]
struct Excepted {
    number: u64,
    bytes: u64,
}

/// What a queue remembers in order to be rewound.
#[derive(Debug)]
struct Past<T> {
    /// What the lane has given out, within the limit; within the history when there is no limit.
    lane: VecDeque<Laned<T>>,
    bytes: u64,
    /// The broadcasts that were passed over, as long as the log has them.
    excepted: VecDeque<Excepted>,
    /// The newest that is remembered no longer.
    forgotten: Position,
}

impl<T> Past<T> {
    fn push(&mut self, laned: Laned<T>) {
        self.bytes += laned.bytes;
        self.lane.push_back(laned);
    }

    /// Takes everything out. Says what the newest is that was forgotten before.
    fn all(&mut self) -> (VecDeque<Laned<T>>, VecDeque<Excepted>, Position) {
        self.bytes = 0;
        let excepted = std::mem::take(&mut self.excepted);
        (std::mem::take(&mut self.lane), excepted, self.forgotten)
    }
}

/// What is read next.
#[derive(Debug, PartialEq)]
pub(crate) enum Read<T> {
    /// So many entries were dropped; what follows stands behind the position.
    Missed(u64, Position),
    Entry(T),
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
        let end = log.tail();
        let mut queue = Self::of(log.attach_at(number, replay_bound(log, limit)), limit);
        queue.replay_end = Some(end);
        queue
    }

    fn of(cursor: Cursor, limit: Option<QueueLimit>) -> Self {
        Self {
            cursor,
            lane: VecDeque::new(),
            lane_bytes: 0,
            dispatched: 0,
            missed: 0,
            dropped_to: None,
            excepted: VecDeque::new(),
            limit,
            replay_end: None,
            past: None,
        }
    }

    /// Numbers dispatches behind those of a position that a former queue has given: an id that the reader has is not
    /// given again, and what gets a new one stands behind it.
    pub(crate) fn number_after(&mut self, position: Position) {
        self.dispatched = position.dispatch_number();
    }

    /// Remembers what is read from now on, so that the queue can be [rewound](Self::rewind).
    pub(crate) fn remember(&mut self) {
        self.past.get_or_insert_with(|| Past {
            lane: VecDeque::new(),
            bytes: 0,
            excepted: VecDeque::new(),
            forgotten: Position::broadcast(0),
        });
    }

    /// Goes back to what follows a position, as far as the history and the lane still have it. Returns how
    /// many are missing, `None` if that is not known.
    pub(crate) fn rewind(
        &mut self,
        log: &mut Log<T>,
        position: Position,
        unneeded: &mut Vec<T>,
    ) -> Option<u64> {
        let (wanted, place) = (position.sequence() + 1, log.place(&self.cursor));
        let next = wanted.max(log.history_start().min(place));
        let mut past = self.past.take();
        let (mut lane, mut excepted, forgotten) = match &mut past {
            Some(past) => past.all(),
            None => (VecDeque::new(), VecDeque::new(), Position::broadcast(0)),
        };
        lane.append(&mut self.lane);
        excepted.append(&mut self.excepted);
        let is_lost = |excepted: &&Excepted| (wanted..next).contains(&excepted.number);
        let mut missing = next - wanted - excepted.iter().filter(is_lost).count() as u64;
        let passed = excepted.partition_point(|excepted| excepted.number < next);
        self.excepted = excepted.split_off(passed);
        for laned in lane {
            let is_lost = missing > 0 && laned.position.sequence() + 1 < next;
            match &mut past {
                // A broadcast that was given back stands in the log again, or is counted as missing.
                _ if !laned.position.is_dispatch() => unneeded.push(laned.entry),
                Some(past) if laned.position <= position => past.push(laned),
                None if laned.position <= position => unneeded.push(laned.entry),
                // Remembered all the same: the next rewind has to count it again.
                Some(past) if is_lost => {
                    missing += 1;
                    past.push(laned);
                }
                None if is_lost => {
                    missing += 1;
                    unneeded.push(laned.entry);
                }
                _ => self.lane.push_back(laned),
            }
        }
        if let Some(past) = &mut past {
            past.excepted = excepted;
        }
        self.past = past;
        self.lane_bytes = self.lane.iter().map(|laned| laned.bytes).sum();
        (self.missed, self.dropped_to) = (0, None);
        self.replay_end = Some(place);
        let cursor = log.attach_at(next, replay_bound(log, self.limit));
        unneeded.extend(log.detach(std::mem::replace(&mut self.cursor, cursor)));
        (forgotten <= position).then_some(missing)
    }

    /// Gives the cursor back. Returns what nobody reads any more, for the caller to drop once it
    /// holds no borrow.
    #[must_use = "dropping the entries may run foreign code: do it outside of the borrow"]
    pub(crate) fn detach(self, log: &mut Log<T>) -> Vec<T> {
        let mut dropped = log.detach(self.cursor);
        dropped.extend(self.lane.into_iter().map(|laned| laned.entry));
        let past = self.past.into_iter().flat_map(|past| past.lane);
        dropped.extend(past.map(|laned| laned.entry));
        dropped
    }

    /// Returns the position that the next dispatch gets.
    pub(crate) fn next_dispatch(&self, log: &Log<T>) -> Position {
        Position::dispatch(log.tail() - 1, self.dispatched + 1)
    }

    /// Adds an entry for this listener alone. [`enforce`](Self::enforce) has to follow.
    pub(crate) fn dispatch(&mut self, position: Position, bytes: u64, at: f64, entry: T) {
        self.dispatched += 1;
        self.lane_bytes += bytes;
        self.lane.push_back(Laned {
            position,
            bytes,
            at,
            entry,
        });
    }

    /// Leaves out the broadcast of a weight that is appended next. It counts towards the limit until it is
    /// passed.
    pub(crate) fn except_next(&mut self, log: &Log<T>, bytes: u64) {
        let number = log.tail();
        if self.excepted.back().is_none_or(|last| last.number < number) {
            self.excepted.push_back(Excepted { number, bytes });
        }
    }

    /// Gives back the entry that was just taken: it is the oldest unread one again.
    /// [`enforce`](Self::enforce) has to follow the next append.
    pub(crate) fn give_back(&mut self, position: Position, bytes: u64, at: f64, entry: T) {
        if let Some(past) = &mut self.past {
            let is_last = |last: &Laned<T>| last.position == position;
            if past.lane.back().is_some_and(is_last) {
                past.lane.pop_back();
                past.bytes -= bytes;
            }
        }
        self.lane_bytes += bytes;
        self.lane.push_front(Laned {
            position,
            bytes,
            at,
            entry,
        });
    }

    /// Takes the oldest unread entry, or `None` when there is none. What was missed is told first. What
    /// nobody reads any more is added to `unneeded`, for the caller to drop once it holds no borrow.
    pub(crate) fn take(&mut self, log: &mut Log<T>, unneeded: &mut Vec<T>) -> Option<Read<T>> {
        if let Some(missed) = self.tell_missed(log) {
            return Some(missed);
        }
        if self.replay_end.is_some_and(|end| self.cursor.next() >= end) {
            self.replay_end = None;
            log.rebind(&mut self.cursor, bound_of(self.limit));
        }
        loop {
            if let Some(entry) = self.pop_lane(log, unneeded) {
                return Some(Read::Entry(entry));
            }
            let number = self.cursor.next();
            let entry = log.take(&mut self.cursor)?;
            if self
                .excepted
                .front()
                .is_none_or(|next| next.number > number)
            {
                return Some(Read::Entry(entry));
            }
            unneeded.push(entry);
            self.pass_excepted(log);
        }
    }

    /// Says how many entries were dropped since the last call, and moves behind them.
    fn tell_missed(&mut self, log: &Log<T>) -> Option<Read<T>> {
        let missed = self.untold(log);
        log.catch_up(&mut self.cursor);
        self.missed = 0;
        self.pass_excepted(log);
        let before = Position::broadcast(self.cursor.next() - 1);
        let to = self.dropped_to.take().map_or(before, |to| to.max(before));
        (missed > 0).then_some(Read::Missed(missed, to))
    }

    /// Returns how many entries were dropped that the reader was not told of yet.
    pub(crate) fn untold(&self, log: &Log<T>) -> u64 {
        let place = log.place(&self.cursor);
        let excepted = self.excepted.iter().filter(|next| next.number < place);
        self.missed + (place - self.cursor.next()) - excepted.count() as u64
    }

    /// As [`untold`](Self::untold), for the counters: who is disconnected drops nothing before.
    pub(crate) fn untold_overflow(&self, log: &Log<T>) -> u64 {
        match self.overflow() {
            Some(Overflow::DropOldest) => self.untold(log),
            _ => 0,
        }
    }

    /// Returns the position that everything unread stands behind.
    pub(crate) fn before(&self, log: &Log<T>) -> Position {
        let before = Position::broadcast(log.place(&self.cursor) - 1);
        match self.lane.front() {
            Some(front) if front.position.sequence() <= before.sequence() => {
                front.position.before()
            }
            _ => before,
        }
    }

    /// Forgets the excepted broadcasts that the cursor has passed; a queue that can be rewound remembers them.
    fn pass_excepted(&mut self, log: &Log<T>) {
        let next = self.cursor.next();
        let is_older = |excepted: &VecDeque<Excepted>, number| {
            let front = excepted.front();
            front.is_some_and(|front| front.number < number)
        };
        while is_older(&self.excepted, next) {
            let passed = self.excepted.pop_front();
            let Some(past) = &mut self.past else { continue };
            past.excepted.extend(passed);
            while is_older(&past.excepted, log.history_start()) {
                let old = past.excepted.pop_front();
                let old = old.map(|old| Position::broadcast(old.number));
                past.forgotten = past.forgotten.max(old.unwrap_or(past.forgotten));
            }
        }
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
        while !self.lane.is_empty() && self.is_over(log, 0, 0) {
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
        self.dropped_to = self.lane.front().map(|front| front.position);
        let front = self.pop_front(log, dropped);
        dropped.extend(front);
        self.missed += 1;
    }

    /// Takes the front of the lane, if it was sent before the broadcast that the cursor reads next.
    fn pop_lane(&mut self, log: &Log<T>, unneeded: &mut Vec<T>) -> Option<T> {
        match self.front_is_before(self.cursor.next()) {
            true => self.pop_front(log, unneeded),
            false => None,
        }
    }

    /// Returns whether the front of the lane was sent before a broadcast.
    fn front_is_before(&self, number: u64) -> bool {
        let front = self.lane.front();
        front.is_some_and(|front| front.position.sequence() < number)
    }

    fn pop_front(&mut self, log: &Log<T>, unneeded: &mut Vec<T>) -> Option<T> {
        let laned = self.lane.pop_front()?;
        self.lane_bytes -= laned.bytes;
        if let Some(past) = &mut self.past
            && laned.position.is_dispatch()
        {
            let history = log.history();
            let (messages, bytes) = match self.limit {
                Some(limit) => (limit.messages, limit.bytes),
                None => (history.messages, history.bytes),
            };
            past.push(laned.clone());
            while past.lane.len() as u64 > messages || past.bytes > bytes {
                let Some(old) = past.lane.pop_front() else {
                    break;
                };
                past.bytes -= old.bytes;
                past.forgotten = past.forgotten.max(old.position);
                unneeded.push(old.entry);
            }
        }
        Some(laned.entry)
    }

    /// Returns whether the limit is passed once `entries` of `bytes` have come. What is being replayed does
    /// not count.
    pub(crate) fn is_over(&self, log: &Log<T>, entries: u64, bytes: u64) -> bool {
        let Some(limit) = self.limit else {
            return false;
        };
        let live = log.place(&self.cursor).max(self.replay_end.unwrap_or(0));
        let waiting = self.lane.len() as u64 + (log.tail() - live) + entries;
        let waiting_bytes = self.lane_bytes + log.bytes_from(live) + bytes;
        waiting > limit.messages || (waiting_bytes > limit.bytes && waiting > 1)
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
        !self.lane.is_empty()
    }

    /// Returns how many entries are unread.
    pub(crate) fn len(&self, log: &Log<T>) -> u64 {
        let excepted = self.unread_excepted(log).count() as u64;
        self.lane.len() as u64 + log.waiting(&self.cursor) - excepted
    }

    /// Returns since when something is unread, in milliseconds.
    pub(crate) fn waiting_since(&self, log: &Log<T>) -> Option<f64> {
        let dispatched = self.lane.front().map(|front| front.at);
        let broadcast = log.appended_at(log.place(&self.cursor));
        match (dispatched, broadcast) {
            (Some(dispatched), Some(broadcast)) => Some(dispatched.min(broadcast)),
            (dispatched, broadcast) => dispatched.or(broadcast),
        }
    }

    /// Returns how many bytes are unread.
    pub(crate) fn bytes(&self, log: &Log<T>) -> u64 {
        let excepted: u64 = self.unread_excepted(log).map(|next| next.bytes).sum();
        self.lane_bytes + log.bytes_from(log.place(&self.cursor)) - excepted
    }

    fn unread_excepted(&self, log: &Log<T>) -> impl Iterator<Item = &Excepted> {
        let place = log.place(&self.cursor);
        self.excepted
            .iter()
            .filter(move |next| next.number >= place)
    }

    /// Returns how many broadcasts are still to be passed, the excepted ones included.
    pub(crate) fn lag(&self, log: &Log<T>) -> u64 {
        log.waiting(&self.cursor)
    }

    /// Returns the cursor when broadcasts are all that is unread: what other listeners at the same
    /// place read too, and may share.
    pub(crate) fn shared(&mut self, log: &Log<T>) -> Option<&mut Cursor> {
        let alike = self.lane.is_empty() && self.excepted.is_empty() && !self.lags(log);
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
        list: VecDeque<Option<usize>>,
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

        /// `None` stands for a broadcast that is not for this listener.
        fn send(&mut self, number: Option<usize>) {
            self.list.push_back(number);
            if self.list.len() > self.limit {
                self.missed += u64::from(self.list.pop_front().flatten().is_some());
            }
        }

        fn take(&mut self) -> Option<Result<usize, u64>> {
            match std::mem::take(&mut self.missed) {
                0 => std::iter::from_fn(|| self.list.pop_front())
                    .flatten()
                    .next()
                    .map(Ok),
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
            let mut log = Log::new(History::NONE);
            let mut models: Vec<_> = (0..3).map(|_| Model::new(&mut log, limit)).collect();
            for (number, (action, at)) in actions.into_iter().enumerate() {
                match action {
                    0 | 1 => {
                        let except = (action == 1).then_some(at);
                        if let Some(at) = except {
                            models[at].queue.except_next(&log, 1);
                        }
                        drop(log.append(number, 1, 0.0));
                        for (index, model) in models.iter_mut().enumerate() {
                            model.send((except != Some(index)).then_some(number));
                            drop(model.queue.enforce(&mut log));
                        }
                    }
                    2 => {
                        let model = &mut models[at];
                        let position = model.queue.next_dispatch(&log);
                        model.queue.dispatch(position, 1, 0.0, number);
                        drop(model.queue.enforce(&mut log));
                        model.send(Some(number));
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
                    let unread = model.list.iter().flatten().count();
                    prop_assert_eq!(model.queue.len(&log), unread as u64);
                }
            }
        }
    }
}
