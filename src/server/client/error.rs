//! SocketError: why a client's request failed, by the server's answer or the system's error.

use std::fmt;
use std::io;

use serde_derive::Deserialize;

use crate::model::error::{
    InvalidChannelException, InvalidListenerException, InvalidMessageFormat, QueueFullException,
};

/// Why a client's request failed.
#[derive(Debug)]
pub enum SocketError {
    /// The server refused it: see [`InvalidChannelException`].
    InvalidChannel(InvalidChannelException),
    /// The server refused it: see [`InvalidListenerException`].
    InvalidListener(InvalidListenerException),
    /// The server refused it, or it could not be sent: see [`InvalidMessageFormat`].
    InvalidMessage(InvalidMessageFormat),
    /// The server refused it: see [`QueueFullException`].
    QueueFull(QueueFullException),
    /// The server refused it for another reason: one of its limits, or the user of this process.
    Refused {
        /// `ERIC_LIMIT`, `ERIC_FORBIDDEN`, or a code of a newer server.
        code: String,
        /// Why.
        message: String,
    },
    /// The client cannot connect to the server.
    Connect(io::Error),
    /// The connection broke. The server may have carried the request out, or not.
    Broken(io::Error),
    /// The server's answer cannot be read.
    Answer(serde_json::Error),
}

impl SocketError {
    /// Returns the code of the server's answer; `None` if there was no answer.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::InvalidChannel(exception) => Some(exception.code()),
            Self::InvalidListener(exception) => Some(exception.code()),
            Self::InvalidMessage(exception) => Some(exception.code()),
            Self::QueueFull(exception) => Some(exception.code()),
            Self::Refused { code, .. } => Some(code),
            Self::Connect(_) | Self::Broken(_) | Self::Answer(_) => None,
        }
    }
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidChannel(exception) => exception.fmt(f),
            Self::InvalidListener(exception) => exception.fmt(f),
            Self::InvalidMessage(exception) => exception.fmt(f),
            Self::QueueFull(exception) => exception.fmt(f),
            Self::Refused { message, .. } => f.write_str(message),
            Self::Connect(error) => write!(f, "cannot connect: {error}"),
            Self::Broken(error) => write!(f, "the connection broke: {error}"),
            Self::Answer(error) => write!(f, "the answer cannot be read: {error}"),
        }
    }
}

impl std::error::Error for SocketError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect(error) | Self::Broken(error) => Some(error),
            Self::Answer(error) => Some(error),
            _ => None,
        }
    }
}

pub(super) fn not_json(error: serde_json::Error) -> SocketError {
    let message = format!("the payload cannot be written as JSON: {error}");
    SocketError::InvalidMessage(InvalidMessageFormat::with_message(message))
}

/// Returns the error of an answer, if the answer is one.
pub(super) fn refusal(answer: &[u8]) -> Option<SocketError> {
    #[derive(Deserialize)]
    struct Line {
        error: Body,
    }
    #[derive(Deserialize)]
    struct Body {
        code: String,
        message: String,
    }
    if !answer.starts_with(b"{\"error\"") {
        return None;
    }
    let Body { code, message } = match serde_json::from_slice::<Line>(answer) {
        Ok(line) => line.error,
        Err(error) => return Some(SocketError::Answer(error)),
    };
    // The exception's name is the type's here, so the text does without it.
    let text = message.split_once(": ").map_or(&*message, |(_, text)| text);
    Some(match &*code {
        InvalidChannelException::CODE => {
            SocketError::InvalidChannel(InvalidChannelException::with_message(text))
        }
        InvalidListenerException::CODE => {
            SocketError::InvalidListener(InvalidListenerException::with_message(text))
        }
        InvalidMessageFormat::CODE => {
            SocketError::InvalidMessage(InvalidMessageFormat::with_message(text))
        }
        QueueFullException::CODE => SocketError::QueueFull(QueueFullException::with_message(text)),
        _ => SocketError::Refused { code, message },
    })
}
