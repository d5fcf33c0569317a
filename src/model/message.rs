//! Message: an event type and a payload.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::error::InvalidMessageFormat;
use crate::model::event_type::EventType;
use crate::model::shared::Shared;

/// A payload, serialised when the message was made and shared by all receivers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Payload {
    /// No payload: an event with empty data.
    #[default]
    None,
    /// A string, which is its own data.
    Text(Shared<str>),
    /// Any other JSON value, as JSON text.
    Json(Shared<str>),
}

impl Payload {
    /// Returns the data of the event that carries this payload: a string itself, JSON text for any
    /// other value, and an empty text without a payload.
    pub fn data(&self) -> Shared<str> {
        match self {
            Self::None => "".into(),
            Self::Text(text) | Self::Json(text) => text.clone(),
        }
    }
}

/// A container of information identified by a type.
///
/// Cheap to clone. To validate messages at delivery, give a listener an
/// [`on_message`](crate::MessageQueueListener::with_on_message).
///
/// ```
/// # use eric_sse::Message;
/// let message = Message::new("price", [1, 2])?;
/// assert_eq!(message.event_type(), "price");
/// assert_eq!(message.payload::<Vec<u32>>()?, Some(vec![1, 2]));
/// assert_eq!(Message::signal("stop")?.payload::<u32>()?, None);
/// # Ok::<(), eric_sse::InvalidMessageFormat>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    pub(crate) event_type: EventType,
    payload: Payload,
}

impl Message {
    /// Creates a message; its payload is serialised here, once.
    ///
    /// A payload that serialises to a JSON string is the event's data as it is. Any other one is
    /// written as JSON text.
    ///
    /// # Errors
    ///
    /// [`InvalidMessageFormat`] if the type is not an [`EventType`], or the payload cannot be
    /// written as JSON (a map whose keys are not strings, or a `Serialize` that fails).
    pub fn new(
        event_type: impl Into<Shared<str>>,
        payload: impl Serialize,
    ) -> Result<Self, InvalidMessageFormat> {
        let event_type = EventType::new(event_type)?;
        let text = serde_json::to_string(&payload).map_err(not_json)?;
        let payload = if text.starts_with('"') {
            let text: String = serde_json::from_str(&text).map_err(not_json)?;
            Payload::Text(text.into())
        } else {
            Payload::Json(text.into())
        };
        Ok(Self {
            event_type,
            payload,
        })
    }

    /// Creates a message without a payload.
    ///
    /// # Errors
    ///
    /// [`InvalidMessageFormat`] if the type is not an [`EventType`].
    pub fn signal(event_type: impl Into<Shared<str>>) -> Result<Self, InvalidMessageFormat> {
        Ok(Self::from_parts(EventType::new(event_type)?, Payload::None))
    }

    /// Creates a message of valid parts.
    pub fn from_parts(event_type: EventType, payload: Payload) -> Self {
        Self {
            event_type,
            payload,
        }
    }

    /// Returns the type.
    pub fn event_type(&self) -> &str {
        self.event_type.as_str()
    }

    /// Returns the payload as it was serialised.
    pub fn raw_payload(&self) -> &Payload {
        &self.payload
    }

    /// Reads the payload; `None` if the message has no payload.
    ///
    /// # Errors
    ///
    /// [`InvalidMessageFormat`] if the payload is not a `T`.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<Option<T>, InvalidMessageFormat> {
        let value = match &self.payload {
            Payload::None => return Ok(None),
            Payload::Text(text) => {
                serde_json::from_value(serde_json::Value::String(text.to_string()))
            }
            Payload::Json(text) => serde_json::from_str(text),
        };
        value.map(Some).map_err(not_json)
    }
}

/// The bytes that a message counts for beside its type and data. A kept message takes about as many
/// in WebAssembly and JavaScript together.
pub const MESSAGE_BYTES: u64 = 256;

fn not_json(error: serde_json::Error) -> InvalidMessageFormat {
    InvalidMessageFormat::new(format!("the payload does not fit: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(payload: impl Serialize) -> String {
        let message = Message::new("t", payload).unwrap();
        message.raw_payload().data().to_string()
    }

    #[test]
    fn a_string_is_its_own_data_and_any_other_value_its_json_text() {
        assert_eq!(data("say \"hi\"\n"), "say \"hi\"\n");
        assert_eq!(data(""), "");
        assert_eq!(data(42), "42");
        assert_eq!(data(None::<u8>), "null");
        assert_eq!(data(["a", "b"]), r#"["a","b"]"#);
    }

    #[test]
    fn a_payload_that_json_cannot_carry_is_refused() {
        let keyed_by_lists = std::collections::BTreeMap::from([([1, 2], 3)]);
        let error = Message::new("t", keyed_by_lists).unwrap_err();
        assert_eq!(error.code(), "ERIC_INVALID_MESSAGE");
    }

    #[test]
    fn a_type_that_does_not_fit_a_line_is_refused() {
        for event_type in ["", "a\nb", "a\rb", "a\0b", "\r\n"] {
            assert!(Message::signal(event_type).is_err(), "{event_type:?}");
        }
    }
}
