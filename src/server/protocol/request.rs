//! Request: the verbs, with the fields that each needs.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::model::event_type::EventType;

/// A request of a client.
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

impl Request<'_> {
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
