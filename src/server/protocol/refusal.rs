//! Refusal: the answer to a request that was not carried out.
//!
//! It is one line of JSON, `{"error":{"code","message"}}`. The code is the exception's; the message
//! starts with the exception's name. It repeats nothing of a request except an id, which is cut.

use std::fmt;

use serde_json::json;

use crate::model::error::Error;

/// A code and a text, which starts with the exception's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// The code of a request that is refused because of a limit of the server.
pub(crate) const LIMIT: &str = "ERIC_LIMIT";

/// The code of a connection that is refused because of the user of its process.
pub(crate) const FORBIDDEN: &str = "ERIC_FORBIDDEN";

impl Refusal {
    /// Refuses because of a limit. The text says which one.
    pub(crate) fn limit(text: impl fmt::Display) -> Self {
        Self {
            code: LIMIT,
            message: format!("LimitException: {text}"),
        }
    }

    /// Refuses a process of another user.
    pub(crate) fn forbidden() -> Self {
        Self {
            code: FORBIDDEN,
            message: "ForbiddenException: the server does not serve processes of this user".into(),
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
        /// A `QueueFullException` names every listener that is full, which may be many.
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
