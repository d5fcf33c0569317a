//! One log of entries, and the cursors that read it.
//!
//! A channel owns one [`Log`]. A broadcast is appended once, whatever the number of readers. Each
//! reader owns a [`Cursor`]: the sequence number of the entry that it reads next. The log knows no
//! messages, listeners, streams or clocks: it keeps entries in order, and drops them.
//!
//! - `mod.rs`: appending and reading.
//! - `class.rs`: where the cursors of one bound stand.
//! - `retention.rs`: which entries stay.
//!
//! ## Sequence numbers
//!
//! The first entry has number 1, or another one in a log that continues a former one. Each further
//! entry has the next number, without a gap, for as long as the log lives. No number is used twice.
//! Zero stands for "before the first entry".
//!
//! ## Delivery order
//!
//! A cursor attached at `n` reads `n`, `n + 1`, ... and nothing older. [`take`](Log::take) gives
//! each entry to each cursor once.
//!
//! ## Lagging
//!
//! A cursor may be attached with a [`Bound`]. An append that exceeds the bound takes the oldest
//! unread entries from the cursor. Their exact number is known, and [`catch_up`](Log::catch_up)
//! returns it. The newest entry stays unread, however heavy it is.
//!
//! ## Cost
//!
//! Cursors of one bound form a class. Every operation is constant time in the number of cursors,
//! and linear in the number of classes, which are few. Only dropping is linear: each entry is
//! dropped once. It works because a class counts the cursors that *stand at* an entry (read it
//! next), not all that have yet to read it. Moving a cursor between any two places changes two
//! counts. A whole crowd that falls behind is moved by adding its count to the next one.
//!
//! ## Detaching
//!
//! A [`Cursor`] is neither `Copy` nor `Clone`, and ends with [`detach`](Log::detach). A cursor that
//! is dropped instead keeps its entries for ever. A cursor belongs to the log that made it.
//!
//! ```text
//!                   head                                 tail (number of the next entry)
//!                    |                                    |
//!   entries          7      8      9     10     11        12
//!   unbounded        .      .      1      0      0         3
//!   at most 3 . . 2 0 0 0 floor 9: two have missed what is before history 5 7 ...
//! ```

mod class;
mod cursor;
mod retention;
mod slot;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use crate::log::class::Class;
pub(crate) use crate::log::cursor::{Bound, Cursor};
use crate::log::slot::Slot;
use crate::model::limit::{History, Overflow, QueueLimit};

/// Entries in order, each kept while a cursor has still to read it or the history keeps it.
///
/// # Invariants
///
/// - `slots[i]` has number `head + i`.
/// - The first slot is one that a cursor stands at, or is within the history.
#[derive(Debug)]
pub(crate) struct Log<T> {
    slots: VecDeque<Slot<T>>,
    /// Number of the oldest entry kept; equal to [`tail`](Log::tail) if none is.
    head: u64,
    /// Bytes of all entries since the log began.
    end_offset: u64,
    classes: Vec<Class>,
    history: History,
    /// Entries appended before are too old for the history.
    horizon: f64,
}

impl<T> Log<T> {
    /// Creates an empty log. `first` is the number of its first entry, and not 0.
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

    /// Returns the number that the next entry gets.
    pub(crate) fn tail(&self) -> u64 {
        self.head + self.slots.len() as u64
    }

    /// Returns how many entries are kept.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns how many bytes are kept.
    pub(crate) fn bytes(&self) -> u64 {
        self.end_offset - self.offset(self.head)
    }

    /// Appends an entry of a weight in bytes at a time in milliseconds, which must not decrease.
    /// Returns whether a cursor whose limit disconnects then has missed an entry.
    ///
    /// Entries that are kept no longer are moved to `unneeded`. The caller drops them once it holds
    /// no borrow, because dropping a value may run code of the log's user.
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

    /// Attaches a cursor that reads the entries that are appended from now on.
    pub(crate) fn attach(&mut self, bound: Bound) -> Cursor {
        self.attach_at(self.tail(), bound)
    }

    /// Attaches a cursor that reads the entry of a number next, which is kept or does not exist
    /// yet. Its bound counts from the next append on: all entries that it has unread now stay.
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

    /// Returns how many entries the cursor has unread. Missed entries do not count.
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

    /// Returns the limit that the cursor's bound comes from.
    pub(crate) fn limit(&self, cursor: &Cursor) -> Option<&QueueLimit> {
        self.classes[cursor.class()].bound.limit.as_ref()
    }

    /// Moves the cursor to its oldest unread entry, and returns how many it has missed.
    pub(crate) fn catch_up(&self, cursor: &mut Cursor) -> u64 {
        let place = self.place(cursor);
        let missed = place - cursor.next;
        cursor.next = place;
        missed
    }

    /// Returns whether the cursor has missed entries.
    pub(crate) fn lags(&self, cursor: &Cursor) -> bool {
        self.place(cursor) > cursor.next
    }

    /// Returns an entry that is kept.
    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        let slot = self.slots.get((number - self.head) as usize);
        slot.map(|slot| &slot.value)
    }

    /// Moves the cursor past `count` unread entries, or to the end.
    pub(crate) fn skip(&mut self, cursor: &mut Cursor, count: u64, unneeded: &mut Vec<T>) {
        let place = self.place(cursor);
        cursor.next = (place + count).min(self.tail());
        if self.classes[cursor.class()].move_on(place, cursor.next) {
            self.trim(unneeded);
        }
    }

    /// Returns the number of the cursor's oldest unread entry.
    pub(crate) fn place(&self, cursor: &Cursor) -> u64 {
        cursor.next.max(self.classes[cursor.class()].floor)
    }

    /// Returns the bytes of all entries before one that is kept, or before the tail.
    fn offset(&self, number: u64) -> u64 {
        let slot = self.slots.get((number - self.head) as usize);
        slot.map_or(self.end_offset, |slot| slot.offset)
    }

    /// Finds the class of a bound whose cursors may have the entry of a number unread, or makes one
    /// in the place of a class without cursors.
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
        // The class has no cursors.
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
}

impl<T: Clone> Log<T> {
    /// Takes the cursor's oldest unread entry, or `None` if it has read all.
    ///
    /// The last reader of an entry that is kept no longer receives the entry itself, every other
    /// reader a clone.
    pub(crate) fn take(&mut self, cursor: &mut Cursor) -> Option<T> {
        self.take_if(cursor, |_| true)
    }

    /// As [`take`](Self::take), if the entry is wanted.
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
                // No other cursor has to be counted.
                class.shift();
                true
            }
            _ => class.move_on(place, cursor.next),
        };
        if is_last && self.front_is_unneeded() {
            // The front was needed before this read, so it is the entry that was just read.
            return self.pop_front();
        }
        Some(slot.value.clone())
    }
}
