//! One log of entries, and the cursors that read it.
//!
//! A channel owns one [`Log`]. A broadcast is appended once, whatever the number of readers; each
//! reader owns a [`Cursor`], which is the sequence number of the entry it reads next. The log knows
//! nothing of messages, listeners, streams or clocks: it keeps order and it forgets.
//!
//! ## Sequence numbers
//!
//! The first entry has number 1, or another one in a log that continues a former one. Each further
//! entry has the next number, without a gap, for as long as the log lives; a number is never used
//! again. Zero stands for "before the first entry".
//!
//! ## Delivery order
//!
//! A cursor attached at `n` reads `n`, `n + 1`, ... and nothing older. [`take`](Log::take) gives
//! each entry to each cursor once.
//!
//! ## Retention
//!
//! An entry stays while a cursor that is owed it has still to read it, or while it is within the
//! [`History`]. Otherwise it is dropped, or moved out to its last reader, in the call that ends its
//! reason to stay. The call adds it to the caller's `unneeded`, to be dropped once the caller holds
//! no borrow: dropping a value may run code of the log's user. So memory grows with the distance
//! between the slowest cursor and the newest entry, never with entries times cursors.
//!
//! ## Lagging
//!
//! A cursor may be attached with a [`Bound`]: it is owed no more than that. When an append takes it
//! over, it is owed its oldest entries no longer; how many those were is known exactly, and
//! [`catch_up`](Log::catch_up) tells. The newest entry is always owed, however heavy it is.
//!
//! ## Cost
//!
//! Cursors of one bound form a class. Every operation is constant time in the number of cursors,
//! and linear in the number of classes, which are few. The exception is dropping entries, each of
//! which is dropped once. It works because a class counts the cursors that *stand at* an entry
//! (read it next), not all that have yet to read it. Moving a cursor between any two places changes
//! two counts, and a whole crowd that falls off is moved by adding its count to the next one.
//!
//! ## Giving back
//!
//! A [`Cursor`] is neither `Copy` nor `Clone`, and is given back with [`detach`](Log::detach). A
//! cursor that is dropped instead keeps its entries for ever. A cursor belongs to the log that made
//! it.
//!
//! ```text
//!                   head                                 tail (number of the next entry)
//!                    |                                    |
//!   entries          7      8      9     10     11        12
//!   unbounded        .      .      1      0      0         3
//!   at most 3 . . 2 0 0 0 floor 9: two have missed what is before history 5 7 ...
//! ```

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use crate::model::limit::{History, Overflow, QueueLimit};

/// How much a cursor is owed at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    /// The limit that it comes of, which the class keeps for all its cursors.
    pub(crate) limit: Option<QueueLimit>,
}

impl Bound {
    #[cfg(test)]
    pub(crate) const NONE: Self = Self {
        entries: u64::MAX,
        bytes: u64::MAX,
        limit: None,
    };
}

/// A reader's place in a [`Log`]: the number of the entry it reads next.
///
/// Packed, since every listener has one: in WebAssembly four bytes of it would be padding, and as
/// many behind it.
#[derive(Debug)]
#[cfg_attr(target_arch = "wasm32", repr(Rust, packed(4)))]
pub(crate) struct Cursor {
    next: u64,
    /// Counted from one, so that an enum with a cursor in one variant is no larger.
    class: NonZeroUsize,
}

impl Cursor {
    /// Returns the number of the entry that is read next, whether or not it exists yet. Behind what
    /// the cursor is owed until it has [caught up](Log::catch_up).
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Returns the index of its class.
    fn class(&self) -> usize {
        self.class.get() - 1
    }
}

#[derive(Debug)]
struct Slot<T> {
    value: T,
    /// Bytes of all entries before this one, since the log began.
    offset: u64,
    /// When it was appended, in milliseconds of the caller's clock.
    at: f64,
}

/// The cursors of one bound.
///
/// # Invariants
///
/// - `standing[i]` is how many cursors read entry `first + i` next, up to the newest entry; its
///   first count is not zero.
/// - Without such cursors `standing` is empty, and `first` has no meaning.
/// - A cursor whose `next` is below `floor` counts as standing at `floor`.
#[derive(Debug, Default)]
struct Class {
    bound: Bound,
    cursors: usize,
    first: u64,
    standing: VecDeque<usize>,
    /// How many have read everything. They are at the next entry the moment it is appended.
    at_tail: usize,
    /// The oldest entry that a cursor of this class may be owed.
    floor: u64,
}

