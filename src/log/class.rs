//! Cursors of one bound, counted by the entry that they read next.

use std::collections::VecDeque;

use crate::log::cursor::Bound;
use crate::log::slot::Slot;

/// All cursors of one bound.
///
/// # Invariants
///
/// - `standing[i]` is how many cursors read entry `first + i` next, up to the newest entry; its
///   first count is not zero.
/// - Without such cursors `standing` is empty, and `first` has no meaning.
/// - A cursor whose `next` is below `floor` counts as standing at `floor`.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) bound: Bound,
    /// How many cursors the class has.
    pub(super) cursors: usize,
    pub(super) first: u64,
    pub(super) standing: VecDeque<usize>,
    /// How many have read everything. An append makes the new entry the next one that they read.
    at_tail: usize,
    /// The number of the oldest entry that a cursor of this class may have unread.
    pub(super) floor: u64,
}

impl Class {
    /// An entry was appended: the cursors at the tail now stand at it.
    pub(super) fn appended(&mut self, number: u64) {
        let count = std::mem::take(&mut self.at_tail);
        if self.standing.is_empty() {
            if count == 0 {
                return;
            }
            self.first = number;
        }
        self.standing.push_back(count);
    }

    /// Returns whether the slowest cursors exceed the bound.
    pub(super) fn is_over<T>(&self, slots: &VecDeque<Slot<T>>, end_offset: u64) -> bool {
        let unread = self.standing.len();
        if unread as u64 > self.bound.entries {
            return true;
        }
        let unread_bytes = || end_offset - slots[slots.len() - unread].offset;
        unread > 1 && unread_bytes() > self.bound.bytes
    }

    /// Makes the cursors at the oldest entry miss it.
    pub(super) fn let_go(&mut self) {
        self.shift();
        self.floor = self.first;
    }

    /// Moves the cursors at the oldest entry to the next one. Not inlined in the npm package, where
    /// size matters more.
    #[cfg_attr(feature = "npm", inline(never))]
    pub(super) fn shift(&mut self) {
        let count = self.standing.pop_front().unwrap_or(0);
        self.first += 1;
        match self.standing.front_mut() {
            Some(next) => *next += count,
            None => self.at_tail += count,
        }
    }

    /// Moves a cursor forward. Returns whether no cursor stands at the oldest entry any more.
    pub(super) fn move_on(&mut self, from: u64, to: u64) -> bool {
        if from == to {
            return false;
        }
        // The new place first: a cursor that stands alone would empty `standing`, which then has to
        // be filled with zeros again.
        match self.standing.get_mut((to - self.first) as usize) {
            Some(count) => *count += 1,
            None => self.at_tail += 1,
        }
        self.leave_entry(from)
    }

    /// Counts a cursor at an entry, or at the tail.
    pub(super) fn stand(&mut self, number: u64, tail: u64) {
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

    /// Stops counting a cursor at an entry, or at the tail.
    pub(super) fn leave(&mut self, number: u64, tail: u64) {
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
