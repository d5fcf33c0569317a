//! The fields of a request, and the request that they make.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::error::InvalidMessageFormat;
use crate::model::event_type::EventType;
use crate::server::protocol::request::{MessageFields, Request};
use crate::server::protocol::sound::{Key, Sound};

pub(super) fn refused<T>(why: &str) -> Result<T, InvalidMessageFormat> {
    Err(InvalidMessageFormat::with_message(why))
}

pub(super) fn unreadable(error: serde_json::Error) -> InvalidMessageFormat {
    InvalidMessageFormat::with_message(format!("the request cannot be read: {error}"))
}

/// The fields of a request, each at most once.
#[derive(Default)]
pub(super) struct Fields<'a> {
    channel: Option<&'a RawValue>,
    verb: Option<&'a RawValue>,
    event_type: Option<&'a RawValue>,
    payload: Option<&'a RawValue>,
    listener: Option<&'a RawValue>,
    most: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    /// Returns the request that the fields make.
    pub(super) fn into_request(self) -> Result<Request<'a>, InvalidMessageFormat> {
        let Some(verb) = self.verb else {
            if self.channel.is_some() || self.listener.is_some() {
                return refused("the field \"v\", the verb, is missing");
            }
            return Ok(Request::BroadcastToAll(self.message()?));
        };
        let Some(verb) = string(verb, "the field \"v\", the verb, is not a string")? else {
            return refused("the field \"v\", the verb, is null");
        };
        Ok(match &*verb {
            "c" => Request::Create(self.chosen_id()?),
            "r" => Request::Register(self.channel()?),
            "d" => Request::Dispatch(self.channel()?, self.listener()?, self.message()?),
            "b" => Request::Broadcast(self.channel()?, self.message()?),
            "l" => Request::Listen(self.channel()?, self.listener()?, self.most()?),
            "w" => Request::Watch(self.channel()?, self.most()?),
            "rl" => Request::RemoveListener(self.channel()?, self.listener()?),
            "rc" => Request::RemoveChannel(self.channel()?),
            "s" => Request::Stats(self.optional_channel()?),
            _ => {
                return refused("the verb is unknown: it is one of c, r, d, b, l, w, rl, rc and s");
            }
        })
    }

    fn optional_channel(&self) -> Result<Option<Cow<'a, str>>, InvalidMessageFormat> {
        let Some(raw) = self.channel else {
            return Ok(None);
        };
        string(raw, "the field \"c\", a channel's id, is not a string")
    }

    fn channel(&self) -> Result<Cow<'a, str>, InvalidMessageFormat> {
        match self.optional_channel()? {
            Some(id) => Ok(id),
            None => refused("the field \"c\", a channel's id, is missing"),
        }
    }

    /// Returns the id that a client chooses for a channel. It has to fit in an answer, which is the
    /// bare id.
    fn chosen_id(&self) -> Result<Option<Cow<'a, str>>, InvalidMessageFormat> {
        const LONGEST: usize = 64;
        let fits =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':');
        let id = self.optional_channel()?;
        match &id {
            Some(id) if !(1..=LONGEST).contains(&id.len()) || !id.bytes().all(fits) => refused(
                "a channel's id has 1 to 64 characters: letters, digits, \".\", \"_\", \"-\" and \":\"",
            ),
            _ => Ok(id),
        }
    }

    fn listener(&self) -> Result<Cow<'a, str>, InvalidMessageFormat> {
        let id = match self.listener {
            Some(raw) => string(raw, "the field \"r\", a listener's id, is not a string")?,
            None => None,
        };
        match id {
            Some(id) => Ok(id),
            None => refused("the field \"r\", a listener's id, is missing"),
        }
    }

    /// Returns the number of events that the client wants.
    fn most(&self) -> Result<Option<u64>, InvalidMessageFormat> {
        match self.most.map(RawValue::get) {
            None | Some("null") => Ok(None),
            Some(text) => match text.parse() {
                Ok(most @ 1..) => Ok(Some(most)),
                _ => refused("the field \"n\", a number of events, must be a whole number above 0"),
            },
        }
    }

    fn message(&self) -> Result<MessageFields<'a>, InvalidMessageFormat> {
        let event_type = match self.event_type {
            Some(raw) => string(raw, "the field \"t\", a message's type, is not a string")?,
            None => None,
        };
        let Some(event_type) = event_type else {
            return refused("the field \"t\", a message's type, is missing");
        };
        if let Some(payload) = self.payload {
            serde_json::from_str::<Sound>(payload.get()).map_err(|error| {
                InvalidMessageFormat::with_message(format!("the payload is invalid: {error}"))
            })?;
        }
        Ok(MessageFields {
            event_type: EventType::new(event_type)?,
            payload: self.payload,
        })
    }
}

/// Reads a string; `None` for `null`.
fn string<'a>(
    raw: &'a RawValue,
    otherwise: &str,
) -> Result<Option<Cow<'a, str>>, InvalidMessageFormat> {
    let text = raw.get();
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('\\') => Ok(Some(Cow::Borrowed(inner))),
        Some(_) => {
            let string: String = serde_json::from_str(text).map_err(unreadable)?;
            Ok(Some(Cow::Owned(string)))
        }
        None if text == "null" => Ok(None),
        None => refused(otherwise),
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(Key(key)) = map.next_key()? {
            let field = match &*key {
                "c" => &mut fields.channel,
                "v" => &mut fields.verb,
                "t" => &mut fields.event_type,
                "p" => &mut fields.payload,
                "r" => &mut fields.listener,
                "n" => &mut fields.most,
                _ => {
                    let why = "a field is unknown: the fields are c, v, t, p, r and n";
                    return Err(A::Error::custom(why));
                }
            };
            if field.replace(map.next_value()?).is_some() {
                return Err(A::Error::custom("a field appears twice"));
            }
        }
        Ok(fields)
    }
}
