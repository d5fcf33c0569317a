//! Gap: messages that a listener misses; and the event id that a client claims.

use crate::model::event_id::EventId;
use crate::model::event_type::EventType;
use crate::model::position::Position;
use crate::model::text;

/// The type of the event of a gap.
pub(crate) const GAP: &str = "_eric_gap";

/// Messages that a listener misses. It receives the gap once, before the next message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why they are missing.
    pub reason: GapReason,
    /// How many messages are missing, if that is known. It is not if the gap was joined with one
    /// without a count.
    pub missed: Option<u64>,
    /// The event id after which messages are missing; `None` if the client has no valid id. It is
    /// older than the newest id of the client if the gap was joined with an older one.
    pub from: Option<EventId>,
    /// The end of the gap: every message that follows is newer than this position.
    pub to: Position,
}

/// Why messages are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// The channel has not issued this id.
    Unknown,
    /// The id is from another life of the channel.
    Epoch,
    /// The history does not reach back to the id.
    Expired,
    /// Messages dispatched to this listener may be missing up to `to`: it was removed in the
    /// meantime, or they were evicted after delivery. The count is unknown, unless the client
    /// presents an id that it was never sent.
    Forgotten,
    /// The listener was too slow, and its limit says to drop the oldest.
    Overflow,
}

impl GapReason {
    /// Returns the reason as it appears in the data of the event.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Epoch => "epoch",
            Self::Expired => "expired",
            Self::Forgotten => "forgotten",
            Self::Overflow => "overflow",
        }
    }
}

impl Gap {
    /// Dispatches may be missing between an id that a client has and a position.
    pub(crate) fn forgotten(from: EventId, to: Position) -> Self {
        Self {
            reason: GapReason::Forgotten,
            missed: None,
            from: Some(from),
            to,
        }
    }

    /// The id that a client has is not from this life of the channel.
    pub(crate) fn foreign(reason: GapReason, from: Option<EventId>, to: Position) -> Self {
        Self {
            reason,
            missed: None,
            from,
            to,
        }
    }

    /// A known number of messages is missing behind an id that a client has.
    pub(crate) fn counted(reason: GapReason, missed: u64, from: EventId, to: Position) -> Self {
        Self {
            reason,
            missed: Some(missed),
            from: Some(from),
            to,
        }
    }

    /// Messages were dropped from a full queue.
    pub(crate) fn overflow(missed: u64, from: EventId, to: Position) -> Self {
        Self::counted(GapReason::Overflow, missed, from, to)
    }

    /// Becomes the gap that begins as another one, which ends before it.
    pub(crate) fn join(&mut self, other: Self) {
        self.missed = match (self.missed, other.missed) {
            (Some(missed), Some(more)) => Some(missed + more),
            _ => None,
        };
        // Broadcasts are missing too, which the reason of the joined gap has to say.
        if other.reason != GapReason::Forgotten {
            self.reason = other.reason;
        }
        self.from = other.from;
    }

    /// The type of the event that tells of a gap, `_eric_gap`.
    pub fn event_type() -> EventType {
        EventType::reserved(GAP)
    }

    /// Returns the event's data, a JSON object `{ reason, missed?, from, to }`.
    pub fn data(&self, to: &EventId) -> String {
        let mut number = itoa::Buffer::new();
        let (named, missed) = match self.missed {
            Some(missed) => (",\"missed\":", number.format(missed)),
            None => ("", ""),
        };
        // Ids are letters, digits and `.`, `_`, `-`: nothing to escape.
        let (quote, from) = match &self.from {
            Some(from) => ("\"", from.as_str()),
            None => ("", "null"),
        };
        text::joined(&[
            "{\"reason\":\"",
            self.reason.as_str(),
            "\"",
            named,
            missed,
            ",\"from\":",
            quote,
            from,
            quote,
            ",\"to\":\"",
            to.as_str(),
            "\"}",
        ])
    }
}

/// The event id that a client claims to have received last.
#[derive(Debug)]
pub(crate) enum Claim {
    /// Everything up to a position of this life of the channel.
    At(EventId, Position),
    /// An id that this channel has not issued; the id, if it can be read, and whose it may be.
    Foreign(GapReason, Option<EventId>),
}

/// The last event id that a client sends, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LastEventId {
    /// A position of this life of the channel.
    Known(EventId, Position),
    /// An id of the right form from another life.
    OtherEpoch(EventId),
    Unknown,
}

impl LastEventId {
    /// The longest id that a channel issues.
    const LONGEST: usize = 64;

    /// Reads `<epoch>-<sequence>`, or `<epoch>-<sequence>.<dispatch>`.
    pub(crate) fn parse(text: &str, epoch: &str) -> Self {
        let Some((its_epoch, position)) = parts(text) else {
            return Self::Unknown;
        };
        let id = EventId::of_ours(text);
        match its_epoch == epoch {
            true => Self::Known(id, position),
            false => Self::OtherEpoch(id),
        }
    }
}

/// Takes an id apart into its epoch and its position.
pub(crate) fn parts(id: &str) -> Option<(&str, Position)> {
    if id.len() > LastEventId::LONGEST {
        return None;
    }
    let (epoch, place) = text::split(id, b'-')?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    let position = match text::split(place, b'.') {
        // Dispatches count from 1.
        Some((sequence, dispatch)) => {
            let dispatch = number(dispatch).filter(|count| *count > 0)?;
            Position::dispatch(number(sequence)?, dispatch)
        }
        None => Position::broadcast(number(place)?),
    };
    let legal = !epoch.is_empty() && epoch.bytes().all(legal);
    legal.then_some((epoch, position))
}

/// Reads a number in the form in which ids have it: digits without a sign or a leading zero. A
/// number in an id has at most 16 digits, which cannot overflow.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 16 || (text.starts_with('0') && text.len() > 1) {
        return None;
    }
    text.bytes().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u64::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let known = |text: &str, sequence, dispatch| {
            let id = EventId::new(text).unwrap();
            assert_eq!(
                LastEventId::parse(text, "e0"),
                LastEventId::Known(id, Position::dispatch(sequence, dispatch))
            );
        };
        known("e0-17", 17, 0);
        known("e0-17.3", 17, 3);
        known("e0-0.1", 0, 1);
        assert!(matches!(
            LastEventId::parse("e1-17", "e0"),
            LastEventId::OtherEpoch(_)
        ));
        let long = format!("e0-{}", "1".repeat(80));
        for text in [
            "",
            "-",
            "-1",
            "e0",
            "e0-",
            "e0-x",
            "e0--1",
            "e0-+1",
            "e0-01",
            "e0-1.",
            "e0-1.0",
            "e0-1.18446744073709551615",
            "e0-1.03",
            "e0-1.2.3",
            "e0-1 ",
            "e0-1\n",
            "e0-99999999999999999999",
            "e0-1\0",
            "e0-é",
            &long,
        ] {
            assert_eq!(
                LastEventId::parse(text, "e0"),
                LastEventId::Unknown,
                "{text:?}"
            );
        }
    }
}
