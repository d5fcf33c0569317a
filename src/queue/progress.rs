//! Progress: how far a reader has come.

use crate::model::position::Position;

/// How far the reader of a queue has come.
///
/// # Invariants
///
/// - `last` is never behind an unread entry of the queue, except one that the client says it has.
/// - `high_water` changes only when the reader goes back.
#[derive(Debug)]
pub(crate) struct Progress {
    /// The position handed over last. The client has everything up to it, or a gap for what is
    /// missing.
    last: Position,
    /// The newest value of `last` before the reader went back. Zero if it never did.
    high_water: Position,
    /// Dispatches up to this position may be missing from the inbox.
    lost: Position,
}

impl Progress {
    /// The progress of a reader that has everything up to a position.
    pub(super) fn at(last: Position) -> Self {
        let nothing = Position::broadcast(0);
        Self {
            last,
            high_water: nothing,
            lost: nothing,
        }
    }

    pub(super) fn last(&self) -> Position {
        self.last
    }

    pub(super) fn high_water(&self) -> Position {
        self.high_water
    }

    pub(super) fn lost(&self) -> Position {
        self.lost
    }

    /// Records that a message or a gap was handed over, or skipped.
    pub(super) fn advance(&mut self, position: Position) {
        self.last = position;
    }

    /// Records that a message was given back. `before` is `last` before it was taken.
    pub(super) fn undo(&mut self, before: Position) {
        // An older message may have been given back before.
        self.last = self.last.min(before);
    }

    /// Records that the reader goes back, or forward, to a position.
    pub(super) fn restart(&mut self, position: Position) {
        self.high_water = self.high_water.max(self.last);
        self.last = position;
    }

    /// Records that a dispatch is no longer in the inbox.
    pub(super) fn lose(&mut self, position: Position) {
        self.lost = self.lost.max(position);
    }

    /// Returns whether the last position alone says the same.
    pub(super) fn is_plain(&self) -> bool {
        self.lost == Position::broadcast(0) && self.high_water <= self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broadcast(sequence: u64) -> Position {
        Position::broadcast(sequence)
    }

    #[test]
    fn each_step_is_undone_exactly() {
        let mut progress = Progress::at(Position::dispatch(17, 3));
        progress.advance(broadcast(18));
        progress.advance(broadcast(19));
        progress.undo(broadcast(18));
        assert_eq!(progress.last(), broadcast(18));
        progress.undo(Position::dispatch(17, 3));
        assert_eq!(progress.last(), Position::dispatch(17, 3));
    }

    #[test]
    fn a_message_is_given_back_behind_others_that_were_skipped() {
        let mut progress = Progress::at(broadcast(4));
        progress.advance(broadcast(5));
        progress.advance(broadcast(6));
        progress.undo(broadcast(4));
        assert_eq!(progress.last(), broadcast(4));
    }

    #[test]
    fn messages_are_given_back_in_the_order_in_which_they_were_taken() {
        let mut progress = Progress::at(broadcast(4));
        progress.advance(broadcast(5));
        progress.advance(broadcast(6));
        progress.undo(broadcast(4));
        progress.undo(broadcast(5));
        assert_eq!(progress.last(), broadcast(4));
    }

    #[test]
    fn a_restart_keeps_the_high_water_mark() {
        let mut progress = Progress::at(broadcast(9));
        progress.restart(broadcast(2));
        progress.restart(broadcast(5));
        assert_eq!(progress.last(), broadcast(5));
        assert_eq!(progress.high_water(), broadcast(9));
        assert!(!progress.is_plain());
        progress.advance(broadcast(8));
        assert!(!progress.is_plain());
        progress.advance(broadcast(9));
        assert!(progress.is_plain());
    }

    #[test]
    fn a_lost_dispatch_is_never_found_again() {
        let mut progress = Progress::at(broadcast(3));
        progress.lose(Position::dispatch(2, 4));
        progress.lose(Position::dispatch(1, 2));
        assert_eq!(progress.lost(), Position::dispatch(2, 4));
        assert!(!progress.is_plain());
    }
}
