//! Writer: writes a stream's batches to its reader's socket, and gives back what the reader left.

use std::future::{pending, poll_fn};
use std::io;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::net::sockopt::{set_socket_send_buffer_size, socket_error, socket_send_buffer_size};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, sleep_until};

use crate::server::deadline::deadline_in;
use crate::server::hub::{Hub, OpenFeed};
use crate::server::reader::handover::{GONE, has_left, state};
use crate::server::reader::taker::{Batch, Taken, Taker};
use crate::server::reader::window::Window;
use crate::server::report::count;

/// The time that a reader may take from shutting its socket down to closing it, on systems where
/// that makes a difference.
const CLOSING: Duration = Duration::from_millis(100);

/// How often the socket is checked within that time.
const CHECKS: u32 = 20;

/// The send buffer of a socket that does not report its size.
const BUFFER: usize = 1024 * 1024;

/// Why a writer that has waited for room continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    Room,
    /// The listener or its channel has ended.
    End,
}

/// The writing end of a stream. Dropping it gives back what its reader has not received.
pub(super) struct Writer {
    hub: Rc<Hub>,
    socket: Rc<UnixStream>,
    taker: Taker,
    /// Whether the reader left bytes unread.
    left_unread: bool,
    /// The size that the send buffer had at first; `None` once the buffer has it again.
    usual_buffer: Option<usize>,
    /// The number by which the writer parks with its listener, besides that of its stream.
    number: u32,
    /// When the reader is cut off, once its listener was removed.
    deadline: Option<Instant>,
}

impl Writer {
    pub(super) fn new(hub: Rc<Hub>, feed: OpenFeed, socket: Rc<UnixStream>) -> Self {
        let size = || socket_send_buffer_size(&*socket).unwrap_or(BUFFER);
        let usual_buffer = Some(size());
        if feed.keeps_listener {
            // As small as the system allows: what is in the buffer when the reader leaves is
            // delivered twice.
            let _ = set_socket_send_buffer_size(&*socket, 1);
        }
        count(&hub.counters.streams, 1);
        let window = feed.keeps_listener.then(|| Window::new(size()));
        let taker = Taker::new(feed, hub.retry(), window);
        Self {
            hub,
            socket,
            number: taker.feed.stream.listener().number_stream(),
            deadline: None,
            taker,
            // Systems other than Linux do not report it.
            left_unread: !cfg!(target_os = "linux"),
            usual_buffer,
        }
    }

    /// Waits until there is something to write, or the reader leaves.
    pub(super) async fn batch(&mut self) -> Batch {
        tokio::select! {
            // In this order: nothing is taken for a reader that has left.
            biased;
            () = left(&self.socket) => Batch::Left,
            batch = poll_fn(|context| self.taker.poll_batch(context)) => batch,
        }
    }

    /// Notes whether the reader left bytes unread. On Linux this shows as ECONNRESET when the
    /// reader closes its socket, which many readers do a moment after they have shut it down. A
    /// socket that was only shut down still holds the bytes: it has no room, unless they are a
    /// single short write.
    pub(super) async fn note_what_was_left(&mut self) {
        if self.taker.window.is_none() || self.is_reset() {
            return;
        }
        if !state(&self.socket).contains(PollFlags::OUT) {
            self.left_unread = true;
            return;
        }
        for _ in 0..CHECKS {
            sleep(CLOSING / CHECKS).await;
            if self.is_reset() {
                return;
            }
        }
    }

    /// Notes that the reader left in the middle of a write. The system may have reported that
    /// already, to a write of which it took a part, and reports it once.
    pub(super) fn note_that_bytes_were_left(&mut self) {
        self.left_unread = true;
    }

    /// Asks for the socket's error, which the system reports once.
    fn is_reset(&mut self) -> bool {
        self.left_unread |= !matches!(socket_error(&*self.socket), Ok(Ok(())));
        self.left_unread
    }

    /// Writes the batch.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.taker.bytes.len() {
            // Tried without asking Tokio, for which `left` has made the socket look as if it had no
            // room.
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

    /// Waits until the socket has room, or the listener or its channel ends. After the end, the
    /// rest is written as far as a larger buffer takes it.
    async fn wait_for_room(&mut self) -> io::Result<Woken> {
        if self.taker.is_removed() && self.deadline.is_none() {
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
        let subscription = taker.feed.stream.subscription();
        let removed = poll_fn(|context| {
            // Parked with the listener and not with the channel, whose broadcasts would wake it.
            subscription.listener.park(*number, context.waker());
            match subscription.left() {
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
            () = removed, if deadline.is_none() => Ok(Woken::End),
            () = late => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Writes the batch from a byte on, as far as the socket takes it.
    fn write_some(&mut self, from: usize) -> io::Result<usize> {
        let mut rest = &self.taker.bytes[from..];
        if self.taker.is_over() {
            // There is no next reader. The reader can read what the system takes now even after the
            // server has gone.
            if let Some(size) = self.usual_buffer.take() {
                set_socket_send_buffer_size(&*self.socket, size)?;
            }
        } else if let Some(window) = &mut self.taker.window
            && cfg!(target_os = "linux")
        {
            // Only into a buffer with room, which shows how much was read. A reader that leaves
            // makes room too, but it is gone before that. Its departure is therefore checked last.
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

/// Waits until the reader leaves. A reader that has only ended its writing side has not left.
async fn left(socket: &UnixStream) {
    while let Ok(ready) = socket.ready(Interest::WRITABLE).await {
        if ready.is_write_closed() {
            return;
        }
        // The socket has room, which is not what this waits for. Clearing Tokio's readiness makes
        // it wait for the next change.
        let clear = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _ = socket.try_io(Interest::WRITABLE, clear);
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
