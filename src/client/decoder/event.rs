//! An event, as a decoder makes it.

use std::sync::Arc;

use serde::de::DeserializeOwned;

/// An event, as an `EventSource` would dispatch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedEvent {
    /// The event type; `message` where the stream names none.
    pub event_type: Arc<str>,
    /// The data: the values of all `data` fields, with a line feed between two.
    pub data: String,
    /// The last event ID as of this event.
    pub last_event_id: Arc<str>,
}

impl ReceivedEvent {
    /// Reads the data as JSON.
    ///
    /// # Errors
    ///
    /// When the data is no JSON text, or none of a `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// use eric_sse::client::EventStreamDecoder;
    ///
    /// let events = EventStreamDecoder::new().push(b"data: [1, 2]\n\n")?;
    /// let numbers: Vec<u64> = events[0].json()?;
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.data)
    }
}
