//! Event: one block of an event stream, legal by construction.
//!
//! The setters validate, so that encoding cannot fail. What would break a line is refused, never
//! repaired: a type of `x\ndata: forged` with its line feed stripped is still not what was meant.
//!
//! The format is that of the [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html).

use crate::model::error::InvalidMessageFormat;
use crate::model::position::Position;
use crate::model::shared::Shared;
use crate::model::text;
use crate::wire::encode;

/// The type of the event that ends a stream whose channel was closed.
pub(crate) const CHANNEL_CLOSED: &str = "_eric_channel_closed";

/// The type of the event that carries an event id and nothing else.
pub(crate) const POSITION: &str = "_eric_position";

/// The type of an event: not empty, and free of CR, LF and NUL.
///
/// An empty type is refused because the standard reads it as `message`.
///
/// ```
/// # use eric_sse::EventType;
/// assert!(EventType::new("tick").is_ok());
/// assert!(EventType::new("tick\ndata: forged").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventType(Shared<str>);

impl EventType {
    /// Validates an event type.
    ///
    /// # Errors
    ///
    /// [`InvalidMessageFormat`] when it is empty or holds CR, LF or NUL.
    pub fn new(text: impl Into<Shared<str>>) -> Result<Self, InvalidMessageFormat> {
        let text = text.into();
        if text.is_empty() {
            return Err(InvalidMessageFormat::new("the event type is empty"));
        }
        fits_a_line("event type", &text)?;
        Ok(Self(text))
    }

    /// Returns the type of the event that ends a stream whose channel was closed,
    /// `_eric_channel_closed`.
    pub fn channel_closed() -> Self {
        Self::reserved(CHANNEL_CLOSED)
    }

    /// Returns the type of the event with which a stream starts, `_eric_position`. It carries an
    /// event id and empty data: a client that has it has everything up to that id.
    pub fn position() -> Self {
        Self::reserved(POSITION)
    }

    pub(crate) fn reserved(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns `message`, the type of an event that names none.
    pub fn message() -> Self {
        Self("message".into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of an event, which a client sends back as `Last-Event-ID`: free of CR, LF and NUL.
///
/// NUL is refused because of a rule of the standard: "If the field value does not contain U+0000
/// NULL, then set the last event ID buffer to the field value."
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId(Shared<str>);

impl EventId {
    /// Validates an event id.
    ///
    /// # Errors
    ///
    /// [`InvalidMessageFormat`] when it holds CR, LF or NUL.
    pub fn new(text: impl Into<Shared<str>>) -> Result<Self, InvalidMessageFormat> {
        let text = text.into();
        fits_a_line("event id", &text)?;
        Ok(Self(text))
    }

    /// Takes a text that has the form of ours: letters, digits and `.`, `_`, `-`.
    pub(crate) fn of_ours(text: &str) -> Self {
        Self(text.into())
    }

    /// Joins an epoch, which is hexadecimal, and a position, which is digits and a dot.
    pub(crate) fn of_position(epoch: &str, position: Position) -> Self {
        let mut text = text::joined(&[epoch, "-"]);
        position.write(&mut text);
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns a heartbeat: it keeps an idle connection alive, and its failure shows that the client has
/// left. Without an event id it is a comment, which clients ignore. With the id up to which the
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

const UNFIT: &str = ", which does not fit in a line of an event stream";

fn fits_a_line(what: &str, value: &str) -> Result<(), InvalidMessageFormat> {
    match value.bytes().find(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        None => Ok(()),
        Some(byte) => {
            let name = match byte {
                b'\r' => "a carriage return",
                b'\n' => "a line feed",
                _ => "a NUL",
            };
            let parts = ["the ", what, " contains ", name, UNFIT];
            Err(InvalidMessageFormat::new(text::joined(&parts)))
        }
    }
}
