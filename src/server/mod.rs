//! A server that shares channels between processes of any language, over a Unix socket.
//!
//! The core is single-threaded, and so is the server: it runs as local tasks of a current-thread
//! Tokio runtime. [`SocketServer::run`] is a future that is not `Send`: await it in `block_on`, or
//! in a `LocalSet`.
//!
//! ## Protocol
//!
//! A request is a JSON object with a verb `v`. Verbs need further fields: a channel's id `c`, a
//! listener's id `r`, a message's type `t` and its payload `p`. It ends with a line feed or with
//! the end of the client's writing side.
//!
//! | verb | does | answers |
//! | --- | --- | --- |
//! | `c` | creates a channel, with the id `c` if there is one | its id |
//! | `r` | adds a listener to channel `c` | its id |
//! | `d` | dispatches `t`, `p` to listener `r` of channel `c` | `ack` |
//! | `b` | broadcasts `t`, `p` on channel `c` | `ack` |
//! | none | broadcasts `t`, `p` on every channel | `ack` |
//! | `l` | starts listener `r` of channel `c` and streams its messages; with `n`, at most that number of events | a line `{"event","retry","data","id"}` per message |
//! | `w` | watches channel `c` with a listener of its own, which is removed with the connection; `n` as above | the same |
//! | `rl` | removes listener `r` of channel `c` | `ack` |
//! | `rc` | closes and removes channel `c` | `ack` |
//! | `s` | returns the counters of the server or of channel `c`, with those of the first 1,000 channels or listeners | a line of JSON |
//!
//! A connection carries any number of requests, which are answered in order. A line feed follows an
//! answer if one ended the request. An error is a line `{"error":{"code","message"}}`.
//!
//! ## Guarantees
//!
//! - A payload arrives as the JSON text that was sent.
//! - A listener without a reader keeps its messages, within the limit of its queue. Messages that a
//!   reader has not read when it leaves go to the next reader. Some may be delivered twice; none is
//!   lost.
//! - A client cannot harm the others: requests, queues, connections and waiting have limits, those
//!   of [`ServerOptions`].
//! - When the server ends, its streams receive what is queued and `_eric_channel_closed`. The
//!   stream of a listener that was disconnected because its queue was full ends with an error. The
//!   stream of a listener that was removed ends without a further line.
//! - Only the options together limit what all queues hold together.
//!
//! ```
//! use eric_sse::server::{ServerOptions, SocketClient, SocketServer};
//! use futures::StreamExt;
//!
//! # let directory = std::env::temp_dir().join(format!("eric-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! # let path = directory.join("socket");
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! let server = SocketServer::bind(&path, ServerOptions::default())?;
//! let shutdown = server.shutdown();
//! let client = async {
//!     let client = SocketClient::new(&path);
//!     let channel = client.create_channel().await?;
//!     let listener = client.register(&channel).await?;
//!     client.dispatch(&channel, &listener, "greeting", &"hello").await?;
//!     let mut stream = client.stream(&channel, &listener).await?;
//!     let event = stream.next().await.expect("an event is queued")?;
//!     assert_eq!((event.event.as_str(), event.data.get()), ("greeting", "\"hello\""));
//!     shutdown.shutdown();
//!     Ok::<_, eric_sse::server::SocketError>(())
//! };
//! let (report, client) = runtime.block_on(async { tokio::join!(server.run(), client) });
//! client?;
//! assert_eq!(report?.cut_off, 0);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept;
mod client;
mod connection;
mod deadline;
mod hub;
mod message;
mod options;
mod protocol;
mod reader;
mod report;

pub use accept::peers::Peers;
pub use accept::{Shutdown, SocketServer};
pub use client::SocketClient;
pub use client::error::SocketError;
pub use client::stream::{SocketEvent, SocketStream};
pub use options::ServerOptions;
pub use protocol::request::{MessageFields, Request};
pub use report::Report;
