//! Event: one block of an event stream, legal by construction.
//!
//! The setters validate, so that encoding cannot fail. What would break a line is refused, never
//! repaired: a type of `x\ndata: forged` with its line feed stripped is still not what was meant.
//!
//! The format is that of the
//! [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html).

use crate::model::event_id::EventId;
use crate::model::event_type::EventType;
use crate::model::shared::Shared;
use crate::wire::encode;

/// Returns a heartbeat: it keeps an idle connection alive, and its failure shows that the client
/// has left. Without an event id it is a comment, which clients ignore. With the id up to which the
/// client has everything it is an event of type `_eric_position` with empty data.
///
/// ```
/// # use eric_sse::{EventId, heartbeat};
/// assert_eq!(heartbeat(None), b":\n\n");
/// let id = EventId::new("7")?;
/// assert_eq!(heartbeat(Some(&id)), b":\nevent: _eric_position\nid: 7\ndata:\n\n");
/// # Ok::<(), eric_sse::InvalidMessageFormat>(())
/// ```
pub fn heartbeat(last: Option<&EventId>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::note(&mut bytes, None, last, true);
    bytes
}

/// One block of an event stream.
///
/// A field that was not set is not written. Data that is present but empty is written, as an empty
/// `data` field: that is what makes a client dispatch the event.
///
/// ```
/// # use eric_sse::{Event, EventId, EventType};
/// let event = Event::new(EventType::new("tick")?)
///     .with_id(EventId::new("7")?)
///     .with_data("one\ntwo");
/// assert_eq!(event.to_string(), "event: tick\nid: 7\ndata: one\ndata: two\n\n");
/// # Ok::<(), eric_sse::InvalidMessageFormat>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    event_type: EventType,
    id: Option<EventId>,
    retry: Option<u64>,
    data: Shared<str>,
}

impl Event {
    /// Creates an event of a type, with empty data.
    pub fn new(event_type: EventType) -> Self {
        Self {
            event_type,
            id: None,
            retry: None,
            data: "".into(),
        }
    }

    /// Sets the id.
    #[must_use]
    pub fn with_id(mut self, id: EventId) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the reconnection time, in milliseconds.
    #[must_use]
    pub fn with_retry(mut self, milliseconds: u64) -> Self {
        self.retry = Some(milliseconds);
        self
    }

    /// Sets the data. It may hold any text: it is written as one `data` field per line.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Shared<str>>) -> Self {
        self.data = data.into();
        self
    }

    /// Returns the type.
    pub fn event_type(&self) -> &EventType {
        &self.event_type
    }

    /// Returns the data.
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Appends the block's bytes, with the empty line that ends it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        if let Some(milliseconds) = self.retry {
            encode::retry_field(out, milliseconds);
        }
        encode::event_field(out, &self.event_type);
        if let Some(id) = &self.id {
            encode::id_field(out, id);
        }
        encode::data_fields(out, &self.data);
        encode::end_of_block(out);
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        f.write_str(&String::from_utf8_lossy(&bytes))
    }
}
