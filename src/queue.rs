//! What one listener has still to read: its cursor into the channel's log, merged with its lane.
//!
//! ## Delivery order
//!
//! Broadcasts stand in the log, for everybody. Dispatches stand in the lane, for this listener
//! alone. A dispatch remembers the newest broadcast at the moment it was sent; it is read after that
//! broadcast and before the next one, and dispatches among themselves are read first in, first out.
//! So a listener reads everything in exactly the order in which it was sent, and a broadcast needs no
//! entry per listener for it.

use std::collections::VecDeque;

use crate::log::{Cursor, Log};
use crate::position::Position;

/// One listener's unread entries, in the order in which they were sent.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    cursor: Cursor,
    lane: VecDeque<(Position, T)>,
    /// How many entries were ever dispatched to this listener; numbers the next one.
    dispatched: u64,
}

impl<T: Clone> Queue<T> {
    /// Creates a queue of what is sent from now on.
    pub(crate) fn attach(log: &mut Log<T>) -> Self {
        Self {
            cursor: log.attach(),
            lane: VecDeque::new(),
            dispatched: 0,
        }
    }

    /// Gives the cursor back. Returns what nobody reads any more, for the caller to drop once it
    /// holds no borrow.
    #[must_use = "dropping the entries may run foreign code: do it outside of the borrow"]
    pub(crate) fn detach(self, log: &mut Log<T>) -> Vec<T> {
        let mut dropped = log.detach(self.cursor);
        dropped.extend(self.lane.into_iter().map(|(_, entry)| entry));
        dropped
    }

    /// Returns the position that the next dispatch gets.
    pub(crate) fn next_dispatch(&self, log: &Log<T>) -> Position {
        Position::dispatch(log.tail() - 1, self.dispatched + 1)
    }

    /// Adds an entry for this listener alone.
    pub(crate) fn dispatch(&mut self, position: Position, entry: T) {
        self.dispatched += 1;
        self.lane.push_back((position, entry));
    }

    /// Gives back the entry that was just taken: it is the oldest unread one again.
    pub(crate) fn give_back(&mut self, position: Position, entry: T) {
        self.lane.push_front((position, entry));
    }

    /// Takes the oldest unread entry, or `None` when there is none.
    pub(crate) fn take(&mut self, log: &mut Log<T>) -> Option<T> {
        if self.lane_is_next() {
            return self.lane.pop_front().map(|(_, entry)| entry);
        }
        log.take(&mut self.cursor)
    }

    /// Returns how many entries are unread.
    pub(crate) fn len(&self, log: &Log<T>) -> u64 {
        self.lane.len() as u64 + log.waiting(&self.cursor)
    }

    /// Returns the cursor when broadcasts are all that is unread: what other listeners at the same
    /// place read too, and may share.
    pub(crate) fn shared(&mut self) -> Option<&mut Cursor> {
        self.lane.is_empty().then_some(&mut self.cursor)
    }

    /// Whether the front of the lane was sent before the broadcast that the cursor reads next.
    fn lane_is_next(&self) -> bool {
        let front = self.lane.front();
        front.is_some_and(|(position, _)| position.sequence() < self.cursor.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The plain model: one list per listener, to which every send appends.
        #[test]
        fn broadcasts_and_dispatches_are_read_as_sent(
            actions in prop::collection::vec((0usize..4, 0usize..3), 0..200),
        ) {
            let mut log = Log::new();
            let mut queues: Vec<_> = (0..3).map(|_| (Queue::attach(&mut log), VecDeque::new())).collect();
            for (number, (action, at)) in actions.into_iter().enumerate() {
                let (queue, model) = &mut queues[at];
                match action {
                    0 => {
                        log.append(number);
                        queues.iter_mut().for_each(|(_, model)| model.push_back(number));
                    }
                    1 => {
                        let position = queue.next_dispatch(&log);
                        queue.dispatch(position, number);
                        model.push_back(number);
                    }
                    2 => prop_assert_eq!(queue.take(&mut log), model.pop_front()),
                    _ => {
                        let (old, _) = std::mem::replace(
                            &mut queues[at],
                            (Queue::attach(&mut log), VecDeque::new()),
                        );
                        drop(old.detach(&mut log));
                    }
                }
                for (queue, model) in &queues {
                    prop_assert_eq!(queue.len(&log), model.len() as u64);
                }
            }
        }
    }
}
