//! SocketStream: the events of a listener of a server.
//!
//! ## Leaving
//!
//! Bytes that a reader has taken from its socket count as read; bytes that it leaves there are
//! queued again. A stream therefore takes no more than it yields: it peeks at the socket first, and
//! takes the end of a line with its event. A stream that is dropped between two events leaves all
//! events that it has not yielded to the listener's next reader.
//!
//! ## Ending
//!
//! The server says when a channel was closed, and when a listener was disconnected because its
//! queue was full. An end without such a statement means that the listener was removed, or that the
//! server was killed. The stream then asks the server whether it has the channel.

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

/// The number of bytes that a stream looks ahead.
const AHEAD: usize = 16 * 1024;

/// The type of the event of a closed channel.
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
    /// The event's id; `None` for the event of a closed channel.
    pub id: Option<String>,
}

/// Asks the server whether it has the stream's channel.
pub(super) type Check = Pin<Box<dyn Future<Output = Result<(), SocketError>> + Send + Sync>>;

/// A stream of events, which ends with its listener, its channel or the server.
pub struct SocketStream {
    socket: UnixStream,
    /// The number of events that are still to be yielded; unlimited if `None`.
    left: Option<u64>,
    /// Awaited when the stream ends, unless the server has said why it ends.
    check: Option<Check>,
    is_ending: bool,
    /// The start of the next line, taken from the socket.
    line: Vec<u8>,
    /// The bytes that are next in the socket, as far as the stream has peeked at them and not taken
    /// them since.
    ahead: Ahead,
    is_over: bool,
}

struct Ahead {
    bytes: Box<[u8]>,
    from: usize,
    to: usize,
}

impl Ahead {
    fn unread(&self) -> &[u8] {
        &self.bytes[self.from..self.to]
    }
}

impl SocketStream {
    /// Reads from a connection on which a stream was requested and nothing was read yet.
    pub(super) fn new(socket: UnixStream, most: Option<u64>, check: Check) -> Self {
        Self {
            socket,
            left: most,
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

    /// Reads an event, or the reason why the stream ends.
    fn read(&mut self, line: &[u8]) -> Result<SocketEvent, SocketError> {
        if let Some(error) = refusal(line) {
            self.check = None;
            return Err(error);
        }
        let event: SocketEvent = serde_json::from_slice(line).map_err(SocketError::Answer)?;
        if event.event == CHANNEL_CLOSED && event.id.is_none() {
            self.check = None;
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            self.is_over = *left == 0;
        }
        Ok(event)
    }

    /// Reads the next line, without its line feed; `None` at the end.
    fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Vec<u8>>>> {
        loop {
            if let Some(length) = memchr::memchr(b'\n', self.ahead.unread()) {
                self.take(length + 1)?;
                self.line.pop();
                return Poll::Ready(Ok(Some(std::mem::take(&mut self.line))));
            }
            // Taken, so that the socket has room for the rest of the line. A line without its end
            // is not an event yet.
            self.take(self.ahead.unread().len())?;
            if ready!(self.poll_ahead(context))? == 0 {
                return Poll::Ready(match self.line.is_empty() {
                    true => Ok(None),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                });
            }
        }
    }

    /// Takes bytes from the socket that the stream has peeked at.
    fn take(&mut self, count: usize) -> io::Result<()> {
        let start = self.line.len();
        self.line.resize(start + count, 0);
        let mut taken = start;
        while taken < self.line.len() {
            // The bytes are there. Tokio is not asked, since its readiness would have to be set
            // first.
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

    /// Peeks at the socket and returns the number of bytes; 0 at the end.
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
