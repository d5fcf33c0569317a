//! Refusal: why a request was not carried out, as a client is told.
//!
//! One line of JSON, `{"error":{"code","message"}}`. The code is the exception's; the message starts with the exception's
//! name. It never repeats more of a request than an id, and that cut.

use std::fmt;

use serde_json::json;

use crate::model::error::Error;

/// A code and a text, which starts with the exception's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// The code of what is refused because a limit of the server was reached.
pub(crate) const LIMIT: &str = "ERIC_LIMIT";

/// The code of what is refused to everybody but the server's own user.
pub(crate) const FORBIDDEN: &str = "ERIC_FORBIDDEN";

impl Refusal {
    /// The message says which limit.
    pub(crate) fn limit(which: impl fmt::Display) -> Self {
        Self {
            code: LIMIT,
            message: format!("LimitException: {which}"),
        }
    }

    /// The peer belongs to somebody else.
    pub(crate) fn forbidden() -> Self {
        Self {
            code: FORBIDDEN,
            message: "ForbiddenException: the server serves other users only".into(),
        }
    }

    /// Writes the line.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let line = json!({ "error": { "code": self.code, "message": self.message } });
        out.extend_from_slice(line.to_string().as_bytes());
        out.push(b'\n');
    }
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        /// The text of a `QueueFullException` names everybody who is full.
        const LONGEST: usize = 400;
        let error = error.into();
        let name = match &error {
            Error::InvalidChannel(_) => "InvalidChannelException",
            Error::InvalidListener(_) => "InvalidListenerException",
            Error::InvalidMessage(_) => "InvalidMessageFormat",
            Error::NoMessages(_) => "NoMessagesException",
            Error::QueueFull(_) => "QueueFullException",
            Error::Callback(_) => "CallbackError",
        };
        let mut message = format!("{name}: {error}");
        if let Some((cut, _)) = message.char_indices().nth(LONGEST) {
            message.truncate(cut);
            message.push('…');
        }
        Self {
            code: error.code(),
            message,
        }
    }
}
