//! The requests: JSON objects, read strictly.
//!
//! A request has the fields `v` (the verb), `c` (a channel's id), `r` (a listener's id), `t` (a message's type), `p` (its
//! payload) and `n` (how many events). `null` in `c`, `r` or `n` is as good as none, as the reference has it; a message without a payload
//! has `null` as its data.
//!
//! ## What is refused
//!
//! Whatever is not one JSON object in UTF-8: a byte-order mark, `NaN`, a second value behind the first. A field
//! that is unknown, of the wrong type, missing, or there twice; the same key twice in an object of the payload, more
//! than 127 levels of nesting in it, a number that no double holds, half a surrogate pair. The texts say what is
//! wrong and at which column, and repeat nothing of the request.

pub(crate) mod refusal;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::error::InvalidMessageFormat;
use crate::wire::event::EventType;

/// What a client asks for.
#[derive(Clone, Debug)]
pub enum Request<'a> {
    /// `c`: create a channel, with the id if there is one.
    Create(Option<Cow<'a, str>>),
    /// `r`: add a listener to a channel.
    Register(Cow<'a, str>),
    /// `d`: dispatch to a listener, the second, of a channel.
    Dispatch(Cow<'a, str>, Cow<'a, str>, MessageFields<'a>),
    /// `b`: broadcast on a channel.
    Broadcast(Cow<'a, str>, MessageFields<'a>),
    /// No verb: broadcast on every channel.
    BroadcastToAll(MessageFields<'a>),
    /// `l`: start a listener, the second, of a channel and stream what it gets, or so many events of it.
    Listen(Cow<'a, str>, Cow<'a, str>, Option<u64>),
    /// `w`: watch a channel, for so many events if there is a number.
    Watch(Cow<'a, str>, Option<u64>),
    /// `rl`: remove a listener, the second, of a channel.
    RemoveListener(Cow<'a, str>, Cow<'a, str>),
    /// `rc`: remove a channel.
    RemoveChannel(Cow<'a, str>),
    /// `s`: the counters of the server, or of one channel.
    Stats(Option<Cow<'a, str>>),
}

/// A message in a request.
#[derive(Clone, Debug)]
pub struct MessageFields<'a> {
    /// The type.
    pub event_type: EventType,
    /// The payload, as it was written.
    pub payload: Option<&'a RawValue>,
}

impl<'a> Request<'a> {
    /// Reads a request.
    ///
    /// ```
    /// use eric_sse::server::Request;
    ///
    /// assert!(matches!(Request::parse(br#"{"v":"c"}"#), Ok(Request::Create(None))));
    /// let error = Request::parse(br#"{"v":"r"}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "the field \"c\", a channel's id, is missing");
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidMessageFormat`] when it is none.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, InvalidMessageFormat> {
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return refused("the request starts with a byte-order mark");
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return refused("the request is not UTF-8");
        };
        if !text.trim_ascii_start().starts_with('{') {
            return refused("the request is not a JSON object");
        }
        let fields: Fields<'a> = serde_json::from_str(text).map_err(unreadable)?;
        fields.into_request()
    }

    /// Returns the verb, for logs; `-` for none.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create(_) => "c",
            Self::Register(_) => "r",
            Self::Dispatch(..) => "d",
            Self::Broadcast(..) => "b",
            Self::BroadcastToAll(_) => "-",
            Self::Listen(..) => "l",
            Self::Watch(..) => "w",
            Self::RemoveListener(..) => "rl",
            Self::RemoveChannel(_) => "rc",
            Self::Stats(_) => "s",
        }
    }
}

fn refused<T>(why: &str) -> Result<T, InvalidMessageFormat> {
    Err(InvalidMessageFormat::new(why))
}

fn unreadable(error: serde_json::Error) -> InvalidMessageFormat {
    InvalidMessageFormat::new(format!("the request cannot be read: {error}"))
}

/// The fields of a request, each at most once.
#[derive(Default)]
struct Fields<'a> {
    channel: Option<&'a RawValue>,
    verb: Option<&'a RawValue>,
    event_type: Option<&'a RawValue>,
    payload: Option<&'a RawValue>,
    listener: Option<&'a RawValue>,
    most: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    fn into_request(self) -> Result<Request<'a>, InvalidMessageFormat> {
        let Some(verb) = self.verb else {
            if self.channel.is_some() || self.listener.is_some() {
                return refused("the field \"v\", the verb, is missing");
            }
            return Ok(Request::BroadcastToAll(self.message()?));
        };
        let Some(verb) = string(verb, "the field \"v\", the verb, is no string")? else {
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
        string(raw, "the field \"c\", a channel's id, is no string")
    }

    fn channel(&self) -> Result<Cow<'a, str>, InvalidMessageFormat> {
        match self.optional_channel()? {
            Some(id) => Ok(id),
            None => refused("the field \"c\", a channel's id, is missing"),
        }
    }

    /// An id that a client chooses has to fit in an answer, where it stands alone.
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
            Some(raw) => string(raw, "the field \"r\", a listener's id, is no string")?,
            None => None,
        };
        match id {
            Some(id) => Ok(id),
            None => refused("the field \"r\", a listener's id, is missing"),
        }
    }

    /// Returns how many events are wanted.
    fn most(&self) -> Result<Option<u64>, InvalidMessageFormat> {
        match self.most.map(RawValue::get) {
            None | Some("null") => Ok(None),
            Some(text) => match text.parse() {
                Ok(most @ 1..) => Ok(Some(most)),
                _ => refused("the field \"n\", how many events, is no whole number above 0"),
            },
        }
    }

    fn message(&self) -> Result<MessageFields<'a>, InvalidMessageFormat> {
        let event_type = match self.event_type {
            Some(raw) => string(raw, "the field \"t\", a message's type, is no string")?,
            None => None,
        };
        let Some(event_type) = event_type else {
            return refused("the field \"t\", a message's type, is missing");
        };
        if let Some(payload) = self.payload {
            let sound = serde_json::from_str::<Sound>(payload.get());
            sound.map_err(|error| {
                InvalidMessageFormat::new(format!("the payload cannot be passed on: {error}"))
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
    match text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    {
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
                            return Err(A::Error::custom(
                                "a field is unknown: they are c, v, t, p, r and n",
                            ));
                        }
                    };
                    if field.replace(map.next_value()?).is_some() {
                        return Err(A::Error::custom("a field is there twice"));
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A JSON value that every reader reads alike: no key twice in an object, no number out of range, no half
/// surrogate. The depth is bounded by `serde_json`.
struct Sound;

/// The key under which `serde_json` passes a number's text as an object, when another package of the
/// tree turns its feature `arbitrary_precision` on.
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SoundVisitor;
        impl<'de> Visitor<'de> for SoundVisitor {
            type Value = Sound;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_str<E>(self, _: &str) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sound, A::Error> {
                while seq.next_element::<Sound>()?.is_some() {}
                Ok(Sound)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sound, A::Error> {
                let mut keys = HashSet::new();
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    if key.0 == NUMBER {
                        let Key(number) = map.next_value()?;
                        if number.parse().is_ok_and(f64::is_infinite) {
                            return Err(A::Error::custom("number out of range"));
                        }
                        continue;
                    }
                    if !keys.insert(key) {
                        return Err(A::Error::custom("a key is there twice"));
                    }
                    map.next_value::<Sound>()?;
                }
                Ok(Sound)
            }
        }
        deserializer.deserialize_any(SoundVisitor)
    }
}