/// Entries in order, kept while a cursor has still to read them or the history keeps them.
///
/// # Invariants
///
/// - `slots[i]` has number `head + i`.
/// - The first slot is needed by a cursor that stands at it, or within the history.
#[derive(Debug)]
pub(crate) struct Log<T> {
    slots: VecDeque<Slot<T>>,
    /// Number of the oldest entry kept; equal to [`tail`](Log::tail) when none is.
    head: u64,
    /// Bytes of all entries since the log began.
    end_offset: u64,
    classes: Vec<Class>,
    history: History,
    /// Entries appended before are too old for the history.
    horizon: f64,
}

impl<T> Log<T> {
    /// Creates an empty log, whose first entry will have a number, which is not 0.
    pub(crate) fn new(history: History, first: u64) -> Self {
        Self {
            slots: VecDeque::new(),
            head: first,
            end_offset: 0,
            classes: Vec::new(),
            history,
            horizon: f64::NEG_INFINITY,
        }
    }

    /// Returns the number of the oldest entry within the history, or of the next one. Entries kept
    /// for slow cursors alone do not count: they may be dropped any time.
    pub(crate) fn history_start(&self) -> u64 {
        let outside = |slot: &Slot<T>| {
            self.end_offset - slot.offset > self.history.bytes || slot.at <= self.horizon
        };
        let too_old = self.slots.partition_point(outside);
        let newest = self.tail().saturating_sub(self.history.messages);
        newest.max(self.head + too_old as u64)
    }

    /// Returns the number that the next entry gets.
    pub(crate) fn tail(&self) -> u64 {
        self.head + self.slots.len() as u64
    }

    /// Returns how many entries are kept.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns the bounds of the history for reconnecting clients.
    pub(crate) fn history(&self) -> History {
        self.history
    }

    /// Returns how many bytes are kept.
    pub(crate) fn bytes(&self) -> u64 {
        self.end_offset - self.offset(self.head)
    }

    /// Appends an entry of a weight in bytes at a time in milliseconds, which must not decrease.
    /// Adds what is kept no longer to `unneeded`, and returns whether a cursor whose limit says to
    /// disconnect then has missed something.
    pub(crate) fn append(&mut self, value: T, bytes: u64, at: f64, unneeded: &mut Vec<T>) -> bool {
        let number = self.tail();
        let offset = self.end_offset;
        self.slots.push_back(Slot { value, offset, at });
        self.end_offset += bytes;
        let mut lagged = false;
        for class in &mut self.classes {
            class.appended(number);
            while class.is_over(&self.slots, self.end_offset) {
                class.let_go();
                let limit = class.bound.limit;
                lagged |= limit.is_some_and(|limit| limit.overflow == Overflow::Disconnect);
            }
        }
        self.expire(at, unneeded);
        lagged
    }

    /// Attaches a cursor that reads what is appended from now on.
    pub(crate) fn attach(&mut self, bound: Bound) -> Cursor {
        self.attach_at(self.tail(), bound)
    }

    /// Attaches a cursor that reads an entry next that is kept or does not exist yet. Its bound
    /// counts from the next append on: what it is owed now, it is owed whole.
    pub(crate) fn attach_at(&mut self, number: u64, bound: Bound) -> Cursor {
        let next = number.clamp(self.head, self.tail());
        let class = self.class(bound, next);
        let cursor = Cursor { next, class };
        self.classes[cursor.class()].cursors += 1;
        self.stand(&cursor);
        cursor
    }

    /// Detaches a cursor.
    pub(crate) fn detach(&mut self, cursor: Cursor, unneeded: &mut Vec<T>) {
        self.leave(&cursor);
        self.classes[cursor.class()].cursors -= 1;
        self.trim(unneeded);
    }

    /// Gives a cursor that has [caught up](Self::catch_up) another bound, which counts from the
    /// next append on.
    pub(crate) fn rebind(&mut self, cursor: &mut Cursor, bound: Bound) {
        self.leave(cursor);
        self.classes[cursor.class()].cursors -= 1;
        cursor.class = self.class(bound, cursor.next);
        self.classes[cursor.class()].cursors += 1;
        self.stand(cursor);
    }

    /// Returns how many entries the cursor has still to read. Missed entries do not count.
    pub(crate) fn waiting(&self, cursor: &Cursor) -> u64 {
        self.tail() - self.place(cursor)
    }

