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
    /// `last` before the last message or gap was taken, to undo that. Only one step is remembered.
    before_last: Option<Position>,
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
            before_last: None,
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

    /// Records that a message or a gap was handed over.
    pub(super) fn hand_over(&mut self, position: Position) {
        self.before_last = Some(self.last);
        self.last = position;
    }

    /// Records that a message was skipped. The step before it stays the one that can be undone.
    pub(super) fn skip(&mut self, position: Position) {
        self.last = position;
    }

    /// Records that the message at a position was given back.
    pub(super) fn undo(&mut self, position: Position) {
        let preceding = position.preceding_broadcast();
        let before = self.before_last.take().unwrap_or(preceding);
        self.last = match self.last == position {
            true => before,
            // Messages for other listeners were skipped since.
            false => preceding.min(self.last),
        };
    }

    /// Records that the reader goes back, or forward, to a position.
    pub(super) fn restart(&mut self, position: Position) {
        self.high_water = self.high_water.max(self.last);
        self.last = position;
        self.before_last = None;
    }

    /// Records that a dispatch is no longer in the inbox.
    pub(super) fn lose(&mut self, position: Position) {
        self.lost = self.lost.max(position);
    }

    /// Returns whether the last position says everything.
    pub(super) fn is_plain(&self) -> bool {
        let preceding = self.last.preceding_broadcast();
        self.lost == Position::broadcast(0)
            && self.high_water <= self.last
            && self.before_last.is_none_or(|before| before == preceding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broadcast(sequence: u64) -> Position {
        Position::broadcast(sequence)
    }

    #[test]
    fn the_last_step_is_undone_exactly_and_older_ones_to_the_preceding_broadcast() {
        let mut progress = Progress::at(Position::dispatch(17, 3));
        progress.hand_over(broadcast(18));
        progress.hand_over(broadcast(19));
        progress.undo(broadcast(19));
        assert_eq!(progress.last(), broadcast(18));
        progress.undo(broadcast(18));
        assert_eq!(progress.last(), broadcast(17));
    }

    #[test]
    fn a_message_is_given_back_behind_others_that_were_skipped() {
        let mut progress = Progress::at(broadcast(4));
        progress.hand_over(broadcast(5));
        progress.skip(broadcast(6));
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
        progress.hand_over(broadcast(9));
        assert!(!progress.is_plain());
        progress.hand_over(broadcast(10));
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
