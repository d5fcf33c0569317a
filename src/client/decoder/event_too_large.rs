//! The error of an event that is too large.

use std::error::Error;
use std::fmt;

/// An event has more bytes than a decoder keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTooLarge {
    pub(super) max_event_bytes: usize,
}

impl EventTooLarge {
    /// Returns the bound that the event exceeds.
    pub fn max_event_bytes(&self) -> usize {
        self.max_event_bytes
    }
}

impl fmt::Display for EventTooLarge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.max_event_bytes;
        write!(
            formatter,
            "an event of the stream has more than {most} bytes"
        )
    }
}

impl Error for EventTooLarge {}
