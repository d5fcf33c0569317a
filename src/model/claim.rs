//! Claim: the event id that a client says it has received last.

use crate::model::event_id::EventId;
use crate::model::gap::GapReason;
use crate::model::position::Position;
use crate::model::text;

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
