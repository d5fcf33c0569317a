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
//! A stream whose listener is removed writes what was taken, and one whose listener was full says so behind it; a reader
//! that does not take it is cut off after the grace period.
//!
//! A reader that leaves is noticed at once, whether it had ended its writing side before or not. What it had not read
//! is queued again for the listener's next reader, in order (see `window` and `readers`), gaps that it may not have been
//! told of included.

pub(crate) mod handover;
mod window;

use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use rustix::event::PollFlags;
use rustix::net::sockopt::{set_socket_send_buffer_size, socket_error, socket_send_buffer_size};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, sleep_until};

use crate::channel::Delivered;
use crate::channel::subscription::{Delivery, Leave};
use crate::model::error::QueueFullException;
use crate::model::gap::Gap;
use crate::server::deadline::deadline_in;
use crate::server::hub::{Hub, OpenFeed};
use crate::server::message::{self, WireMessage};
use crate::server::protocol::refusal::Refusal;
use crate::server::reader::handover::{GONE, has_left, state};
use crate::server::reader::window::Window;
use crate::server::report::count;

/// A batch is written as soon as it is this long.
const BATCH: usize = 64 * 1024;

/// How long a reader may take from shutting its socket down to closing it, where that makes a difference.
const CLOSING: Duration = Duration::from_millis(100);

/// How often it is looked whether it has.
const LOOKS: u32 = 20;

/// The send buffer of a socket that does not say how large it is.
const BUFFER: usize = 1024 * 1024;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its listener or channel did, and its reader's socket has everything.
    Ended,
    /// Its reader left.
    Left,
    /// Its listener ended, and its reader did not take the rest in time.
    CutOff,
}

