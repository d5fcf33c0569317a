//! Gaps: the missing messages that a reader has yet to receive a gap for. This is the only place
//! that joins gaps.

use crate::model::gap::Gap;

/// The gaps that a reader has yet to receive, in the order in which they end.
///
/// A reader receives a gap once it has read everything up to its end. Two gaps with nothing between
/// them become one.
#[derive(Debug, Default)]
pub(crate) struct Gaps(Vec<Gap>);

impl Gaps {
    /// Adds a gap. The gaps that end before it become part of it.
    #[inline(never)]
    pub(crate) fn add(&mut self, mut gap: Gap) {
        let is_before = |other: &Gap| other.to <= gap.to;
        let mut behind = 0;
        while self.0.get(behind).is_some_and(is_before) {
            behind += 1;
        }
        // The gap that begins first is joined last: its reason and its beginning win.
        while behind > 0 {
            behind -= 1;
            gap.join(self.0.remove(behind));
        }
        self.0.insert(0, gap);
    }

    /// Returns the gap that ends first.
    pub(crate) fn first(&self) -> Option<&Gap> {
        self.0.first()
    }

    pub(super) fn take_first(&mut self) -> Gap {
        self.0.remove(0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
