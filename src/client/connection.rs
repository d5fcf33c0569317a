//! A connection to an event stream, over as many requests as it takes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::clock::{Clock, SystemClock};
use super::decoder::ReceivedEvent;
use super::error::ConnectError;
use super::handle::ConnectionHandle;
use super::machine::Machine;
use super::options::ConnectOptions;
use super::request::Request;
use super::state::ConnectionEnd;
use super::transport::Transport;

/// A connection to an event stream: the stream of its events. It reconnects by itself.
///
/// Each event comes once and in order, over as many requests as it takes. Nothing is read ahead of
/// the reader, so that a slow reader slows the server. An error is the last item, and comes only
/// when the connection has ended; [`end`](Self::end) says why it has. Dropping the connection ends
/// its request.
///
/// The first request is sent when the stream is polled. The connection looks for signs of life, and
/// reconnects, only while it is polled.
///
/// # Examples
///
/// ```
/// use eric_sse::client::{ConnectOptions, Connection, Request, Response, transport_fn};
/// use futures::{StreamExt, executor::block_on, stream};
/// use std::convert::Infallible;
///
/// // In place of an HTTP client.
/// let transport = transport_fn(async |request: Request, _attempt| {
///     assert_eq!(request.headers.get("accept"), Some("text/event-stream"));
///     let chunks = ["id: 1\ndata: hello\n\n", "event: _eric_channel_closed\ndata:\n\n"];
///     Ok(Response {
///         status: 200,
///         headers: [("content-type", "text/event-stream")].into_iter().collect(),
///         body: stream::iter(chunks.map(Ok::<_, Infallible>)),
///     })
/// });
/// let request = Request::get("http://127.0.0.1/events");
/// let mut connection = Connection::new(request, transport, ConnectOptions::new());
/// block_on(async {
///     while let Some(event) = connection.next().await {
///         println!("{}", event?.data);
///     }
///     println!("{:?}", connection.end());
/// #   assert!(matches!(connection.end(), Some(eric_sse::client::ConnectionEnd::Closed)));
///     Ok::<_, eric_sse::client::ConnectError>(())
/// })?;
/// # Ok::<_, eric_sse::client::ConnectError>(())
/// ```
pub struct Connection<T: Transport, C: Clock = SystemClock> {
    machine: Machine<T, C>,
}

/// Nothing of a connection is pinned in place: its futures and bodies are in boxes.
impl<T: Transport, C: Clock> Unpin for Connection<T, C> {}

impl<T: Transport> Connection<T> {
    /// Makes a connection that sends a request by a transport.
    pub fn new(request: Request, transport: T, options: ConnectOptions) -> Self {
        Self::with_clock(request, transport, options, SystemClock)
    }
}

impl<T: Transport, C: Clock> Connection<T, C> {
    /// As [`new`](Connection::new), with the clock of a runtime.
    pub fn with_clock(request: Request, transport: T, options: ConnectOptions, clock: C) -> Self {
        let machine = Machine::new(request, transport, options, clock);
        Self { machine }
    }

    /// Returns the last event ID that was received.
    pub fn last_event_id(&self) -> &str {
        self.machine.decoder.last_event_id()
    }

    /// Returns why the connection has ended; `None` while it has not.
    pub fn end(&self) -> Option<&ConnectionEnd> {
        self.machine.end.as_ref()
    }

    /// Returns a handle, by which other parts of the program close the connection or have it
    /// reconnect.
    pub fn handle(&self) -> ConnectionHandle {
        self.machine.handle.clone()
    }
}

impl<T: Transport, C: Clock> Stream for Connection<T, C> {
    type Item = Result<ReceivedEvent, ConnectError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().machine.poll(context)
    }
}

impl<T: Transport, C: Clock> fmt::Debug for Connection<T, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("request", &self.machine.request)
            .field("decoder", &self.machine.decoder)
            .field("end", &self.machine.end)
            .finish_non_exhaustive()
    }
}
