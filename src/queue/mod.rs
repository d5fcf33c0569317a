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

use std::collections::VecDeque;

use crate::log::{Bound, Cursor, Log};
use crate::model::gap::Gap;
use crate::model::limit::{Overflow, QueueLimit};
use crate::model::position::Position;

/// One listener's unread entries, in the order in which they were sent.
///
/// Its limit stands in the log, with the class of its cursor.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    cursor: Cursor,
    /// `None` until there is something in it: most queues are a cursor for as long as they live.
    own: Option<Box<Own<T>>>,
}

/// What a queue has beside its cursor.
///
/// # Invariants
///
/// - The first `read` entries of the lane were read, `past_bytes` in all; the others were not, `lane_bytes` in all.
/// - Only a resumable queue has entries that were read.
#[derive(Debug)]
struct Own<T> {
    /// What was dispatched, and broadcasts that were given back.
    lane: VecDeque<Laned<T>>,
    read: usize,
    lane_bytes: u64,
    past_bytes: u64,
    /// How many entries were dropped here, beside those that the log knows of.
    missed: u64,
    /// `None` once what is replayed has been read.
    replay: Option<Replay>,
    /// Whether what was read is remembered: its listener outlives its connections, and the client may not have got it.
    resumable: bool,
    /// Up to where something for this listener alone may have been that is not here any more.
    forgotten: Position,
    /// What is to be told.
    gaps: Vec<Gap>,
    /// Up to where the reader had everything before something was taken. Right before that, unless it stands here.
    before_last: Option<Position>,
    /// The newest up to which the reader had everything when it was set back.
    given: Option<Position>,
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
    /// What is to be told.
    Gap(Gap),
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

    /// Goes back to what follows a position, as far as the history and the lane still have it; `last` is up to where the reader
    /// was given everything. Returns what is missing, and forgets what was to be told. [`enforce`](Self::enforce) has to follow the next append.
    pub(crate) fn rewind(
        &mut self,
        log: &mut Log<T>,
        position: Position,
        last: Position,
        unneeded: &mut Vec<T>,
    ) -> Missing {
        let (wanted, place) = (position.sequence() + 1, log.place(&self.cursor));
        let own = self.own();
        own.gaps.clear();
        let given = own.given.map_or(last, |given| given.max(last));
        own.given = Some(given);
        own.before_last = None;
        let end = match &own.replay {
            Some(replay) => replay.end,
            None => own.newest_read().max(Position::broadcast(place - 1)),
        };
        let next = wanted.max(log.history_start().min(place));
        let mut at = own.read;
        while let Some(laned) = own.lane.get(at) {
            if laned.position.is_dispatch() {
                at += 1;
                continue;
            }
            // A broadcast that was given back stands in the log again, or is counted as missing.
            own.lane_bytes -= laned.bytes;
            unneeded.extend(own.lane.remove(at).map(|laned| laned.entry));
        }
        let bytes = own.past_bytes + own.lane_bytes;
        let (mut read, mut past_bytes) = (0, 0);
        let (mut expired, mut skipped) = (next - wanted, 0);
        while let Some(laned) = own.lane.get(read) {
            let is_had = laned.position <= position;
            // Remembered all the same: the next rewind has to count it again.
            let is_lost = next > wanted && laned.position.sequence() + 1 < next;
            if !is_had && !is_lost {
                break;
            }
            expired += u64::from(!is_had);
            skipped += u64::from(is_had && read >= own.read && laned.position > given);
            read += 1;
            past_bytes += laned.bytes;
        }
        own.read = read;
        own.past_bytes = past_bytes;
        own.lane_bytes = bytes - past_bytes;
        own.missed = 0;
        let bound = replay_bound(log, log.limit(&self.cursor).copied());
        let cursor = log.attach_at(next, bound);
        log.detach(std::mem::replace(&mut self.cursor, cursor), unneeded);
        self.replay_up_to(end, log);
        self.forget(log, unneeded);
        Missing { expired, skipped }
    }

