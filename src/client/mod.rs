//! The other end of an event stream: a decoder, and a client that reconnects.
//!
//! ## Bytes to events
//!
//! [`EventStreamDecoder`] is pushed bytes. [`EventStream`] reads any stream of chunks, such as the
//! body of a response. Both decode as the
//! [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html) says, in time
//! that grows with the bytes alone, and keep a bounded part of the stream. No bytes make them
//! panic.
//!
//! ## A connection
//!
//! [`Connection`] is a stream of events over as many requests as it takes. It has the rules of
//! `connect` of the npm package:
//!
//! - It retries after failed requests, responses that break off, and the statuses 408, 425, 429 and
//!   5xx. Any other status ends it, and so does a response that is no event stream. After 401 and
//!   403 it asks once more, if the transport [renews](ConnectOptions::renews_credentials) the
//!   credentials. 204 is [`ConnectionEnd::Gone`].
//! - The delay is random, from zero to the reconnection time, which doubles with each retry up to a
//!   bound. It starts again after a minute of success. `Retry-After` is the least delay. A
//!   reconnection time that the server sets at the end of a response is kept as it is.
//! - A request other than GET is sent once, unless [`Reconnect`] or
//!   [`resume`](ConnectOptions::resume) says otherwise.
//! - Without a byte for two and a half [heartbeats](Heartbeat) it is given up, and resumed.
//! - [`ReceivedEvent::gap`] reads the event of a gap. The event of the closed channel ends the
//!   connection.
//!
//! The HTTP client is the program's: a [`Transport`], made by [`transport_fn`]. A [`Clock`] is
//! needed by programs that have timers of their own.

mod alarm;
mod clock;
mod connection;
mod decoder;
mod error;
mod gap;
mod handle;
mod headers;
mod liveness;
mod machine;
mod options;
mod policy;
mod reading;
mod refusal;
mod request;
mod retry;
mod state;
mod transport;

pub use clock::{Clock, SystemClock};
pub use connection::Connection;
pub use decoder::{
    EventStream, EventStreamDecoder, EventStreamError, EventTooLarge, ReceivedEvent,
};
pub use error::{ConnectError, ResponseError};
pub use gap::ReceivedGap;
pub use handle::ConnectionHandle;
pub use headers::Headers;
pub use options::{ConnectOptions, Heartbeat, Reconnect};
pub use request::{Attempt, Request};
pub use state::{ConnectionEnd, State};
pub use transport::{Response, Transport, TransportFn, transport_fn};
