//! Limits: how much is kept, for a slow listener and for clients that reconnect.

/// How much may wait for a listener, and what happens when more is sent.
///
/// Both bounds hold at once. One message that is heavier than `bytes` is let through when nothing
/// else waits.
///
/// ```
/// # use eric_sse::{Overflow, QueueLimit};
/// let limit = QueueLimit
/// { messages: 1024, overflow: Overflow::DropOldest, ..QueueLimit::NETWORK };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimit {
    /// The most messages that wait.
    pub messages: u64,
    /// The most bytes that wait, counted as [`ToEvent::bytes`](crate::ToEvent::bytes) counts them:
    /// the type and data, and [`MESSAGE_BYTES`](crate::MESSAGE_BYTES) for each message.
    pub bytes: u64,
    /// The effect of a further message.
    pub overflow: Overflow,
}

/// The effect of a message to a listener whose queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest waiting messages are dropped. The listener receives a gap with their number,
    /// once, before the next one.
    DropOldest,
    /// The listener's streams end. A client reconnects, and is replayed what the history has.
    Disconnect,
    /// The sender gets an error that names the full listeners, and the message back. A broadcast
    /// that the listener is [excepted](crate::AbstractChannel::broadcast_except) from is not
    /// refused: it waits beyond the limit until it is passed over.
    Refuse,
}

impl QueueLimit {
    /// The default for responses: 1,024 messages and 1 MiB, then the stream ends and the client
    /// reconnects.
    pub const NETWORK: Self = Self {
        messages: 1024,
        bytes: 1024 * 1024,
        overflow: Overflow::Disconnect,
    };
}

/// The history that a channel keeps for reconnecting clients: the newest messages within all three
/// bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History {
    /// The most broadcasts that are kept.
    pub messages: u64,
    /// The most bytes that are kept, counted as those of a [`QueueLimit`].
    pub bytes: u64,
    /// The age from which on they are not kept, in milliseconds.
    pub milliseconds: f64,
}

impl History {
    /// Keeps nothing.
    pub const NONE: Self = Self {
        messages: 0,
        bytes: 0,
        milliseconds: 0.0,
    };

    /// The default of an [`SseChannel`](crate::SseChannel): 1,024 messages, 1 MiB, 5 minutes.
    pub const DEFAULT: Self = Self {
        messages: 1024,
        bytes: 1024 * 1024,
        milliseconds: 300_000.0,
    };
}
