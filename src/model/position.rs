//! Position: the place of a message in its channel's order.

use std::fmt;

/// The place of a message in the order of its channel, and the second half of its event id.
///
/// The broadcasts of a channel have the sequence numbers 1, 2, 3 and so on. A dispatch is between
/// two broadcasts. It has the number of the last broadcast before it, or 0. Its second number
/// counts all dispatches of the channel, whichever listeners they are for.
///
/// Written as `17` for a broadcast and as `17.3` for a dispatch after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    sequence: u64,
    /// 0 for a broadcast, which is before the dispatches that follow it.
    dispatch: u64,
}

impl Position {
    pub(crate) fn broadcast(sequence: u64) -> Self {
        Self {
            sequence,
            dispatch: 0,
        }
    }

    pub(crate) fn dispatch(sequence: u64, dispatch: u64) -> Self {
        Self { sequence, dispatch }
    }

    /// Returns the number of the newest broadcast at this place: its own, for a broadcast.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns its number among the dispatches of the channel; 0 for a broadcast.
    pub(crate) fn dispatch_number(&self) -> u64 {
        self.dispatch
    }

    /// Returns the position of the newest broadcast before this one.
    pub(crate) fn preceding_broadcast(self) -> Self {
        match self.is_dispatch() {
            true => Self::broadcast(self.sequence),
            false => Self::broadcast(self.sequence.saturating_sub(1)),
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        let mut buffer = itoa::Buffer::new();
        out.push_str(buffer.format(self.sequence));
        if self.is_dispatch() {
            out.push('.');
            out.push_str(buffer.format(self.dispatch));
        }
    }

    /// Returns whether the message was sent to one listener alone.
    pub fn is_dispatch(&self) -> bool {
        self.dispatch > 0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispatch_stands_between_two_broadcasts() {
        let (before, after) = (Position::broadcast(17), Position::broadcast(18));
        let between = Position::dispatch(17, 3);
        assert!(before < between && between < after);
        assert_eq!(format!("{before} {between}"), "17 17.3");
    }
}
