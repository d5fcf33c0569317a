//! Plan: where a client continues, and which gaps it receives.
//!
//! One pure function answers this for every listener that brings a last event ID: a new one, and
//! one that is still at its channel. Only the [`Reach`] differs.
//!
//! ```text
//!   claim        reads next                                 gaps
//!   none         the next broadcast                         none (this case needs no plan)
//!   foreign      the broadcast that it read next before,    unknown or epoch, uncounted,
//!                or the history's first for a new listener    up to that broadcast
//!   a position   the broadcast behind it, or the oldest     see below
//!                one that is kept
//! ```
//!
//! A client that claims a position receives at most two gaps:
//!
//! - `forgotten`, uncounted, up to `lost`: if dispatches behind its position may be gone.
//! - `expired`, counted, up to the next unread entry: if broadcasts behind its position are gone.
//!   Dispatches older than a missing broadcast count as missing too. The reason is `forgotten`,
//!   with a count, if only dispatches are missing that the client claims to have and was never
//!   sent.
//!
//! If the second gap ends behind the first one, the two become one, uncounted. So they do if
//! nothing is replayed and dispatches are lost too.

use crate::model::claim::Claim;
use crate::model::gap::{Gap, GapReason};
use crate::model::position::Position;
use crate::queue::gaps::Gaps;

/// The part of the order that a subscription can offer to a client that reconnects.
pub(crate) struct Reach {
    /// The oldest broadcast that the client can be given.
    pub(crate) oldest: u64,
    /// The gap of a foreign id ends here.
    pub(crate) stay: Position,
    /// Dispatches up to this position may be gone.
    pub(crate) lost: Position,
    /// The newest position that was ever handed over.
    pub(crate) high_water: Position,
    /// How many entries of the inbox were read.
    pub(crate) read: usize,
}

/// Where a client goes on.
#[derive(Debug)]
pub(crate) struct Start {
    /// The position that the client has everything up to, and the broadcast that it reads next.
    /// `None` if it stays where it is.
    pub(crate) at: Option<(Position, u64)>,
    /// How many entries of the inbox count as read.
    pub(crate) read: usize,
    pub(crate) gaps: Gaps,
}

/// Decides where a client goes on. `inbox` are the dispatches that are kept for it, oldest first.
pub(crate) fn plan(claim: Claim, reach: &Reach, inbox: impl Iterator<Item = Position>) -> Start {
    let mut gaps = Gaps::default();
    let (id, claimed) = match claim {
        Claim::At(id, position) => (id, position),
        Claim::Foreign(reason, from) => {
            gaps.add(Gap::foreign(reason, from, reach.stay));
            let read = reach.read;
            return Start {
                at: None,
                read,
                gaps,
            };
        }
    };
    let wanted = claimed.sequence() + 1;
    let next = wanted.max(reach.oldest);
    let (mut read, mut expired, mut skipped) = (0, next - wanted, 0);
    let (mut newest_read, mut unread) = (Position::broadcast(0), Position::broadcast(next));
    for position in inbox {
        let is_claimed = position <= claimed;
        let is_lost = next > wanted && position.sequence() + 1 < next;
        if !is_claimed && !is_lost {
            unread = unread.min(position);
            break;
        }
        expired += u64::from(!is_claimed);
        skipped += u64::from(is_claimed && read >= reach.read && position > reach.high_water);
        newest_read = position;
        read += 1;
    }
    if reach.lost > claimed {
        gaps.add(Gap::forgotten(id.clone(), reach.lost));
    }
    let missed = expired + skipped;
    if missed > 0 {
        let reason = match expired {
            0 => GapReason::Forgotten,
            _ => GapReason::Expired,
        };
        let to = end_before(unread, [newest_read, reach.lost]).max(claimed);
        gaps.add(Gap::counted(reason, missed, id, to));
    }
    Start {
        at: Some((claimed, next)),
        read,
        gaps,
    }
}