    /// Returns the bytes of an entry that is kept and of all that follow it.
    pub(crate) fn bytes_from(&self, number: u64) -> u64 {
        self.end_offset - self.offset(number)
    }

    /// Returns when an entry that is kept was appended, in milliseconds.
    pub(crate) fn appended_at(&self, number: u64) -> Option<f64> {
        let slot = self.slots.get((number - self.head) as usize);
        slot.map(|slot| slot.at)
    }

    /// Returns when the newest entry that is kept was appended.
    pub(crate) fn newest_at(&self) -> Option<f64> {
        self.slots.back().map(|slot| slot.at)
    }

    /// Returns the number of the oldest entry kept, or of the next one; and whether every cursor
    /// has read everything.
    pub(crate) fn kept(&self) -> (u64, bool) {
        let all_read = self.classes.iter().all(|class| class.standing.is_empty());
        (self.head, all_read)
    }

    /// Returns the limit that the cursor's bound comes of.
    pub(crate) fn limit(&self, cursor: &Cursor) -> Option<&QueueLimit> {
        self.classes[cursor.class()].bound.limit.as_ref()
    }

    /// Moves the cursor to the oldest entry that it is owed, and returns how many it has missed.
    pub(crate) fn catch_up(&self, cursor: &mut Cursor) -> u64 {
        let place = self.place(cursor);
        let missed = place - cursor.next;
        cursor.next = place;
        missed
    }

    /// Returns whether the cursor has missed something.
    pub(crate) fn lags(&self, cursor: &Cursor) -> bool {
        self.place(cursor) > cursor.next
    }

    /// Returns an entry that is kept.
    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        let slot = self.slots.get((number - self.head) as usize);
        slot.map(|slot| &slot.value)
    }

    /// Moves the cursor past `count` entries unread, or to the end.
    pub(crate) fn skip(&mut self, cursor: &mut Cursor, count: u64, unneeded: &mut Vec<T>) {
        let place = self.place(cursor);
        cursor.next = (place + count).min(self.tail());
        if self.classes[cursor.class()].move_on(place, cursor.next) {
            self.trim(unneeded);
        }
    }

    /// Drops what has become too old for the history at a time in milliseconds.
    pub(crate) fn expire(&mut self, at: f64, unneeded: &mut Vec<T>) {
        self.horizon = at - self.history.milliseconds;
        self.trim(unneeded);
    }

    /// Returns where the cursor stands: at its next entry, or at the oldest that it is owed.
    pub(crate) fn place(&self, cursor: &Cursor) -> u64 {
        cursor.next.max(self.classes[cursor.class()].floor)
    }

    /// Bytes of all entries before one that is kept, or before the tail.
    fn offset(&self, number: u64) -> u64 {
        let slot = self.slots.get((number - self.head) as usize);
        slot.map_or(self.end_offset, |slot| slot.offset)
    }

    /// Finds the class of a bound that is owed an entry, or makes it in the place of one without
    /// cursors.
    fn class(&mut self, bound: Bound, number: u64) -> NonZeroUsize {
        let fits =
            |class: &Class| class.cursors > 0 && class.bound == bound && class.floor <= number;
        if let Some(index) = self.classes.iter().position(fits) {
            return NonZeroUsize::MIN.saturating_add(index);
        }
        let free = self.classes.iter().position(|class| class.cursors == 0);
        let index = free.unwrap_or(self.classes.len());
        if free.is_none() {
            self.classes.push(Class::default());
        }
        // No cursor stands anywhere in it.
        self.classes[index].bound = bound;
        self.classes[index].floor = 0;
        NonZeroUsize::MIN.saturating_add(index)
    }

    fn stand(&mut self, cursor: &Cursor) {
        let (tail, place) = (self.tail(), self.place(cursor));
        self.classes[cursor.class()].stand(place, tail);
    }

    fn leave(&mut self, cursor: &Cursor) {
        let (tail, place) = (self.tail(), self.place(cursor));
        self.classes[cursor.class()].leave(place, tail);
    }

    /// Removes the entries at the front that nobody is owed and the history does not keep.
    fn trim(&mut self, unneeded: &mut Vec<T>) {
        while self.front_is_unneeded() {
            unneeded.extend(self.pop_front());
        }
    }

    /// Not inlined: one reader of an entry needs it, the others need not make room for it.
    #[inline(never)]
    fn pop_front(&mut self) -> Option<T> {
        self.head += 1;
        self.slots.pop_front().map(|slot| slot.value)
    }

    /// Not inlined, as [`pop_front`](Self::pop_front).
    #[inline(never)]
    fn front_is_unneeded(&self) -> bool {
        let Some(front) = self.slots.front() else {
            return false;
        };
        let owed = |class: &Class| !class.standing.is_empty() && class.first == self.head;
        let in_history = self.slots.len() as u64 <= self.history.messages
            && self.end_offset - front.offset <= self.history.bytes
            && front.at > self.horizon;
        !in_history && !self.classes.iter().any(owed)
    }
}

