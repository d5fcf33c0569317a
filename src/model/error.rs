//! [`Error`], the sum of the exceptions, and [`SendError`], which also holds the message.

use std::error::Error as StdError;
use std::fmt;

pub use crate::model::exceptions::{
    InvalidChannelException, InvalidListenerException, InvalidMessageFormat, NoMessagesException,
    NoMessagesReason, QueueFullException,
};

/// The error by which a listener's `on_message` refuses a message.
pub type CallbackError = Box<dyn StdError + Send + Sync>;

/// Any of the exceptions, or a callback's own error.
#[derive(Debug)]
pub enum Error {
    /// See [`InvalidChannelException`].
    InvalidChannel(InvalidChannelException),
    /// See [`InvalidListenerException`].
    InvalidListener(InvalidListenerException),
    /// See [`InvalidMessageFormat`].
    InvalidMessage(InvalidMessageFormat),
    /// See [`NoMessagesException`].
    NoMessages(NoMessagesException),
    /// See [`QueueFullException`].
    QueueFull(QueueFullException),
    /// The listener's `on_message` refused the message with this error.
    Callback(CallbackError),
}

macro_rules! from_exception {
    ($($name:ident => $variant:ident),+) => {
        $(impl From<$name> for Error {
            fn from(exception: $name) -> Self {
                Self::$variant(exception)
            }
        })+
    };
}

from_exception!(
    InvalidChannelException => InvalidChannel,
    InvalidListenerException => InvalidListener,
    InvalidMessageFormat => InvalidMessage,
    NoMessagesException => NoMessages,
    QueueFullException => QueueFull
);

impl Error {
    /// Returns the exception's stable code, or `ERIC_CALLBACK` for a callback's error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidChannel(exception) => exception.code(),
            Self::InvalidListener(exception) => exception.code(),
            Self::InvalidMessage(exception) => exception.code(),
            Self::NoMessages(exception) => exception.code(),
            Self::QueueFull(exception) => exception.code(),
            Self::Callback(_) => "ERIC_CALLBACK",
        }
    }

    /// Returns the exception's text, for callers that do without formatting. It is empty for a
    /// callback's error, whose text has to be formatted.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::InvalidChannel(exception) => exception.text(),
            Self::InvalidListener(exception) => exception.text(),
            Self::InvalidMessage(exception) => exception.text(),
            Self::NoMessages(exception) => exception.text(),
            Self::QueueFull(exception) => exception.text(),
            Self::Callback(_) => "",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Callback(error) => error.fmt(f),
            _ => f.write_str(self.text()),
        }
    }
}

/// The text of a callback's error is its own, so its source is too.
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Callback(error) => error.source(),
            _ => None,
        }
    }
}

/// A message that could not be sent, and the reason.
pub struct SendError<M> {
    message: M,
    error: Error,
}

impl<M> SendError<M> {
    pub(crate) fn new(message: M, error: impl Into<Error>) -> Self {
        Self {
            message,
            error: error.into(),
        }
    }

    /// Returns why the message could not be sent.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Returns the code of [`error`](Self::error).
    pub fn code(&self) -> &'static str {
        self.error.code()
    }

    /// Returns the message.
    pub fn into_message(self) -> M {
        self.message
    }
}

impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendError").field(&self.error).finish()
    }
}

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<M> StdError for SendError<M> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

impl<M> From<SendError<M>> for Error {
    fn from(refused: SendError<M>) -> Self {
        refused.error
    }
}
