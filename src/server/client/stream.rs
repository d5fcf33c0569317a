//! SocketStream: what a listener of a server gets, event by event.
//!
//! ## Leaving
//!
//! What a reader has taken from its socket counts as read, and what it leaves there is queued again. So no more is taken than
//! is yielded: what lies in the socket is looked at first, and the end of a line is taken when its event is. A stream that is
//! dropped between two events leaves all that it has not yielded to the listener's next reader.
//!
//! ## Ending
//!
//! The server says when a channel was closed, and when a listener was full. An end without a word is that of a
//! listener that was removed, or of a server that was killed: so it is asked whether it has the channel.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use rustix::net::{RecvFlags, recv};
use serde_derive::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::server::client::error::{SocketError, refusal};

/// How far a stream looks ahead.
const AHEAD: usize = 16 * 1024;

/// The type of the event that says that the channel was closed.
const CHANNEL_CLOSED: &str = "_eric_channel_closed";

/// One event of a stream.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SocketEvent {
    /// The message's type.
    pub event: String,
    /// The reconnection time, in milliseconds.
    pub retry: u64,
    /// The message's payload, as the JSON text that was sent.
    pub data: Box<RawValue>,
    /// The event's id; `None` for the event that says that the channel was closed.
    pub id: Option<String>,
}

/// Asks the server whether it has the stream's channel.
pub(super) type Check = Pin<Box<dyn Future<Output = Result<(), SocketError>> + Send + Sync>>;

/// A stream of events, which ends with its listener, its channel or the server.
pub struct SocketStream {
    socket: UnixStream,
    /// How many events are still to be yielded; without an end when `None`.
    rest: Option<u64>,
    /// Asked when the stream ends, unless the server has said why.
    check: Option<Check>,
    is_ending: bool,
    /// The start of the next line, taken from the socket.
    line: Vec<u8>,
    /// What lies in the socket next, as far as it was looked at and not taken since.
    ahead: Ahead,
    is_over: bool,
}

struct Ahead {
    bytes: Box<[u8]>,
    from: usize,
    to: usize,
}

impl Ahead {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.from..self.to]
    }
}

impl SocketStream {
    /// Reads from a connection on which a stream was asked for, and nothing was read yet.
    pub(super) fn new(socket: UnixStream, most: Option<u64>, check: Check) -> Self {
        Self {
            socket,
            rest: most,
            check: Some(check),
            is_ending: false,
            line: Vec::new(),
            ahead: Ahead {
                bytes: vec![0; AHEAD].into(),
                from: 0,
                to: 0,
            },
            is_over: false,
        }
    }

    /// Returns the next event; `None` at the end. A future that is dropped has taken nothing.
    pub async fn next_event(&mut self) -> Option<Result<SocketEvent, SocketError>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Reads an event, or why there are no more.
    fn read(&mut self, line: &[u8]) -> Result<SocketEvent, SocketError> {
        if let Some(error) = refusal(line) {
            self.check = None;
            return Err(error);
        }
        let event: SocketEvent = serde_json::from_slice(line).map_err(SocketError::Answer)?;
        if event.event == CHANNEL_CLOSED && event.id.is_none() {
            self.check = None;
        }
        if let Some(rest) = &mut self.rest {
            *rest = rest.saturating_sub(1);
            self.is_over = *rest == 0;
        }
        Ok(event)
    }

    /// Reads the next line, without its line feed; `None` at the end.
    fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Vec<u8>>>> {
        loop {
            if let Some(length) = memchr::memchr(b'\n', self.ahead.rest()) {
                self.take(length + 1)?;
                self.line.pop();
                return Poll::Ready(Ok(Some(std::mem::take(&mut self.line))));
            }
            // Taken, so that the socket has room for what comes behind it: a line without its end is nobody's yet.
            self.take(self.ahead.rest().len())?;
            if ready!(self.poll_ahead(context))? == 0 {
                return Poll::Ready(match self.line.is_empty() {
                    true => Ok(None),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                });
            }
        }
    }

    /// Takes bytes that were looked at from the socket.
    fn take(&mut self, count: usize) -> io::Result<()> {
        let start = self.line.len();
        self.line.resize(start + count, 0);
        let mut taken = start;
        while taken < self.line.len() {
            // It is there: not asked for by way of tokio, which would have to be told that it is.
            match recv(&self.socket, &mut self.line[taken..], RecvFlags::DONTWAIT) {
                Ok((0, _)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok((more, _)) => taken += more,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.ahead.from += count;
        Ok(())
    }

    /// Looks at what lies in the socket, and returns how much; 0 at the end.
    fn poll_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_read_ready(context))?;
            let bytes = &mut self.ahead.bytes[..];
            let look = || Ok(recv(&self.socket, bytes, RecvFlags::PEEK | RecvFlags::DONTWAIT)?.0);
            match self.socket.try_io(Interest::READABLE, look) {
                Ok(seen) => {
                    (self.ahead.from, self.ahead.to) = (0, seen);
                    return Poll::Ready(Ok(seen));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Stream for SocketStream {
    type Item = Result<SocketEvent, SocketError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if !self.is_ending {
            match ready!(self.poll_line(context)) {
                Ok(Some(line)) => return Poll::Ready(Some(self.read(&line))),
                Ok(None) => self.is_ending = true,
                Err(error) => {
                    self.is_over = true;
                    return Poll::Ready(Some(Err(SocketError::Broken(error))));
                }
            }
        }
        let has_channel = match &mut self.check {
            Some(check) => ready!(check.as_mut().poll(context)).is_ok(),
            None => true,
        };
        self.is_over = true;
        Poll::Ready(match has_channel {
            true => None,
            false => {
                let why = io::Error::new(io::ErrorKind::UnexpectedEof, "the server has ended");
                Some(Err(SocketError::Broken(why)))
            }
        })
    }
}

impl fmt::Debug for SocketStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketStream")
            .field("socket", &self.socket)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
