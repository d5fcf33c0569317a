//! A connection: requests in, answers out, in order.
//!
//! ## Ending
//!
//! The server closes the connection when the client has ended its writing side and has all its
//! answers. A stream is the last answer of its connection: bytes behind its request are not read. A
//! request that is too long or too late is answered with an error, and the connection ends. The
//! rest of a request that is too long is discarded, up to a limit, so that the client's writes do
//! not fail before it can read why.

pub(crate) mod at_once;
mod exchange;
mod framing;

use std::future::pending;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream as StdUnixStream;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tracing::debug;

use crate::server::connection::exchange::{Answered, Exchange};
use crate::server::deadline::deadline_in;
use crate::server::protocol::refusal::Refusal;
use crate::server::reader;

/// Other tasks get their turn after this number of requests.
const TURN: usize = 16;

/// How much of a request that is too long is discarded, in requests of the greatest length.
const DISCARDED: usize = 64;

/// A connection that continues after the requests that were answered at once.
pub(crate) struct Opened {
    exchange: Exchange,
    answered: Answered,
    socket: StdUnixStream,
}

impl Opened {
    /// Serves the connection until it ends. `ending` becomes true when the server ends.
    pub(crate) async fn serve(self, ending: watch::Receiver<bool>) -> io::Result<()> {
        self.socket.set_nonblocking(true)?;
        let connection = Connection {
            socket: UnixStream::from_std(self.socket)?,
            exchange: self.exchange,
            ending,
        };
        connection.run(self.answered).await
    }
}

struct Connection {
    socket: UnixStream,
    exchange: Exchange,
    ending: watch::Receiver<bool>,
}

/// The outcome of waiting for more.
enum Input {
    More,
    Late,
    Ending,
}

impl Connection {
    async fn run(mut self, mut answered: Answered) -> io::Result<()> {
        let patience = self.exchange.hub.options.read_timeout;
        // The first request has a deadline from the connection on; a later one has a deadline from
        // its first byte on.
        let mut deadline = Some(deadline_in(patience));
        loop {
            self.flush().await?;
            match answered {
                Answered::Stream(feed) => {
                    let channel = feed.channel.id().to_owned();
                    let keeps_listener = feed.keeps_listener;
                    let ending = reader::stream(&self.exchange.hub, feed, self.socket).await;
                    debug!(channel, keeps_listener, ?ending, "stream ended");
                    return Ok(());
                }
                Answered::TooLong => return self.discard().await,
                Answered::Some => {
                    deadline = None;
                    tokio::task::yield_now().await;
                    answered = self.exchange.answer();
                    continue;
                }
                Answered::All(_) if self.exchange.frames.is_ended() => return Ok(()),
                Answered::All(0) if deadline.is_some() => {}
                Answered::All(count) => {
                    let is_inside = self.exchange.frames.is_inside();
                    deadline = is_inside.then(|| deadline_in(patience));
                    if count >= TURN {
                        // Readers need turns to keep up with a client that sends without a pause.
                        tokio::task::yield_now().await;
                    }
                }
            }
            match self.read(deadline).await? {
                Input::More => answered = self.exchange.answer(),
                Input::Ending => return Ok(()),
                Input::Late => {
                    let seconds = patience.as_secs_f64();
                    self.exchange.refuse(&Refusal::limit(format_args!(
                        "no complete request within {seconds} seconds"
                    )));
                    return self.flush().await;
                }
            }
        }
    }

    /// Writes the answers. A client that does not read them in time is disconnected.
    async fn flush(&mut self) -> io::Result<()> {
        let answers = &mut self.exchange.answers;
        let mut written = 0;
        while written < answers.len() {
            match self.socket.try_write(&answers[written..]) {
                Ok(taken) => written += taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let patience = self.exchange.hub.options.read_timeout;
                    timeout(patience, self.socket.writable()).await??;
                }
                Err(error) => return Err(error),
            }
        }
        answers.clear();
        Ok(())
    }

    /// Reads more, until the deadline.
    async fn read(&mut self, deadline: Option<Instant>) -> io::Result<Input> {
        let Self {
            socket,
            exchange: Exchange {
                frames, answers, ..
            },
            ending,
        } = self;
        let more = async {
            loop {
                match socket.try_read_buf(frames.room()) {
                    Ok(0) => {
                        frames.end();
                        return Ok(Input::More);
                    }
                    Ok(read) => {
                        frames.has_read(read);
                        return Ok(Input::More);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        // A connection that waits for a request holds no memory.
                        frames.free();
                        *answers = Vec::new();
                        socket.readable().await?;
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        let late = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = ending.wait_for(|ending| *ending) => Ok(Input::Ending),
            read = more => read,
            () = late => Ok(Input::Late),
        }
    }

    /// Reads and discards what the client sends after a request that is too long.
    async fn discard(mut self) -> io::Result<()> {
        let options = &self.exchange.hub.options;
        let deadline = deadline_in(options.read_timeout);
        let mut left = DISCARDED.saturating_mul(options.request_bytes);
        self.socket.shutdown().await?;
        let mut scratch = vec![0; 16 * 1024];
        while left > 0 {
            match self.socket.try_read(&mut scratch) {
                Ok(0) => break,
                Ok(read) => left = left.saturating_sub(read),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let readable = timeout_at(deadline, self.socket.readable());
                    tokio::select! {
                        _ = self.ending.wait_for(|ending| *ending) => break,
                        readable = readable => readable??,
                    }
                }
                Err(error) => return Err(error),
            }
            tokio::task::consume_budget().await;
        }
        Ok(())
    }
}
