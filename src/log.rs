//! One log of entries, and the cursors that read it.
//!
//! A channel owns one [`Log`]. What is broadcast is appended once, whatever the number of readers;
//! each reader owns a [`Cursor`], which is the sequence number of the entry it reads next. The log
//! knows nothing of messages, listeners, streams or time: it keeps order and it forgets.
//!
//! ## Sequence numbers
//!
//! The first entry has number 1 and each further one the next number, without a gap, for as long as
//! the log lives; a number is never used again. Zero stands for "before the first entry".
//!
//! ## Delivery order
//!
//! A cursor attached when the next number is `n` reads `n`, `n + 1`, ... and nothing older.
//! [`take`](Log::take) gives each entry to each cursor once.
//!
//! ## Retention
//!
//! An entry stays while a cursor has still to read it, and not longer: it is dropped, or moved out
//! to its last reader, in the call that moves or detaches that cursor. An entry appended while there
//! is no cursor is not kept at all. So memory grows with the distance between the slowest cursor and
//! the newest entry, never with entries times cursors.
//!
//! ## Cost
//!
//! Every operation is constant time, but for one: moving or detaching the slowest cursor also drops
//! the entries that nobody else has to read. Each entry is dropped once, so that too is constant
//! per entry. It works because an entry counts the cursors that *stand at* it (read it next), not
//! those that have yet to read it: moving a cursor from any place to any other changes two counts.
//!
//! ## Giving back
//!
//! A [`Cursor`] is neither `Copy` nor `Clone`, and is given back with [`detach`](Log::detach). One
//! that is dropped instead keeps its entries for ever. A cursor belongs to the log that made it.
//!
//! ```text
//!              head                                   tail (number of the next entry)
//!               |                                      |
//!   entries     7      8      9     10     11          12
//!   standing    2      0      1      0      0           3
//! ```
//!
//! Here six cursors read one log: two have 7 to read next, one has 9, three have read everything.

use std::collections::VecDeque;

/// A reader's place in a [`Log`]: the number of the entry it reads next.
#[derive(Debug)]
pub(crate) struct Cursor {
    next: u64,
}

impl Cursor {
    /// Returns the number of the entry that is read next, whether or not it exists yet.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }
}

#[derive(Debug)]
struct Slot<T> {
    value: T,
    /// How many cursors have `next` equal to this slot's number. A count too low would drop the
    /// entry under a reader; one too high would keep it for ever.
    standing: usize,
}

/// Entries in order, kept while a cursor has still to read them.
///
/// # Invariants
///
/// - `slots[i]` has number `head + i`.
/// - The sum of all `standing` and `at_tail` is the number of attached cursors.
/// - The first slot has a cursor standing at it: what nobody has to read is gone.
#[derive(Debug)]
pub(crate) struct Log<T> {
    slots: VecDeque<Slot<T>>,
    /// Number of the oldest entry kept; equal to [`tail`](Log::tail) when none is.
    head: u64,
    /// How many cursors have read everything. They stand at the next entry the moment it is appended.
    at_tail: usize,
}

impl<T> Log<T> {
    /// Creates an empty log, whose first entry will have number 1.
    pub(crate) fn new() -> Self {
        Self {
            slots: VecDeque::new(),
            head: 1,
            at_tail: 0,
        }
    }

    /// Returns the number that the next entry gets.
    pub(crate) fn tail(&self) -> u64 {
        self.head + self.slots.len() as u64
    }

    /// Returns how many entries are kept.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Appends an entry. Gives it back when no cursor will read it.
    pub(crate) fn append(&mut self, value: T) -> Option<T> {
        if self.at_tail == 0 && self.slots.is_empty() {
            self.head += 1;
            return Some(value);
        }
        let standing = std::mem::take(&mut self.at_tail);
        self.slots.push_back(Slot { value, standing });
        self.check();
        None
    }

    /// Attaches a cursor that reads what is appended from now on.
    pub(crate) fn attach(&mut self) -> Cursor {
        self.at_tail += 1;
        Cursor { next: self.tail() }
    }

    /// Detaches a cursor. Returns the entries that nobody else has to read, for the caller to drop
    /// once it holds no borrow: dropping a value may run code of the log's user.
    #[must_use = "dropping the entries may run foreign code: do it outside of the borrow"]
    pub(crate) fn detach(&mut self, cursor: Cursor) -> Vec<T> {
        self.leave(cursor.next);
        let dropped = self.trim();
        self.check();
        dropped
    }

    /// Returns how many entries the cursor has still to read.
    pub(crate) fn waiting(&self, cursor: &Cursor) -> u64 {
        self.tail() - cursor.next
    }

    /// Returns the entries that the cursor has still to read, oldest first.
    pub(crate) fn unread(&self, cursor: &Cursor) -> impl Iterator<Item = &T> {
        self.slots
            .range(self.index(cursor.next)..)
            .map(|slot| &slot.value)
    }

    /// Moves the cursor past `count` entries unread. Returns the entries that nobody else has to
    /// read, as [`detach`](Log::detach) does.
    ///
    /// # Panics
    ///
    /// In debug builds, when fewer than `count` entries are [waiting](Log::waiting).
    #[must_use = "dropping the entries may run foreign code: do it outside of the borrow"]
    pub(crate) fn skip(&mut self, cursor: &mut Cursor, count: u64) -> Vec<T> {
        debug_assert!(
            count <= self.waiting(cursor),
            "skipped past the end of the log"
        );
        self.leave(cursor.next);
        cursor.next += count;
        self.stand(cursor.next);
        let dropped = self.trim();
        self.check();
        dropped
    }