impl<T: Clone> Log<T> {
    /// Takes the oldest entry that the cursor has still to read, or `None` when it has read all.
    ///
    /// The last reader of an entry that is kept no longer gets the entry itself, every other one a
    /// clone.
    pub(crate) fn take(&mut self, cursor: &mut Cursor) -> Option<T> {
        self.take_if(cursor, |_| true)
    }

    /// As [`take`](Self::take), of an entry that is wanted.
    #[inline]
    pub(crate) fn take_if(
        &mut self,
        cursor: &mut Cursor,
        wanted: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        let place = self.place(cursor);
        let slot = self.slots.get((place - self.head) as usize)?;
        if !wanted(&slot.value) {
            return None;
        }
        cursor.next = place + 1;
        let class = &mut self.classes[cursor.class()];
        let is_last = match class.cursors {
            1 => {
                // It is all that there is to move.
                class.shift();
                true
            }
            _ => class.move_on(place, cursor.next),
        };
        if is_last && self.front_is_unneeded() {
            // Nothing older than what was just read is kept for nobody, so this is it.
            return self.pop_front();
        }
        Some(slot.value.clone())
    }
}

impl Class {
    fn appended(&mut self, number: u64) {
        let count = std::mem::take(&mut self.at_tail);
        if self.standing.is_empty() {
            if count == 0 {
                return;
            }
            self.first = number;
        }
        self.standing.push_back(count);
    }

    /// Whether the slowest cursors are owed too much.
    fn is_over<T>(&self, slots: &VecDeque<Slot<T>>, end_offset: u64) -> bool {
        let owed = self.standing.len();
        if owed as u64 > self.bound.entries {
            return true;
        }
        let owed_bytes = || end_offset - slots[slots.len() - owed].offset;
        owed > 1 && owed_bytes() > self.bound.bytes
    }

    /// Moves the cursors at the oldest entry to the next one: they are owed it no longer.
    fn let_go(&mut self) {
        self.shift();
        self.floor = self.first;
    }

    /// Moves the cursors at the oldest entry to the next one. In the npm package once: there it is
    /// small that counts.
    #[cfg_attr(feature = "npm", inline(never))]
    fn shift(&mut self) {
        let count = self.standing.pop_front().unwrap_or(0);
        self.first += 1;
        match self.standing.front_mut() {
            Some(next) => *next += count,
            None => self.at_tail += count,
        }
    }

    /// Moves a cursor forward. Returns whether no cursor stands at the oldest entry any more.
    fn move_on(&mut self, from: u64, to: u64) -> bool {
        if from == to {
            return false;
        }
        // Where it goes first: what is behind it is not counted anew for one who stands alone.
        match self.standing.get_mut((to - self.first) as usize) {
            Some(count) => *count += 1,
            None => self.at_tail += 1,
        }
        self.leave_entry(from)
    }

    fn stand(&mut self, number: u64, tail: u64) {
        if number == tail {
            self.at_tail += 1;
            return;
        }
        if self.standing.is_empty() {
            self.first = number;
            self.standing.resize((tail - number) as usize, 0);
        }
        while number < self.first {
            self.standing.push_front(0);
            self.first -= 1;
        }
        self.standing[(number - self.first) as usize] += 1;
    }

    fn leave(&mut self, number: u64, tail: u64) {
        if number == tail {
            self.at_tail -= 1;
            return;
        }
        self.leave_entry(number);
    }

