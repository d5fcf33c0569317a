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

mod bytes;
mod channel;
mod chunk;
#[cfg(not(target_arch = "wasm32"))]
mod clock;
#[cfg(not(target_arch = "wasm32"))]
mod console;
mod container;
mod encode;
mod error;
mod event;
#[cfg(not(target_arch = "wasm32"))]
mod ids;
mod limit;
mod listener;
mod log;
mod message;
mod names;
mod pace;
mod position;
mod queue;
mod replay;
mod seat;
#[cfg(all(unix, not(target_arch = "wasm32"), feature = "server"))]
pub mod server;
mod sse;
mod sse_stream;
mod stats;
mod stream;
mod text;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod wasm;
#[cfg(target_arch = "wasm32")]
use wasm::{clock, console, ids};

pub use channel::{AbstractChannel, Delivered};
pub use container::ChannelContainer;
pub use error::{
    CallbackError, Error, InvalidChannelException, InvalidListenerException, InvalidMessageFormat,
    NoMessagesException, NoMessagesReason, QueueFullException, SendError,
};
pub use event::{Event, EventId, EventType, heartbeat};
pub use limit::{History, Overflow, QueueLimit};
pub use listener::{Filter, MessageQueueListener, OnMessage};
pub use message::{MESSAGE_BYTES, Message, Payload, ToEvent};
pub use position::Position;
pub use replay::{Gap, GapReason};
pub use seat::{Delivery, ListenerOptions};
pub use sse::{SseChannel, SseOptions};
pub use sse_stream::{ByteStream, SseEvent, SseStream};
pub use stats::{ChannelStats, ListenerStats, Tally};
pub use stream::MessageStream;

/// The examples of the README, which run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