    fn index(&self, number: u64) -> usize {
        debug_assert!(
            number >= self.head,
            "a cursor stands at an entry that is gone"
        );
        (number - self.head) as usize
    }

    fn leave(&mut self, number: u64) {
        let index = self.index(number);
        match self.slots.get_mut(index) {
            Some(slot) => slot.standing -= 1,
            None => self.at_tail -= 1,
        }
    }

    fn stand(&mut self, number: u64) {
        let index = self.index(number);
        match self.slots.get_mut(index) {
            Some(slot) => slot.standing += 1,
            None => self.at_tail += 1,
        }
    }

    /// Removes the entries at the front that no cursor has to read.
    fn trim(&mut self) -> Vec<T> {
        let mut dropped = Vec::new();
        while self.slots.front().is_some_and(|slot| slot.standing == 0) {
            self.head += 1;
            dropped.extend(self.slots.pop_front().map(|slot| slot.value));
        }
        dropped
    }

    fn check(&self) {
        debug_assert!(
            self.slots.front().is_none_or(|slot| slot.standing > 0),
            "an entry is kept that nobody has to read"
        );
    }
}

impl<T: Clone> Log<T> {
    /// Takes the oldest entry that the cursor has still to read, or `None` when it has read all.
    ///
    /// The last reader of the oldest entry gets the entry itself, every other one a clone.
    pub(crate) fn take(&mut self, cursor: &mut Cursor) -> Option<T> {
        let index = self.index(cursor.next);
        let slot = self.slots.get_mut(index)?;
        slot.standing -= 1;
        let last_reader = index == 0 && slot.standing == 0;
        cursor.next += 1;
        let value = if last_reader {
            self.head += 1;
            self.slots.pop_front()?.value
        } else {
            slot.value.clone()
        };
        self.stand(cursor.next);
        self.check();
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_entry_is_not_kept_without_a_cursor() {
        let mut log = Log::new();
        assert_eq!(log.append('a'), Some('a'));
        assert_eq!((log.len(), log.tail()), (0, 2));
    }

    #[test]
    fn a_cursor_reads_what_is_appended_after_it() {
        let mut log = Log::new();
        log.append('a');
        let mut cursor = log.attach();
        log.append('b');
        assert_eq!(log.take(&mut cursor), Some('b'));
        assert_eq!(log.take(&mut cursor), None);
    }

    #[test]
    fn an_entry_is_kept_for_the_slowest_cursor_only() {
        let mut log = Log::new();
        let (mut fast, slow) = (log.attach(), log.attach());
        for entry in 0..1000 {
            log.append(entry);
            assert_eq!(log.take(&mut fast), Some(entry));
        }
        assert_eq!((log.len(), log.waiting(&slow)), (1000, 1000));
        assert_eq!(log.detach(slow).len(), 1000);
        assert_eq!(log.len(), 0);
    }

    #[test]
    fn a_cursor_attached_late_keeps_nothing_older() {
        let mut log = Log::new();
        let slow = log.attach();
        log.append(1);
        let late = log.attach();
        assert_eq!(log.waiting(&late), 0);
        assert_eq!(log.detach(slow), [1]);
        assert_eq!(log.len(), 0);
    }

    #[derive(Clone, Debug)]
    enum Action {
        Append,
        Attach,
        Detach(usize),
        Take(usize),
        Skip(usize, u64),
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            4 => Just(Action::Append),
            1 => Just(Action::Attach),
            1 => any::<usize>().prop_map(Action::Detach),
            4 => any::<usize>().prop_map(Action::Take),
            1 => (any::<usize>(), 0u64..8).prop_map(|(at, count)| Action::Skip(at, count)),
        ]
    }

    proptest! {
        /// The plain model: each reader has a queue of its own, and each append is copied to all.
        #[test]
        fn cursors_read_like_queues_of_their_own(actions in prop::collection::vec(action(), 0..200)) {
            let mut log = Log::new();
            let mut readers: Vec<(Cursor, VecDeque<u64>)> = Vec::new();
            for action in actions {
                match action {
                    Action::Append => {
                        let number = log.tail();
                        let unwanted = log.append(number);
                        prop_assert_eq!(unwanted.is_some(), readers.is_empty());
                        readers.iter_mut().for_each(|(_, queue)| queue.push_back(number));
                    }
                    Action::Attach => readers.push((log.attach(), VecDeque::new())),
                    Action::Detach(at) if !readers.is_empty() => {
                        let (cursor, _) = readers.remove(at % readers.len());
                        drop(log.detach(cursor));
                    }
                    Action::Take(at) if !readers.is_empty() => {
                        let at = at % readers.len();
                        let (cursor, queue) = &mut readers[at];
                        prop_assert_eq!(log.take(cursor), queue.pop_front());
                    }
                    Action::Skip(at, count) if !readers.is_empty() => {
                        let at = at % readers.len();
                        let (cursor, queue) = &mut readers[at];
                        let count = count.min(queue.len() as u64);
                        drop(log.skip(cursor, count));
                        queue.drain(..count as usize);
                    }
                    _ => {}
                }
                for (cursor, queue) in &readers {
                    prop_assert_eq!(log.waiting(cursor), queue.len() as u64);
                    prop_assert!(log.unread(cursor).eq(queue.iter()));
                }
                let longest = readers.iter().map(|(_, queue)| queue.len()).max();
                prop_assert_eq!(log.len(), longest.unwrap_or(0));
            }
        }
    }
}
