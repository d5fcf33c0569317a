//! Messaging over Server-Sent Events: channels, listeners and streams on one log.
//!
//! A [channel](SseChannel) sends [messages](Message) to its [listeners](MessageQueueListener): to one
//! of them by dispatch, to all by broadcast. A listener's messages are read one by one, as a
//! stream of [events](SseEvent), or as the [bytes](ByteStream) of a `text/event-stream`.
//!
//! ```
//! use eric_sse::{Message, SseChannel};
//! use futures::{StreamExt, executor::block_on};
//!
//! let channel = SseChannel::new();
//! let alice = channel.add_listener()?;
//! alice.start_sync();
//!
//! channel.broadcast(Message::new("news", "hello everybody")?)?;
//! channel.dispatch(alice.id(), Message::new("news", "hello alice")?)?;
//! channel.close();
//!
//! let events: Vec<_> = block_on(channel.message_stream(&alice)?.collect());
//! assert_eq!(events.len(), 3); // both, and the one that says that the channel was closed
//! # Ok::<(), eric_sse::Error>(())
//! ```
//!
//! The core is single-threaded: its types are neither `Send` nor `Sync`. It knows no runtime; streams
//! are [`futures_core::Stream`]s and run on any executor that runs local tasks.

mod channel;
mod chunk;
mod log;
mod model;
mod platform;
mod queue;
#[cfg(all(unix, not(target_arch = "wasm32"), feature = "server"))]
pub mod server;
mod sse;
mod stream;
#[cfg(all(target_arch = "wasm32", feature = "npm"))]
#[doc(hidden)]
pub mod wasm;
mod wire;

pub use channel::listener::{Filter, MessageQueueListener, OnMessage};
pub use channel::sent::Delivery;
pub use channel::subscription::ListenerOptions;
pub use channel::{AbstractChannel, Delivered};
pub use model::error::{
    CallbackError, Error, InvalidChannelException, InvalidListenerException, InvalidMessageFormat,
    NoMessagesException, NoMessagesReason, QueueFullException, SendError,
};
pub use model::gap::{Gap, GapReason};
pub use model::limit::{History, Overflow, QueueLimit};
pub use model::message::{MESSAGE_BYTES, Message, Payload, ToEvent};
pub use model::position::Position;
pub use model::stats::{ChannelStats, ListenerStats, Tally};
pub use sse::channel::{SseChannel, SseOptions};
pub use sse::container::{Channel, ChannelContainer};
pub use sse::event_stream::{ByteStream, SseEvent, SseStream};
pub use stream::MessageStream;
pub use wire::event::{Event, EventId, EventType, heartbeat};

/// The examples of the README, which run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
