//! ServerOptions: how much a server lends to its clients.

use std::time::Duration;

use crate::model::limit::{Overflow, QueueLimit};
use crate::server::accept::peers::Peers;

/// The limits of a [`SocketServer`](super::SocketServer).
///
/// Each bounds one thing. What all queues hold together is bounded by the product of `channels`, `listeners` and the bytes of
/// `queue`, and by nothing else: choose them together.
///
/// ```
/// use eric_sse::server::{Peers, ServerOptions};
///
/// let options = ServerOptions { connections: 100, peers: Peers::SameGroup, ..ServerOptions::default() };
/// assert_eq!(options.request_bytes, 1024 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ServerOptions {
    /// The longest request in bytes, without its line feed; 1 MiB by default.
    pub request_bytes: usize,
    /// How long a client may take from the first byte of a request to its end, and from its connection to the
    /// end of its first request; 10 seconds by default. Answers have to be taken within the same time.
    pub read_timeout: Duration,
    /// The most connections at a time; 4,096 by default.
    pub connections: usize,
    /// The most channels; 16,384 by default.
    pub channels: usize,
    /// The most listeners of one channel, watchers included; 65,536 by default.
    pub listeners: usize,
    /// How much may wait for a listener; by default 65,536 messages and 16 MiB, then the oldest are dropped and
    /// the listener is told by one `_eric_gap`.
    pub queue: Option<QueueLimit>,
    /// The reconnection time that events carry; 15 seconds by default.
    pub retry: Duration,
    /// How long streams have at the end of the server to pass on what is queued, and at the end of their listener to
    /// pass on what was taken; 2 seconds by default.
    pub grace: Duration,
    /// Who may connect; the server's own user by default.
    pub peers: Peers,
}

impl ServerOptions {
    /// The default bound of a listener's queue.
    pub const QUEUE: QueueLimit = QueueLimit {
        messages: 65_536,
        bytes: 16 * 1024 * 1024,
        overflow: Overflow::DropOldest,
    };
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            request_bytes: 1024 * 1024,
            read_timeout: Duration::from_secs(10),
            connections: 4096,
            channels: 16_384,
            listeners: 65_536,
            queue: Some(Self::QUEUE),
            retry: Duration::from_secs(15),
            grace: Duration::from_secs(2),
            peers: Peers::default(),
        }
    }
}