    /// Lets what is unread up to a position count on top of the limit, until it is read.
    fn replay_up_to(&mut self, end: Position, log: &Log<T>) {
        let (place, behind) = (log.place(&self.cursor), end.sequence() + 1);
        let (mut messages, mut bytes) = (0, 0);
        if place < behind {
            messages = behind - place;
            bytes = log.bytes_from(place) - log.bytes_from(behind);
        }
        let own = self.own();
        let mut at = own.read;
        while let Some(laned) = own.lane.get(at).filter(|laned| laned.position <= end) {
            messages += 1;
            bytes += laned.bytes;
            at += 1;
        }
        own.replay = Some(Replay {
            end,
            messages,
            bytes,
        });
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

    /// Ends the replay if all of it has been read: what comes then has the limit for itself. Has to follow what is read otherwise than by
    /// [`take`](Self::take).
    pub(crate) fn end_replay(&mut self, log: &mut Log<T>) {
        let next = self.cursor.next();
        if let Some(own) = &mut self.own
            && let Some(Replay { end, .. }) = own.replay
            && own.is_behind(next, end)
            && !log.lags(&self.cursor)
        {
            own.replay = None;
            let bound = bound_of(log.limit(&self.cursor).copied());
            log.rebind(&mut self.cursor, bound);
        }
    }

    /// Says how many entries were dropped since the last call, and moves behind them.
    fn tell_missed(&mut self, log: &Log<T>) -> Read<T> {
        let missed = self.untold(log);
        log.catch_up(&mut self.cursor);
        if let Some(own) = &mut self.own {
            own.missed = 0;
        }
        Read::Missed(missed, self.before(log))
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

    /// Returns how many entries were dropped that the reader was not told of yet.
    pub(crate) fn untold(&self, log: &Log<T>) -> u64 {
        self.missed() + log.place(&self.cursor) - self.cursor.next()
    }

    fn missed(&self) -> u64 {
        self.own.as_ref().map_or(0, |own| own.missed)
    }

    /// As [`untold`](Self::untold), for the counters: who is disconnected drops nothing before.
    pub(crate) fn untold_overflow(&self, log: &Log<T>) -> u64 {
        match self.overflow(log) {
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
        if let Some(own) = &self.own {
            for own in [own.newest_read(), own.forgotten] {
                if own > before && own < next {
                    before = own;
                }
            }
        }
        before
    }

    /// Drops the oldest entries while there are more than the limit allows. Adds them to `unneeded`, for the caller to
    /// drop once it holds no borrow.
    pub(crate) fn enforce(&mut self, log: &mut Log<T>, unneeded: &mut Vec<T>) {
        // What the log has let go may be newer than the front of the lane, which then is dropped too.
        let place = log.place(&self.cursor);
        while log.lags(&self.cursor) && self.front_is_before(place - 1) {
            self.drop_front(log, unneeded);
        }
        while self.has_lane() && self.is_over(log, 0, 0) {
            if self.front_is_before(log.place(&self.cursor)) {
                self.drop_front(log, unneeded);
            } else {
                self.own().missed += log.catch_up(&mut self.cursor) + 1;
                log.skip(&mut self.cursor, 1, unneeded);
            }
        }
    }

    fn drop_front(&mut self, log: &Log<T>, dropped: &mut Vec<T>) {
        let own = self.own();
        let front = own.pop_front();
        own.missed += 1;
        dropped.extend(front);
        self.forget(log, dropped);
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

    /// Forgets the oldest that was read while the lane is over the limit, or over what is remembered at most; without a limit,
    /// over the history's bounds.
    fn forget(&mut self, log: &Log<T>, unneeded: &mut Vec<T>) {
        let (messages, bytes) = match log.limit(&self.cursor) {
            Some(limit) => (limit.messages, limit.bytes),
            None => (log.history().messages, log.history().bytes),
        };
        let messages = messages.min(QueueLimit::NETWORK.messages);
        let bytes = bytes.min(QueueLimit::NETWORK.bytes);
        let own = self.own();
        while own.read > 0
            && (own.lane.len() as u64 > messages || own.past_bytes + own.lane_bytes > bytes)
        {
            unneeded.extend(own.forget(0));
        }
    }

    /// Returns whether the limit is passed once `entries` of `bytes` have come. What is replayed counts on top of it.
    pub(crate) fn is_over(&self, log: &Log<T>, entries: u64, bytes: u64) -> bool {
        let Some(limit) = log.limit(&self.cursor) else {
            return false;
        };
        let replay = self.own.as_ref().and_then(|own| own.replay.as_ref());
        let (more, more_bytes) = replay.map_or((0, 0), |replay| (replay.messages, replay.bytes));
        let (waiting, waiting_bytes) = (self.len(log) + entries, self.bytes(log) + bytes);
        waiting > limit.messages.saturating_add(more)
            || (waiting_bytes > limit.bytes.saturating_add(more_bytes) && waiting > 1)
    }

    /// Returns whether something was dropped that the reader was not told of yet.
    pub(crate) fn lags(&self, log: &Log<T>) -> bool {
        self.missed() > 0 || log.lags(&self.cursor)
    }

    pub(crate) fn overflow(&self, log: &Log<T>) -> Option<Overflow> {
        log.limit(&self.cursor).map(|limit| limit.overflow)
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

    /// Returns the cursor when broadcasts are all that is unread, and nothing is to be told: what other listeners at the same
    /// place read too, and may share.
    pub(crate) fn shared(&mut self, log: &Log<T>) -> Option<&mut Cursor> {
        let alike = !self.has_lane() && !self.has_gaps() && !self.lags(log);
        alike.then_some(&mut self.cursor)
    }
}

impl<T: Clone> Own<T> {
    /// Returns the position of the newest entry of the lane that was read and is remembered.
    fn newest_read(&self) -> Position {
        let last = self.read.checked_sub(1).map(|last| &self.lane[last]);
        last.map_or(Position::broadcast(0), |last| last.position)
    }

    /// Forgets one of the entries that were read.
    fn forget(&mut self, at: usize) -> Option<T> {
        let old = self.lane.remove(at)?;
        self.read -= 1;
        self.past_bytes -= old.bytes;
        self.forgotten = self.forgotten.max(old.position);
        Some(old.entry)
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

    /// Returns whether nothing up to a position is unread, with a cursor that has caught up and reads a broadcast next.
    fn is_behind(&self, next: u64, end: Position) -> bool {
        next > end.sequence() && self.front().is_none_or(|front| front.position > end)
    }

    /// Takes the oldest unread entry. [`forget`](Queue::forget) has to follow.
    fn pop_front(&mut self) -> Option<T> {
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

fn bound_of(limit: Option<QueueLimit>) -> Bound {
    // What a refusing listener has no room for is not appended.
    let bound = limit.filter(|limit| limit.overflow != Overflow::Refuse);
    Bound {
        entries: bound.map_or(u64::MAX, |bound| bound.messages),
        bytes: bound.map_or(u64::MAX, |bound| bound.bytes),
        limit,
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
    use crate::model::limit::History;
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
                        log.append(number, 1, 0.0, &mut Vec::new());
                        for model in &mut models {
                            model.send(number);
                            model.queue.enforce(&mut log, &mut Vec::new());
                        }
                    }
                    2 => {
                        let model = &mut models[at];
                        let position = Position::dispatch(log.tail() - 1, number as u64 + 1);
                        model.queue.dispatch(&log, position, 1, 0.0, number, &mut Vec::new());
                        model.queue.enforce(&mut log, &mut Vec::new());
                        model.send(number);
                    }
                    3 => {
                        let model = &mut models[at];
                        let expected = model.take();
                        let read = model.queue.take(&mut log, &mut Vec::new());
                        let read = read.map(|read| match read {
                            Read::Entry(number) => Ok(number),
                            Read::Missed(missed, _) => Err(missed),
                            Read::Gap(gap) => panic!("nobody has told of {gap:?}"),
                        });
                        prop_assert_eq!(read, expected);
                    }
                    _ => {
                        let new = Model::new(&mut log, limit);
                        let old = std::mem::replace(&mut models[at], new);
                        old.queue.detach(&mut log, &mut Vec::new());
                    }
                }
                for model in &models {
                    prop_assert_eq!(model.queue.len(&log), model.list.len() as u64);
                }
            }
        }
    }
}
