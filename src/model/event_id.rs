//! Event ids, checked when they are made.

use crate::model::error::InvalidMessageFormat;
use crate::model::line;
use crate::model::position::Position;
use crate::model::shared::Shared;
use crate::model::text;

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
    /// [`InvalidMessageFormat`] if it contains CR, LF or NUL.
    pub fn new(text: impl Into<Shared<str>>) -> Result<Self, InvalidMessageFormat> {
        let text = text.into();
        line::check("event id", &text)?;
        Ok(Self(text))
    }

    /// Takes a text in the form of this crate's ids: letters, digits and `.`, `_`, `-`.
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
