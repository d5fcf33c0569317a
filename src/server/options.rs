//! ServerOptions: the limits that a server sets its clients.

use std::time::Duration;

use crate::model::limit::{Overflow, QueueLimit};
use crate::server::accept::peers::Peers;

/// The limits of a [`SocketServer`](super::SocketServer).
///
/// Each option limits one thing. Only the product of `channels`, `listeners` and the bytes of
/// `queue` limits what all queues hold together, so choose these three together.
///
/// ```
/// use eric_sse::server::{Peers, ServerOptions};
///
/// let options = ServerOptions {
///     connections: 100,
///     peers: Peers::SameGroup,
///     ..ServerOptions::default()
/// };
/// assert_eq!(options.request_bytes, 1024 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ServerOptions {
    /// The longest request in bytes, without its line feed; 1 MiB by default.
    pub request_bytes: usize,
    /// The time that a client has from the first byte of a request to its end, and from its
    /// connection to the end of its first request. The default is 10 seconds. It must read answers
    /// within the same time.
    pub read_timeout: Duration,
    /// The most connections at a time; 4,096 by default.
    pub connections: usize,
    /// The most channels; 16,384 by default.
    pub channels: usize,
    /// The most listeners of one channel, watchers included; 65,536 by default.
    pub listeners: usize,
    /// The limit of each listener's queue; by default 65,536 messages and 16 MiB. When the default
    /// is exceeded, the oldest messages are dropped and the listener receives one `_eric_gap`.
    pub queue: Option<QueueLimit>,
    /// The reconnection time that events carry; 15 seconds by default.
    pub retry: Duration,
    /// The time that streams have to deliver what is queued when the server ends, and what was
    /// taken when their listener ends; 2 seconds by default.
    pub grace: Duration,
    /// The peers that are admitted: by default, processes of the server's own user.
    pub peers: Peers,
}

impl ServerOptions {
    /// The default limit of a listener's queue.
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
