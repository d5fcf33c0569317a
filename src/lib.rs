//! Messaging over Server-Sent Events: channels, listeners and streams on one log.
//!
//! A [channel](SseChannel) sends [messages](Message) to its [listeners](MessageQueueListener): a
//! dispatch to one of them, a broadcast to all. A listener reads its messages one by one, as a
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
//! assert_eq!(events.len(), 3); // both messages, and the event of the closed channel
//! # Ok::<(), eric_sse::Error>(())
//! ```
//!
//! ## Bytes for a response
//!
//! [`SseChannel::watch_bytes`] gives the body of an HTTP response with the content type
//! `text/event-stream`. It is a [`Stream`](futures_core::Stream) of chunks, for any server that
//! runs local tasks. A client that reconnects sends the header `Last-Event-ID`:
//! [`AbstractChannel::register_after`] replays what it missed, or delivers one [`Gap`].
//!
//! ```
//! use eric_sse::{Message, SseChannel};
//! use futures::{StreamExt, executor::block_on};
//!
//! let channel = SseChannel::new();
//! let body = channel.watch_bytes()?;
//! channel.broadcast(Message::new("price", 3.5)?)?;
//! channel.close();
//!
//! let chunks: Vec<_> = block_on(body.collect());
//! let text = String::from_utf8(chunks.concat()).expect("an event stream is UTF-8");
//! assert!(text.starts_with("retry: 15000\n"));
//! assert!(text.contains("event: price\n") && text.contains("data: 3.5\n"));
//! # Ok::<(), eric_sse::Error>(())
//! ```
//!
//! ## What holds
//!
//! - A listener receives messages in the order in which they were sent, each at most once.
//! - A queue stays within its [limit](QueueLimit), apart from messages that it replays. When it is
//!   full, its [`Overflow`] policy drops the oldest messages, disconnects the listener, or refuses
//!   the message.
//! - A message that was dropped is reported by a [`Gap`], which says where and why.
//! - A slow listener delays no other one: a broadcast is stored once, whatever the number of
//!   listeners.
//!
//! ## Threads and executors
//!
//! The core is single-threaded: a channel is neither `Send` nor `Sync`, and lives in one thread.
//! Messages and errors are both, so that they may cross threads. The core knows no runtime: its
//! streams run on any executor that runs local tasks, such as Tokio's `LocalSet`.
//!
//! ## Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `server` | the module `server`: a Unix-socket server on Tokio that shares channels between processes, and its client |
//! | `command` (default) | the command `eric`, and `server` |
//! | `client` | the module `client`: a decoder of event streams, and a client that reconnects |
//! | `npm` | the bindings of the npm package, for its own build alone |
//!
//! Without default features the crate is the core alone, without Tokio.
//!
//! A server is two lines: `eric_sse::server::SocketServer::start("/tmp/eric.sock")` serves until
//! SIGINT or SIGTERM, and `eric_sse::server::SocketClient::new("/tmp/eric.sock")` is a client of
//! it.

mod channel;
mod chunk;
#[cfg(feature = "client")]
pub mod client;
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
pub use channel::subscription::RegisterOptions;
pub use channel::{AbstractChannel, Delivered};
pub use model::error::{
    CallbackError, Error, InvalidChannelException, InvalidListenerException, InvalidMessageFormat,
    NoMessagesException, NoMessagesReason, QueueFullException, SendError,
};
pub use model::event_id::EventId;
pub use model::event_type::EventType;
pub use model::gap::{Gap, GapReason};
pub use model::limit::{History, Overflow, QueueLimit};
pub use model::message::{MESSAGE_BYTES, Message, Payload};
pub use model::position::Position;
pub use model::stats::{ChannelStats, ListenerStats, Tally};
pub use sse::channel::{SseChannel, SseOptions};
pub use sse::container::{Channel, ChannelContainer};
pub use sse::event_stream::{ByteStream, SseEvent, SseStream};
pub use stream::MessageStream;
pub use wire::event::{Event, heartbeat};
pub use wire::to_event::ToEvent;

/// The examples of the README, which run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// The examples of the recipe for Rust, which run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/recipes/rust.md")]
pub struct RustRecipe;

/// The examples of the recipe for a client in Rust, which run as tests.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../docs/recipes/rust-client.md")]
pub struct RustClientRecipe;
