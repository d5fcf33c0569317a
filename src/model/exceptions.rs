//! The exceptions: one small type each, with a stable code.
//!
//! The names are those of the reference. A code is part of the public interface: programs branch on
//! it, in any language. A text may change.

use std::error::Error as StdError;
use std::fmt;

/// A channel is unknown, closed, or already registered.
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

/// A listener is unknown to the channel, or already registered with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidListenerException {
    message: String,
}

/// A message cannot be sent: its payload is not JSON, or its type would break a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMessageFormat {
    message: String,
}

/// There is nothing to deliver. Its [reason](NoMessagesException::reason) says why: the cases call
/// for different reactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMessagesException {
    message: String,
    reason: NoMessagesReason,
}

/// The queues of [listeners](QueueFullException::listeners) that refuse further messages are full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFullException {
    message: String,
    listeners: Vec<String>,
}

/// Why there is nothing to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMessagesReason {
    /// The queue is empty: try again after the next send.
    Empty,
    /// The listener is stopped: its messages are delivered once it is started.
    Stopped,
    /// The queue is empty and the channel is closed: no message will follow.
    Closed,
}

macro_rules! exception {
    ($name:ident, $code:literal) => {
        impl $name {
            /// The code, which stays the same when the text changes.
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
    };
}

exception!(InvalidChannelException, "ERIC_INVALID_CHANNEL");
exception!(InvalidListenerException, "ERIC_INVALID_LISTENER");
exception!(InvalidMessageFormat, "ERIC_INVALID_MESSAGE");
exception!(NoMessagesException, "ERIC_NO_MESSAGES");
exception!(QueueFullException, "ERIC_QUEUE_FULL");

impl InvalidChannelException {
    /// Creates the exception with a text, to pass on the exception of another process.
    pub fn with_message(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message }
    }

    pub(crate) fn closed() -> Self {
        Self::with_message("the channel is closed")
    }

    pub(crate) fn unknown(id: &str) -> Self {
        Self::with_message(quoting("no channel has the id ", id, ""))
    }

    pub(crate) fn registered(id: &str) -> Self {
        let message = quoting("a channel with the id ", id, " is already registered");
        Self::with_message(message)
    }
}

impl InvalidListenerException {
    /// Creates the exception with a text, to pass on the exception of another process.
    pub fn with_message(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message }
    }

    pub(crate) fn unknown(id: &str) -> Self {
        Self::with_message(quoting("no listener of the channel has the id ", id, ""))
    }

    /// The listener has left since it was looked up.
    pub(crate) fn removed() -> Self {
        Self::with_message("the listener was removed from the channel")
    }

    pub(crate) fn registered(id: &str) -> Self {
        let message = quoting("a listener with the id ", id, " is already registered");
        Self::with_message(message)
    }
}

impl InvalidMessageFormat {
    /// Creates the exception with a text, to pass on the exception of another process.
    pub fn with_message(message: impl Into<String>) -> Self {
        Self::new(message)
    }

    pub(crate) fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message }
    }
}

impl NoMessagesException {
    fn with_reason(reason: NoMessagesReason, message: &str) -> Self {
        let message = message.into();
        Self { message, reason }
    }

    pub(crate) fn empty() -> Self {
        let text = "no message is waiting for the listener";
        Self::with_reason(NoMessagesReason::Empty, text)
    }

    pub(crate) fn stopped() -> Self {
        let text = "the listener is stopped: start it to have its messages delivered";
        Self::with_reason(NoMessagesReason::Stopped, text)
    }

    pub(crate) fn closed() -> Self {
        let text = "no message is waiting for the listener, and the channel is closed";
        Self::with_reason(NoMessagesReason::Closed, text)
    }

    /// Returns why there is nothing to deliver.
    pub fn reason(&self) -> NoMessagesReason {
        self.reason
    }
}

impl QueueFullException {
    /// Creates the exception with a text, to pass on the exception of another process. Only its
    /// text names listeners.
    pub fn with_message(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            listeners: Vec::new(),
        }
    }

    pub(crate) fn new(listeners: Vec<String>) -> Self {
        let mut message = String::from("the queues of these listeners are full: ");
        for (i, id) in listeners.iter().enumerate() {
            if i > 0 {
                message.push_str(", ");
            }
            message.push_str(id);
        }
        Self { message, listeners }
    }

    /// Returns the ids of the listeners whose queues are full.
    pub fn listeners(&self) -> &[String] {
        &self.listeners
    }
}

/// Quotes an id between two texts, without control characters and cut to a length that no id of
/// this crate reaches. Written by hand: the formatting machinery would weigh more in WebAssembly
/// than the rest of this module.
fn quoting(before: &str, id: &str, after: &str) -> String {
    const LONGEST: usize = 80;
    let mut text = String::from(before);
    text.push('"');
    for shown in id.chars().filter(|c| !c.is_control()).take(LONGEST) {
        text.push(shown);
    }
    text.push('"');
    text.push_str(after);
    text
}
