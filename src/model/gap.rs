//! Gap: messages that a listener misses.

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
