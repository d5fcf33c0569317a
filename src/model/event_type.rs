//! Event types, checked when they are made.

use crate::model::error::InvalidMessageFormat;
use crate::model::line;
use crate::model::shared::Shared;

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
    /// [`InvalidMessageFormat`] if it is empty or contains CR, LF or NUL.
    pub fn new(text: impl Into<Shared<str>>) -> Result<Self, InvalidMessageFormat> {
        let text = text.into();
        if text.is_empty() {
            return Err(InvalidMessageFormat::new("the event type is empty"));
        }
        line::check("event type", &text)?;
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

    /// Returns `message`, the type of an event without an `event` field.
    pub fn message() -> Self {
        Self("message".into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