/// Returns the newest position before an unread entry that a reader can have: the broadcast before
/// it, or a dispatch between the two.
#[inline(never)]
pub(super) fn end_before(unread: Position, dispatches: [Position; 2]) -> Position {
    let mut before = unread.preceding_broadcast();
    for dispatch in dispatches {
        if dispatch > before && dispatch < unread {
            before = dispatch;
        }
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event_id::EventId;

    /// `17` or `17.3`.
    fn at(text: &str) -> Position {
        let (sequence, dispatch) = text.split_once('.').unwrap_or((text, "0"));
        Position::dispatch(sequence.parse().unwrap(), dispatch.parse().unwrap())
    }

    struct Row {
        name: &'static str,
        /// A position; `unknown`, or `epoch`.
        claim: &'static str,
        oldest: u64,
        stay: &'static str,
        lost: &'static str,
        high_water: &'static str,
        /// The dispatches that were read, and those that were not.
        inbox: (&'static [&'static str], &'static [&'static str]),
        /// Where it goes on, how much of the inbox counts as read, and the gaps.
        start: &'static str,
    }

    const ROW: Row = Row {
        name: "",
        claim: "5",
        oldest: 3,
        stay: "9",
        lost: "0",
        high_water: "9",
        inbox: (&[], &[]),
        start: "",
    };

    #[rustfmt::skip]
    const TABLE: &[Row] = &[
        Row { name: "everything is kept", start: "next 6 read 0", ..ROW },
        Row { name: "the claim is the newest of the kept ones", claim: "2", start: "next 3 read 0", ..ROW },
        Row { name: "broadcasts are gone", oldest: 9, start: "next 9 read 0; expired 3 from 5 to 8", ..ROW },
        Row { name: "an unknown id", claim: "unknown", start: "stays read 0; unknown to 9", ..ROW },
        Row { name: "an id of another epoch", claim: "epoch", start: "stays read 0; epoch to 9", ..ROW },
        Row { name: "a foreign id leaves what was read", claim: "epoch", inbox: (&["4.1"], &["9.2"]),
              start: "stays read 1; epoch to 9", ..ROW },
        Row { name: "dispatches behind the claim are read again", inbox: (&["4.1", "5.2", "7.3"], &["9.4"]),
              start: "next 6 read 1", ..ROW },
        Row { name: "the claim is a dispatch", claim: "5.2", inbox: (&["4.1", "5.2", "7.3"], &[]),
              start: "next 6 read 2", ..ROW },
        Row { name: "a dispatch older than a missing broadcast is missing too", oldest: 9, inbox: (&["5.1", "7.2", "8.3"], &[]),
              start: "next 9 read 2; expired 5 from 5 to 8", ..ROW },
        Row { name: "lost dispatches, nothing else", lost: "7.4", start: "next 6 read 0; forgotten from 5 to 7.4", ..ROW },
        Row { name: "lost dispatches that the client has", lost: "4.4", start: "next 6 read 0", ..ROW },
        Row { name: "missing broadcasts, and lost dispatches behind what is replayed", oldest: 9, lost: "9.4",
              start: "next 9 read 0; expired 3 from 5 to 8; forgotten from 5 to 9.4", ..ROW },
        Row { name: "missing broadcasts, and lost dispatches among them", oldest: 9, lost: "7.4",
              start: "next 9 read 0; expired from 5 to 8", ..ROW },
        Row { name: "nothing is replayed, and dispatches are lost: one gap", oldest: 9, lost: "8.4",
              start: "next 9 read 0; expired from 5 to 8.4", ..ROW },
        Row { name: "a claimed dispatch was never sent to the client", claim: "9.2", high_water: "8", inbox: (&["7.1"], &["9.2"]),
              start: "next 10 read 2; forgotten 1 from 9.2 to 9.2", ..ROW },
        Row { name: "a claimed dispatch was sent before the client went back", claim: "9.2", high_water: "9.2", inbox: (&[], &["9.2"]),
              start: "next 10 read 1", ..ROW },
        Row { name: "a claim behind everything that was handed over", claim: "12", start: "next 13 read 0", ..ROW },
        Row { name: "the gap ends before the first unread dispatch", oldest: 9, inbox: (&[], &["8.1"]),
              start: "next 9 read 0; expired 3 from 5 to 8", ..ROW },
    ];

    fn shown(start: &Start, gaps: &[Gap]) -> String {
        let mut text = match start.at {
            Some((_, next)) => format!("next {next}"),
            None => "stays".to_owned(),
        };
        text += &format!(" read {}", start.read);
        for gap in gaps {
            text += &format!("; {}", gap.reason.as_str());
            text += &gap
                .missed
                .map_or(String::new(), |missed| format!(" {missed}"));
            let from = gap.from.as_ref();
            text += &from.map_or(String::new(), |from| format!(" from {}", from.as_str()));
            text += &format!(" to {}", gap.to);
        }
        text
    }

    #[test]
    fn every_row_of_the_table() {
        for row in TABLE {
            let claim = match row.claim {
                "unknown" => Claim::Foreign(GapReason::Unknown, None),
                "epoch" => Claim::Foreign(GapReason::Epoch, None),
                id => Claim::At(EventId::new(id).unwrap(), at(id)),
            };
            let reach = Reach {
                oldest: row.oldest,
                stay: at(row.stay),
                lost: at(row.lost),
                high_water: at(row.high_water),
                read: row.inbox.0.len(),
            };
            let inbox = row.inbox.0.iter().chain(row.inbox.1);
            let mut start = plan(claim, &reach, inbox.map(|text| at(text)));
            let mut gaps = Vec::new();
            while !start.gaps.is_empty() {
                gaps.push(start.gaps.take_first());
            }
            assert_eq!(shown(&start, &gaps), row.start, "{}", row.name);
        }
    }
}
