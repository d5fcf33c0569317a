//! The exceptions: one small type each, every one with a stable code.
//!
//! The names are the reference's. [`Error`] is their sum, for the calls that can fail in more than
//! one way. The codes are part of the public interface: a program branches on them, in any
//! language; texts may change.

use std::error::Error as StdError;
use std::fmt;

use crate::model::text;

/// A channel is unknown, closed, or registered already.
///
/// ```
/// # use eric_sse::SseChannel;
/// let channel = SseChannel::new();
/// channel.close();
/// assert_eq!(channel.add_listener().unwrap_err().code(), "ERIC_INVALID_CHANNEL");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidChannelException {
    message: String,
}

/// A listener is unknown to the channel, or registered with it already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidListenerException {
    message: String,
}

/// A message cannot be put on the wire: its payload is not JSON, or its type would break a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMessageFormat {
    message: String,
}

/// There is nothing to deliver. Says [why](NoMessagesException::reason): the cases call for different
/// answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMessagesException {
    message: String,
    reason: NoMessagesReason,
}

/// A listener has no room for a message and refuses it. Says [who](QueueFullException::listeners).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFullException {
    message: String,
    listeners: Vec<String>,
}

/// A message that could not be sent, and why.
pub struct SendError<M> {
    message: M,
    error: Error,
}

/// Why there is nothing to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMessagesReason {
    /// Nothing is waiting: try again after the next send.
    Empty,
    /// The listener is stopped: what is waiting is delivered once it is started.
    Stopped,
    /// Nothing is waiting and the channel is closed: nothing ever will.
    Closed,
}

/// What a listener's `on_message` returned instead of accepting a message.
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

macro_rules! exception {
    ($name:ident, $code:literal, $variant:ident) => {
        impl $name {
            /// The code that stays the same whatever the text says.
            pub const CODE: &'static str = $code;

            /// Returns [`CODE`](Self::CODE).
            pub fn code(&self) -> &'static str {
                Self::CODE
            }

            pub(crate) fn text(&self) -> &str {
                &self.message
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text())
            }
        }

        impl StdError for $name {}

        impl From<$name> for Error {
            fn from(exception: $name) -> Self {
                Self::$variant(exception)
            }
        }
    };
}

exception!(
    InvalidChannelException,
    "ERIC_INVALID_CHANNEL",
    InvalidChannel
);
exception!(
    InvalidListenerException,
    "ERIC_INVALID_LISTENER",
    InvalidListener
);
exception!(InvalidMessageFormat, "ERIC_INVALID_MESSAGE", InvalidMessage);
exception!(NoMessagesException, "ERIC_NO_MESSAGES", NoMessages);
exception!(QueueFullException, "ERIC_QUEUE_FULL", QueueFull);

impl InvalidChannelException {
    /// Creates the exception with a text, for who passes on that of another process.
    pub fn with_message(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }

    pub(crate) fn closed() -> Self {
        Self {
            message: "the channel is closed".into(),
        }
    }

    pub(crate) fn unknown(id: &str) -> Self {
        Self {
            message: quoting("no channel has the id ", id),
        }
    }

    pub(crate) fn registered(id: &str) -> Self {
        Self {
            message: quoting("a channel is registered already with the id ", id),
        }
    }
}

impl InvalidListenerException {
    /// Creates the exception with a text, for who passes on that of another process.
    pub fn with_message(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }

    pub(crate) fn unknown(id: &str) -> Self {
        Self {
            message: quoting("no listener of the channel has the id ", id),
        }
    }

    pub(crate) fn registered(id: &str) -> Self {
        Self {
            message: quoting("a listener is registered already with the id ", id),
        }
    }
}

impl InvalidMessageFormat {
    /// Creates the exception with a text, for who passes on that of another process.
    pub fn with_message(message: impl Into<String>) -> Self {
        Self::new(message)
    }

    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl NoMessagesException {
    pub(crate) fn empty() -> Self {
        Self {
            message: "no message is waiting for the listener".into(),
            reason: NoMessagesReason::Empty,
        }
    }

    pub(crate) fn stopped() -> Self {
        Self {
            message: "the listener is stopped: start it to have its messages delivered".into(),
            reason: NoMessagesReason::Stopped,
        }
    }

    pub(crate) fn closed() -> Self {
        Self {
            message: "no message is waiting for the listener, and the channel is closed".into(),
            reason: NoMessagesReason::Closed,
        }
    }

    /// Returns why there is nothing.
    pub fn reason(&self) -> NoMessagesReason {
        self.reason
    }
}

impl QueueFullException {
    /// Creates the exception with a text, for who passes on that of another process. It names no listeners but
    /// in its text.
    pub fn with_message(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            listeners: Vec::new(),
        }
    }

    pub(crate) fn new(listeners: Vec<String>) -> Self {
        let mut parts = vec!["the queue is full of listener"];
        for id in &listeners {
            parts.push(if parts.len() > 1 { ", " } else { " " });
            parts.push(id);
        }
        let message = text::joined(&parts);
        Self { message, listeners }
    }

    /// Returns the ids of the listeners that are full.
    pub fn listeners(&self) -> &[String] {
        &self.listeners
    }
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

    /// Gives the message back.
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

impl<M> StdError for SendError<M> {}

impl<M> From<SendError<M>> for Error {
    fn from(refused: SendError<M>) -> Self {
        refused.error
    }
}

impl Error {
    /// Returns the exception's stable code; for a callback's error `ERIC_CALLBACK`.
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

    /// Returns the exception's text, for those who do without formatting; nothing for a callback's error, whose
    /// text has to be formatted.
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

impl StdError for Error {}

/// Quotes an id behind an error's text: without control characters, and cut when it is longer than any of ours.
/// Done by hand, since the formatting machinery would weigh more than the rest of this module in WebAssembly.
fn quoting(text: &str, id: &str) -> String {
    const LONGEST: usize = 80;
    let mut text = String::from(text);
    text.push('"');
    for shown in id.chars().filter(|c| !c.is_control()).take(LONGEST) {
        text.push(shown);
    }
    text.push('"');
    text
}
