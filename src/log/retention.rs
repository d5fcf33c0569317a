//! Retention: which entries stay.
//!
//! An entry stays while a cursor has it unread, or while it is within the [`History`]. Otherwise it
//! is dropped, or moved to its last reader, in the call that ends its reason to stay. So memory
//! grows with the distance between the slowest cursor and the newest entry, never with entries
//! times cursors.

use crate::log::Log;
use crate::log::class::Class;
use crate::log::slot::Slot;
use crate::model::limit::History;

impl<T> Log<T> {
    /// Returns the number of the oldest entry within the history, or of the next one. Entries kept
    /// for slow cursors alone do not count: they may be dropped at any time.
    pub(crate) fn history_start(&self) -> u64 {
        let outside = |slot: &Slot<T>| {
            self.end_offset - slot.offset > self.history.bytes || slot.at <= self.horizon
        };
        let too_old = self.slots.partition_point(outside);
        let newest = self.tail().saturating_sub(self.history.messages);
        newest.max(self.head + too_old as u64)
    }

    /// Returns the bounds of the history for reconnecting clients.
    pub(crate) fn history(&self) -> History {
        self.history
    }

    /// Returns the number of the oldest entry kept, or of the next one; and whether every cursor
    /// has read everything.
    pub(crate) fn kept(&self) -> (u64, bool) {
        let all_read = self.classes.iter().all(|class| class.standing.is_empty());
        (self.head, all_read)
    }

    /// Removes the entries that are too old for the history at a time in milliseconds.
    pub(crate) fn expire(&mut self, at: f64, unneeded: &mut Vec<T>) {
        self.horizon = at - self.history.milliseconds;
        self.trim(unneeded);
    }

    /// Removes the entries at the front that no cursor has unread and the history does not keep.
    pub(super) fn trim(&mut self, unneeded: &mut Vec<T>) {
        while self.front_is_unneeded() {
            unneeded.extend(self.pop_front());
        }
    }

    /// Removes the oldest entry. Not inlined: only the last reader of an entry needs it, and the
    /// others would have to make room for it.
    #[inline(never)]
    pub(super) fn pop_front(&mut self) -> Option<T> {
        self.head += 1;
        self.slots.pop_front().map(|slot| slot.value)
    }

    /// Returns whether the oldest entry may go. Not inlined, as [`pop_front`](Self::pop_front).
    #[inline(never)]
    pub(super) fn front_is_unneeded(&self) -> bool {
        let Some(front) = self.slots.front() else {
            return false;
        };
        let is_unread = |class: &Class| !class.standing.is_empty() && class.first == self.head;
        let in_history = self.slots.len() as u64 <= self.history.messages
            && self.end_offset - front.offset <= self.history.bytes
            && front.at > self.horizon;
        !in_history && !self.classes.iter().any(is_unread)
    }
}