/// Streams to a reader until the stream ends or the reader leaves.
pub(crate) async fn stream(hub: &Rc<Hub>, feed: OpenFeed, socket: UnixStream) -> Ending {
    let socket = Rc::new(socket);
    if feed.keeps_listener {
        let listener = feed.stream.listener().clone();
        hub.readers.enter(listener.id(), &socket).await;
    }
    let mut writer = Writer::new(hub.clone(), feed, socket);
    loop {
        let batch = writer.batch().await;
        if batch == Batch::Left {
            writer.note_what_it_left().await;
            return Ending::Left;
        }
        if let Err(error) = writer.write().await {
            if error.kind() == io::ErrorKind::TimedOut {
                return Ending::CutOff;
            }
            // It left in the middle. That it had left bytes unread may have been said already, to a write of which
            // a part was taken.
            writer.left_unread = true;
            return Ending::Left;
        }
        if batch == Batch::Last {
            return Ending::Ended;
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

/// Why a writer that has waited for room goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    Room,
    /// The listener or its channel has ended.
    End,
}

/// The writing end of a stream. What its reader has not got is given back when it is dropped.
struct Writer {
    hub: Rc<Hub>,
    socket: Rc<UnixStream>,
    taker: Taker,
    left_unread: bool,
    /// How large the send buffer was at first, until it is made so large, and larger, at the end.
    usual_buffer: Option<usize>,
    /// The number by which the writer is woken when its listener leaves, beside that of its stream.
    number: u64,
    /// When it is cut off, once its listener has left.
    deadline: Option<Instant>,
}

/// The reading end: what was taken from the queue.
struct Taker {
    feed: OpenFeed,
    retry: u64,
    bytes: Vec<u8>,
    /// How many events are still to be taken; without an end when `None`.
    rest: Option<u64>,
    /// What may have to be given back; none for a listener that leaves with its stream.
    window: Option<Window<Taken>>,
}

/// What was taken from a queue, and can be given back.
enum Taken {
    Message(Delivery<WireMessage>),
    Gap(Gap),
}

impl Taker {
    /// Takes what is ready from the queue, or waits.
    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Batch> {
        self.bytes.clear();
        while self.bytes.len() < BATCH {
            if self.rest == Some(0) {
                match self.bytes.is_empty() {
                    true => return self.poll_over(context),
                    false => break,
                }
            }
            let start = self.bytes.len();
            match Pin::new(&mut self.feed.stream).poll_next(context) {
                Poll::Ready(Some(Delivered::Message(message))) => {
                    let id = self.feed.channel.event_id(message.position());
                    message.write(&id, &mut self.bytes);
                    if let Some(window) = &mut self.window {
                        window.push(Taken::Message(message), self.bytes.len() - start);
                    }
                }
                Poll::Ready(Some(Delivered::Gap(gap))) => {
                    let to = self.feed.channel.event_id(gap.to);
                    message::write_gap(&gap, &to, self.retry, &mut self.bytes);
                    if let Some(window) = &mut self.window {
                        window.push(Taken::Gap(*gap), self.bytes.len() - start);
                    }
                }
                Poll::Ready(Some(Delivered::Closed)) => {
                    message::write_closed(self.retry, &mut self.bytes);
                    self.skip(start);
                }
                Poll::Ready(None) => {
                    self.say_why_it_ended();
                    return Poll::Ready(Batch::Last);
                }
                Poll::Pending if self.bytes.is_empty() => {
                    // Who waits holds no memory.
                    self.bytes = Vec::new();
                    return Poll::Pending;
                }
                Poll::Pending => break,
            }
            if let Some(rest) = &mut self.rest {
                *rest -= 1;
            }
        }
        Poll::Ready(Batch::Next)
    }

    /// Takes nothing more: the reader has all that it has asked for, and is to leave when it has read it. Ended from
    /// here, its stream would have nobody who sees whether it has.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<Batch> {
        if self.is_over() {
            return Poll::Ready(Batch::Last);
        }
        self.feed.stream.park(context.waker());
        Poll::Pending
    }

    /// Returns whether nothing more is sent to the listener.
    fn is_over(&self) -> bool {
        self.feed.channel.is_closed() || self.has_left()
    }

    /// Returns whether the listener was removed.
    fn has_left(&self) -> bool {
        self.feed.stream.seat().left.get().is_some()
    }

    /// A listener that is removed just ends; one that was full is told so.
    fn say_why_it_ended(&mut self) {
        let seat = self.feed.stream.seat();
        if seat.left.get() == Some(Leave::Overflow) {
            let full = QueueFullException::new(vec![seat.listener.id().to_owned()]);
            Refusal::from(full).write(&mut self.bytes);
        }
    }

    /// Counts what was taken from `start` on and is never given back.
    fn skip(&mut self, start: usize) {
        if let Some(window) = &mut self.window {
            window.skip(self.bytes.len() - start);
        }
    }
}

impl Writer {
    fn new(hub: Rc<Hub>, feed: OpenFeed, socket: Rc<UnixStream>) -> Self {
        let size = || socket_send_buffer_size(&*socket).unwrap_or(BUFFER);
        let usual_buffer = Some(size());
        if feed.keeps_listener {
            // As small as the system allows: what lies there comes twice when the reader leaves.
            let _ = set_socket_send_buffer_size(&*socket, 1);
        }
        count(&hub.counters.streams, 1);
        let taker = Taker {
            window: feed.keeps_listener.then(|| Window::new(size())),
            retry: hub.retry(),
            rest: feed.most,
            bytes: Vec::new(),
            feed,
        };
        Self {
            hub,
            socket,
            number: taker.feed.stream.listener().number_stream(),
            deadline: None,
            taker,
            // Other systems than Linux do not tell.
            left_unread: !cfg!(target_os = "linux"),
            usual_buffer,
        }
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

    /// Notes whether the reader left bytes unread. On Linux that shows as ECONNRESET when it closes its socket, which
    /// many do a moment after they have shut it down. A socket that was only shut down still holds them: it has no room,
    /// unless they are a single short write, or none.
    async fn note_what_it_left(&mut self) {
        if self.taker.window.is_none() || self.is_reset() {
            return;
        }
        if !state(&self.socket).contains(PollFlags::OUT) {
            self.left_unread = true;
            return;
        }
        for _ in 0..LOOKS {
            sleep(CLOSING / LOOKS).await;
            if self.is_reset() {
                return;
            }
        }
    }

    /// Asks for the socket's error, which the system tells once.
    fn is_reset(&mut self) -> bool {
        self.left_unread |= !matches!(socket_error(&*self.socket), Ok(Ok(())));
        self.left_unread
    }

    /// Writes the batch.
    async fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.taker.bytes.len() {
            // Tried without asking tokio, to which `left` has made the socket look as if it had no room.
            let mut taken = self.write_some(written);
            while let Err(error) = &taken {
                match error.kind() {
                    io::ErrorKind::Interrupted => taken = self.write_some(written),
                    io::ErrorKind::WouldBlock => {
                        taken = match self.wait_for_room().await? {
                            Woken::Room => {
                                let socket = self.socket.clone();
                                socket.try_io(Interest::WRITABLE, || self.write_some(written))
                            }
                            Woken::End => self.write_some(written),
                        };
                    }
                    _ => break,
                }
            }
            written += taken?;
        }
        Ok(())
    }

    /// Waits until the socket has room, or the listener or its channel ends: what is left is written as far as a larger
    /// buffer takes it then.
    async fn wait_for_room(&mut self) -> io::Result<Woken> {
        if self.taker.has_left() && self.deadline.is_none() {
            self.deadline = Some(deadline_in(self.hub.options.grace));
        }
        let Self {
            hub,
            socket,
            taker,
            number,
            deadline,
            ..
        } = self;
        let seat = taker.feed.stream.seat();
        let leaves = poll_fn(|context| {
            // Not by way of the channel: broadcasts are not to wake it.
            seat.listener.park(*number, context.waker());
            match seat.left.get() {
                Some(_) => Poll::Ready(()),
                None => Poll::Pending,
            }
        });
        let late = async {
            match *deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => pending().await,
            }
        };
        tokio::select! {
            room = socket.writable() => room.map(|()| Woken::Room),
            () = hub.closing.notified() => Ok(Woken::End),
            () = leaves, if deadline.is_none() => Ok(Woken::End),
            () = late => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Writes what the socket takes of the batch from a byte on.
    fn write_some(&mut self, from: usize) -> io::Result<usize> {
        let mut rest = &self.taker.bytes[from..];
        if self.taker.is_over() {
            // There is no next reader. What the system takes now is read even if the server has gone, or the reader comes
            // to it late.
            if let Some(size) = self.usual_buffer.take() {
                set_socket_send_buffer_size(&*self.socket, size)?;
            }
        } else if let Some(window) = &mut self.taker.window
            && cfg!(target_os = "linux")
        {
            // Only into a buffer with room, which shows what was read before. A reader that leaves makes room, but
            // is gone before that: so it is asked for last.
            let state = state(&self.socket);
            if !state.contains(PollFlags::OUT) {
                // A reader that has shut its socket down makes no more room.
                return Err(match state.intersects(GONE) {
                    true => io::ErrorKind::BrokenPipe.into(),
                    false => io::ErrorKind::WouldBlock.into(),
                });
            }
            if !has_left(&self.socket) {
                window.has_room();
            }
            rest = &rest[..rest.len().min(window.step())];
        }
        let taken = rustix::io::write(&*self.socket, rest)?;
        if let Some(window) = &mut self.taker.window {
            window.wrote(taken);
        }
        Ok(taken)
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

impl Drop for Writer {
    fn drop(&mut self) {
        let counters = &self.hub.counters;
        counters.streams.set(counters.streams.get() - 1);
        self.taker.feed.stream.listener().unpark(self.number);
        let Some(window) = self.taker.window.take() else {
            return;
        };
        for taken in window.unread(self.left_unread) {
            match taken {
                Taken::Message(message) => {
                    self.taker.feed.stream.give_back(message);
                    count(&counters.given_back, 1);
                }
                Taken::Gap(gap) => self.taker.feed.stream.give_back_gap(gap),
            }
        }
        let listener = self.taker.feed.stream.listener();
        self.hub.readers.leave(listener.id(), &self.socket);
    }
}
