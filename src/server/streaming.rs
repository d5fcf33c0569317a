//! Streaming: what a listener gets, to its reader.
//!
//! ## Waiting
//!
//! A stream sleeps until a message comes, its channel or listener ends, or its reader leaves. It sets no timer and
//! polls nothing: a thousand idle streams cost nothing.
//!
//! ## Order of taking and writing
//!
//! Messages are taken from the queue a batch at a time, when the batch before has been written. So what a slow
//! reader has not read stays in the queue, where its bound holds.
//!
//! ## Ending
//!
//! A reader that leaves is noticed at once, whether it had ended its writing side before or not. What it had not read
//! is queued again for the listener's next reader, in order (see `window`). A gap that it was not told of is not told to
//! the next; the counters have it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_core::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::{socket_error, socket_send_buffer_size};
use tokio::io::Interest;
use tokio::net::UnixStream;

use super::hub::{Feed, Hub, count};
use super::packet::{self, Packet};
use super::window::Window;
use crate::channel::Delivered;
use crate::seat::Delivery;

/// A batch is written as soon as it is this long.
const BATCH: usize = 64 * 1024;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its listener or channel did, and its reader's socket has everything.
    Ended,
    /// Its reader left.
    Left,
}

/// Streams to a reader until the stream ends or the reader leaves.
pub(crate) async fn stream(hub: &Rc<Hub>, feed: Feed, socket: UnixStream) -> io::Result<Ending> {
    let mut writer = Writer::new(hub.clone(), feed, socket)?;
    loop {
        let batch = writer.batch().await;
        if batch == Batch::Left {
            return Ok(Ending::Left);
        }
        if let Err(error) = writer.write().await {
            writer.left_unread |= error.kind() == io::ErrorKind::ConnectionReset;
            return Ok(Ending::Left);
        }
        if batch == Batch::Last {
            return Ok(Ending::Ended);
        }
        // Others get their turn, however fast the reader is.
        tokio::task::consume_budget().await;
    }
}

/// What there is to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batch {
    Next,
    /// Nothing comes behind it.
    Last,
    /// Nothing, since the reader has left.
    Left,
}

/// The writing end of a stream. What its reader has not got is given back when it is dropped.
struct Writer {
    hub: Rc<Hub>,
    socket: UnixStream,
    taker: Taker,
    left_unread: bool,
}

/// The reading end: what was taken from the queue.
struct Taker {
    feed: Feed,
    retry: u64,
    bytes: Vec<u8>,
    /// What may have to be given back; none for a listener that leaves with its stream.
    window: Option<Window<Delivery<Packet>>>,
}

impl Taker {
    /// Takes what is ready from the queue, or waits.
    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Batch> {
        let now = Instant::now();
        self.bytes.clear();
        while self.bytes.len() < BATCH {
            let start = self.bytes.len();
            match Pin::new(&mut self.feed.stream).poll_next(context) {
                Poll::Ready(Some(Delivered::Message(message))) => {
                    let id = self.feed.channel.event_id(message.position());
                    message.write(&id, &mut self.bytes);
                    if let Some(window) = &mut self.window {
                        window.push(message, self.bytes.len() - start, now);
                    }
                }
                Poll::Ready(Some(Delivered::Gap(gap))) => {
                    let to = self.feed.channel.event_id(gap.to);
                    packet::write_gap(&gap, &to, self.retry, &mut self.bytes);
                    self.skip(start);
                }
                Poll::Ready(Some(Delivered::Closed)) => {
                    packet::write_closed(self.retry, &mut self.bytes);
                    self.skip(start);
                }
                Poll::Ready(None) => return Poll::Ready(Batch::Last),
                Poll::Pending if self.bytes.is_empty() => {
                    // Who waits holds no memory.
                    self.bytes = Vec::new();
                    return Poll::Pending;
                }
                Poll::Pending => break,
            }
        }
        Poll::Ready(Batch::Next)
    }

