//! The requests: JSON objects, read strictly.
//!
//! A request has the fields `v` (the verb), `c` (a channel's id), `r` (a listener's id), `t` (a
//! message's type), `p` (its payload) and `n` (a number of events). As in the reference, `null` in
//! `c`, `r` or `n` counts as missing; a message without a payload has `null` as its data.
//!
//! ## What is refused
//!
//! - Anything except one JSON object in UTF-8: a byte-order mark, `NaN`, a second value after the
//!   first.
//! - A field that is unknown, missing, repeated, or of the wrong type.
//! - In the payload: a key that appears twice in an object, more than 127 levels of nesting, a number
//!   that no double holds, half a surrogate pair.
//!
//! The texts say what is wrong and at which column. They repeat nothing of the request.

mod fields;
pub(crate) mod refusal;
mod sound;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::model::error::InvalidMessageFormat;
use crate::server::protocol::fields::Fields;
use crate::wire::event::EventType;

/// What a client asks for.
#[derive(Clone, Debug)]
pub enum Request<'a> {
    /// `c`: create a channel, with the given id if there is one.
    Create(Option<Cow<'a, str>>),
    /// `r`: add a listener to a channel.
    Register(Cow<'a, str>),
    /// `d`: dispatch to a listener, the second id, of a channel.
    Dispatch(Cow<'a, str>, Cow<'a, str>, MessageFields<'a>),
    /// `b`: broadcast on a channel.
    Broadcast(Cow<'a, str>, MessageFields<'a>),
    /// No verb: broadcast on every channel.
    BroadcastToAll(MessageFields<'a>),
    /// `l`: start a listener, the second id, of a channel and stream its events, at most the given
    /// number of them.
    Listen(Cow<'a, str>, Cow<'a, str>, Option<u64>),
    /// `w`: watch a channel, for at most the given number of events.
    Watch(Cow<'a, str>, Option<u64>),
    /// `rl`: remove a listener, the second id, of a channel.
    RemoveListener(Cow<'a, str>, Cow<'a, str>),
    /// `rc`: remove a channel.
    RemoveChannel(Cow<'a, str>),
    /// `s`: return the counters of the server, or of one channel.
    Stats(Option<Cow<'a, str>>),
}

/// The message of a request.
#[derive(Clone, Debug)]
pub struct MessageFields<'a> {
    /// The type.
    pub event_type: EventType,
    /// The payload, as the client wrote it.
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
    /// [`InvalidMessageFormat`] if the bytes are not a valid request.
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

    /// Returns the verb, for logs; `-` if the request has none.
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
    Err(InvalidMessageFormat::with_message(why))
}

fn unreadable(error: serde_json::Error) -> InvalidMessageFormat {
    InvalidMessageFormat::with_message(format!("the request cannot be read: {error}"))
}