    /// Returns whether no cursor stands at the oldest entry any more.
    fn leave_entry(&mut self, number: u64) -> bool {
        let index = (number - self.first) as usize;
        let count = &mut self.standing[index];
        *count -= 1;
        if index > 0 || *count > 0 {
            return false;
        }
        while self.standing.front() == Some(&0) {
            self.standing.pop_front();
            self.first += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FOREVER: History = History {
        messages: u64::MAX,
        bytes: u64::MAX,
        milliseconds: f64::INFINITY,
    };

    fn at_most(entries: u64) -> Bound {
        Bound {
            entries,
            ..Bound::NONE
        }
    }

    fn unread<T: Clone>(log: &Log<T>, cursor: &Cursor) -> Vec<T> {
        let numbers = log.place(cursor)..log.tail();
        numbers
            .filter_map(|number| log.get(number).cloned())
            .collect()
    }

    fn append<T>(log: &mut Log<T>, value: T) -> Vec<T> {
        let mut unneeded = Vec::new();
        log.append(value, 1, 0.0, &mut unneeded);
        unneeded
    }

    #[test]
    fn an_entry_is_not_kept_without_a_cursor_or_a_history() {
        let mut log = Log::new(History::NONE, 1);
        assert_eq!(append(&mut log, 'a'), ['a']);
        assert_eq!((log.len(), log.tail()), (0, 2));
    }

    #[test]
    fn a_cursor_reads_what_is_appended_after_it() {
        let mut log = Log::new(FOREVER, 1);
        drop(append(&mut log, 'a'));
        let mut cursor = log.attach(Bound::NONE);
        drop(append(&mut log, 'b'));
        assert_eq!(log.take(&mut cursor), Some('b'));
        assert_eq!(log.take(&mut cursor), None);
    }

    #[test]
    fn an_entry_is_kept_for_the_slowest_cursor_only() {
        let mut log = Log::new(History::NONE, 1);
        let (mut fast, slow) = (log.attach(Bound::NONE), log.attach(Bound::NONE));
        for entry in 0..1000 {
            assert!(append(&mut log, entry).is_empty());
            assert_eq!(log.take(&mut fast), Some(entry));
        }
        assert_eq!((log.len(), log.waiting(&slow)), (1000, 1000));
        let mut unneeded = Vec::new();
        log.detach(slow, &mut unneeded);
        assert_eq!(unneeded.len(), 1000);
        assert_eq!(log.len(), 0);
    }

    #[test]
    fn a_stalled_cursor_keeps_no_more_than_its_bound() {
        let mut log = Log::new(History::NONE, 1);
        let mut slow = log.attach(at_most(1024));
        for entry in 0..10_000 {
            drop(append(&mut log, entry));
            assert!(log.len() <= 1024);
        }
        assert_eq!(log.catch_up(&mut slow), 8976);
        assert_eq!(log.catch_up(&mut slow), 0);
        assert_eq!(log.take(&mut slow), Some(8976));
        assert_eq!(log.waiting(&slow), 1023);
    }

    #[test]
    fn a_bound_in_bytes_lets_one_heavy_entry_through() {
        let mut log = Log::new(History::NONE, 1);
        let mut cursor = log.attach(Bound {
            bytes: 10,
            ..Bound::NONE
        });
        log.append('a', 4, 0.0, &mut Vec::new());
        log.append('b', 6, 0.0, &mut Vec::new());
        assert_eq!(log.bytes_from(log.place(&cursor)), 10);
        log.append('c', 100, 0.0, &mut Vec::new());
        assert_eq!(log.catch_up(&mut cursor), 2);
        assert_eq!(log.take(&mut cursor), Some('c'));
    }

    #[test]
    fn the_history_is_bounded_in_entries_bytes_and_time() {
        let table = [
            (
                History {
                    messages: 3,
                    ..FOREVER
                },
                3,
            ),
            (
                History {
                    bytes: 50,
                    ..FOREVER
                },
                5,
            ),
            (
                History {
                    milliseconds: 20.0,
                    ..FOREVER
                },
                2,
            ),
        ];
        for (history, kept) in table {
            let mut log = Log::new(history, 1);
            for entry in 0..10 {
                log.append(entry, 10, f64::from(entry) * 10.0, &mut Vec::new());
            }
            assert_eq!(log.len(), kept, "{history:?}");
        }
    }

    #[test]
    fn a_log_goes_on_with_another_ones_numbers() {
        let mut log = Log::new(FOREVER, 42);
        assert_eq!((log.history_start(), log.tail()), (42, 42));
        drop(append(&mut log, 'a'));
        drop(append(&mut log, 'b'));
        let mut cursor = log.attach_at(1, Bound::NONE);
        assert_eq!((cursor.next(), log.take(&mut cursor)), (42, Some('a')));
        assert_eq!((log.history_start(), log.tail()), (42, 44));
    }

    #[test]
    fn a_cursor_can_be_attached_to_what_the_history_has() {
        let mut log = Log::new(FOREVER, 1);
        for entry in 1..=9 {
            drop(append(&mut log, entry));
        }
        let mut cursor = log.attach_at(7, Bound::NONE);
        assert_eq!(unread(&log, &cursor), [7, 8, 9]);
        assert_eq!(log.take(&mut cursor), Some(7));
    }

    #[test]
    fn a_cursor_attached_behind_the_floor_of_others_has_missed_nothing() {
        let mut log = Log::new(FOREVER, 1);
        let mut lagging = log.attach(at_most(2));
        for entry in 1..=9 {
            drop(append(&mut log, entry));
        }
        let mut replaying = log.attach_at(3, at_most(2));
        assert_eq!(log.catch_up(&mut replaying), 0);
        assert_eq!(log.take(&mut replaying), Some(3));
        assert_eq!(log.catch_up(&mut lagging), 7);
    }

    #[derive(Clone, Debug)]
    enum Action {
        Append(u64),
        Attach(u64),
        Detach(usize),
        Take(usize),
        Skip(usize, u64),
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            4 => (0u64..4).prop_map(Action::Append),
            1 => prop_oneof![Just(u64::MAX), 1u64..6].prop_map(Action::Attach),
            1 => any::<usize>().prop_map(Action::Detach),
            4 => any::<usize>().prop_map(Action::Take),
            1 => (any::<usize>(), 0u64..8).prop_map(|(at, count)| Action::Skip(at, count)),
        ]
    }

    /// The plain model of a reader: a queue of its own, and how many it has dropped untold.
    struct Reader {
        cursor: Cursor,
        bound: u64,
        queue: VecDeque<u64>,
        missed: u64,
    }

    proptest! {
        /// The plain model: each reader has a queue of its own, and each append is copied to all.
        #[test]
        fn cursors_read_like_queues_of_their_own(
            history in 0u64..5,
            actions in prop::collection::vec(action(), 0..200),
        ) {
            let mut log = Log::new(History { messages: history, ..FOREVER }, 1);
            let mut readers: Vec<Reader> = Vec::new();
            for action in actions {
                match action {
                    Action::Append(bytes) => {
                        let number = log.tail();
                        log.append(number, bytes, 0.0, &mut Vec::new());
                        for reader in &mut readers {
                            reader.queue.push_back(number);
                            if reader.queue.len() as u64 > reader.bound {
                                reader.queue.pop_front();
                                reader.missed += 1;
                            }
                        }
                    }
                    Action::Attach(bound) => readers.push(Reader {
                        cursor: log.attach(at_most(bound)),
                        bound,
                        queue: VecDeque::new(),
                        missed: 0,
                    }),
                    Action::Detach(at) if !readers.is_empty() => {
                        let reader = readers.remove(at % readers.len());
                        log.detach(reader.cursor, &mut Vec::new());
                    }
                    Action::Take(at) if !readers.is_empty() => {
                        let at = at % readers.len();
                        let reader = &mut readers[at];
                        prop_assert_eq!(log.catch_up(&mut reader.cursor), std::mem::take(&mut reader.missed));
                        prop_assert_eq!(log.take(&mut reader.cursor), reader.queue.pop_front());
                    }
                    Action::Skip(at, count) if !readers.is_empty() => {
                        let at = at % readers.len();
                        let reader = &mut readers[at];
                        prop_assert_eq!(log.catch_up(&mut reader.cursor), std::mem::take(&mut reader.missed));
                        log.skip(&mut reader.cursor, count, &mut Vec::new());
                        let count = reader.queue.len().min(count as usize);
                        reader.queue.drain(..count);
                    }
                    _ => {}
                }
                for Reader { cursor, queue, missed, .. } in &readers {
                    prop_assert_eq!(log.waiting(cursor), queue.len() as u64);
                    prop_assert_eq!(log.lags(cursor), *missed > 0);
                    prop_assert_eq!(unread(&log, cursor), Vec::from(queue.clone()));
                }
                let longest = readers.iter().map(|reader| reader.queue.len() as u64).max();
                let kept = longest.unwrap_or(0).max(history.min(log.tail() - 1));
                prop_assert_eq!(log.len() as u64, kept);
            }
        }
    }
}