    /// Counts what was taken from `start` on and is never given back.
    fn skip(&mut self, start: usize) {
        if let Some(window) = &mut self.window {
            window.skip(self.bytes.len() - start);
        }
    }
}

impl Writer {
    fn new(hub: Rc<Hub>, feed: Feed, socket: UnixStream) -> io::Result<Self> {
        let buffer = socket_send_buffer_size(&socket)?;
        count(&hub.counters.streams, 1);
        let taker = Taker {
            window: feed.stays.then(|| Window::new(buffer)),
            retry: hub.retry(),
            bytes: Vec::new(),
            feed,
        };
        Ok(Self {
            hub,
            socket,
            taker,
            // Other systems than Linux do not tell.
            left_unread: !cfg!(target_os = "linux"),
        })
    }

    /// Waits until there is something to write, or the reader leaves.
    async fn batch(&mut self) -> Batch {
        tokio::select! {
            // In this order: nothing is taken for a reader that has left.
            biased;
            () = left(&self.socket) => Batch::Left,
            batch = poll_fn(|context| self.taker.poll_batch(context)) => batch,
        }
    }

    /// Writes the batch.
    async fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.taker.bytes.len() {
            let rest = &self.taker.bytes[written..];
            // Tried without asking tokio, to which `left` has made the socket look as if it had no room.
            let write = || -> io::Result<usize> { Ok(rustix::io::write(&self.socket, rest)?) };
            let mut taken = write();
            while let Err(error) = &taken {
                match error.kind() {
                    io::ErrorKind::Interrupted => taken = write(),
                    io::ErrorKind::WouldBlock => {
                        self.socket.writable().await?;
                        taken = self.socket.try_io(Interest::WRITABLE, write);
                    }
                    _ => break,
                }
            }
            let taken = taken?;
            written += taken;
            self.wrote(taken)?;
        }
        Ok(())
    }

    /// Notes what the socket has taken.
    fn wrote(&mut self, bytes: usize) -> io::Result<()> {
        let Some(window) = &mut self.taker.window else {
            return Ok(());
        };
        window.wrote(bytes);
        let now = Instant::now();
        if window.has_settled(now) && has_room(&self.socket)? {
            window.settle(now);
        }
        Ok(())
    }
}

/// Waits until the reader leaves. A reader that has merely ended its writing side has not.
async fn left(socket: &UnixStream) {
    while let Ok(ready) = socket.ready(Interest::WRITABLE).await {
        if ready.is_write_closed() {
            return;
        }
        // That it has room is no news. Forgotten, so that the next thing that happens to it is waited for.
        let forget = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _ = socket.try_io(Interest::WRITABLE, forget);
    }
}

/// Returns whether the socket has room, which it has while no more than a quarter of its buffer is unread, and its
/// reader is there. A reader that leaves makes room, but is gone before that: so it is asked for last.
fn has_room(socket: &UnixStream) -> io::Result<bool> {
    let ask = || -> io::Result<PollFlags> {
        let mut asked = [PollFd::new(socket, PollFlags::OUT)];
        poll(&mut asked, Some(&Timespec::default()))?;
        Ok(asked[0].revents())
    };
    let room = ask()?.contains(PollFlags::OUT);
    Ok(room && !ask()?.intersects(PollFlags::HUP | PollFlags::ERR))
}

impl Drop for Writer {
    fn drop(&mut self) {
        let counters = &self.hub.counters;
        counters.streams.set(counters.streams.get() - 1);
        let Some(window) = self.taker.window.take() else {
            return;
        };
        // On Linux a peer that closes with unread bytes shows as ECONNRESET.
        self.left_unread |= !matches!(socket_error(&self.socket), Ok(Ok(())));
        for message in window.unread(self.left_unread) {
            self.taker.feed.stream.give_back(message);
            count(&counters.given_back, 1);
        }
    }
}
