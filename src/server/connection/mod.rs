//! A connection: requests in, answers out, in order.
//!
//! ## At once
//!
//! A client that asks one thing has sent it, as a rule, before its connection is looked at, and has ended its writing side:
//! it is answered then and there. Only who has more to say is waited for, by a task and with a place at the system's
//! poll, which together cost as much as the request.
//!
//! ## Ending
//!
//! The server closes when the client has ended its writing side and has all its answers. A stream is the last answer
//! of its connection: what was sent behind its request is not read. A request that is too long, or not there in time,
//! is answered by an error, and the connection ends; what the client goes on sending of one that is too long is thrown
//! away, up to a limit, so that its writes do not fail before it can read why.

mod exchange;
mod framing;

use std::future::pending;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::rc::Rc;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tracing::debug;

use crate::server::connection::exchange::{Answered, Exchange};
use crate::server::deadline::deadline_in;
use crate::server::hub::Hub;
use crate::server::protocol::refusal::Refusal;
use crate::server::reader;
use crate::server::report::count;

/// Others get their turn after so many requests.
const TURN: usize = 16;

/// How much is thrown away of a request that is too long, in requests of the greatest length.
const THROWN_AWAY: usize = 64;

/// How much is read at once of what has been sent before its connection is looked at.
const AT_ONCE: usize = 2048;

/// Who has left is an error, and no signal, where the system can be told so; elsewhere Rust programs ignore it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SENDING: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SENDING: SendFlags = SendFlags::DONTWAIT;

/// Tells a client why it is not served.
pub(crate) fn turn_away(hub: &Hub, socket: &StdUnixStream, refusal: &Refusal) {
    count(&hub.counters.refused, 1);
    let mut line = Vec::new();
    refusal.write(&mut line);
    // A new socket has room for a line. Who has left already misses nothing.
    let _ = send(socket, &line, SENDING);
}

/// Answers what a new client has sent already. Returns the rest of its connection, if it has any. The socket does not block.
pub(crate) fn answer_at_once(hub: &Rc<Hub>, socket: StdUnixStream) -> io::Result<Option<Opened>> {
    let mut exchange = Exchange::new(hub.clone());
    let mut answered = Answered::All(0);
    let mut bytes = [0; AT_ONCE];
    // A request and, behind it, the end.
    for _ in 0..2 {
        match recv(&socket, &mut bytes[..], RecvFlags::DONTWAIT) {
            Ok((0, _)) => exchange.frames.end(),
            Ok((read, _)) => exchange.frames.room().extend_from_slice(&bytes[..read]),
            Err(Errno::WOULDBLOCK) => break,
            Err(error) => return Err(error.into()),
        }
        answered = exchange.answer();
        if exchange.frames.is_ended() || !matches!(answered, Answered::All(_)) {
            break;
        }
    }
    if exchange.frames.is_ended() && matches!(answered, Answered::All(_)) {
        match send(&socket, &exchange.answers, SENDING) {
            Ok(sent) if sent == exchange.answers.len() => return Ok(None),
            Ok(sent) => drop(exchange.answers.drain(..sent)),
            Err(Errno::WOULDBLOCK) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(Opened {
        exchange,
        answered,
        socket,
    }))
}

/// A connection that is not over.
pub(crate) struct Opened {
    exchange: Exchange,
    answered: Answered,
    socket: StdUnixStream,
}

impl Opened {
    /// Serves the connection until it ends. `ending` becomes true when the server is to end.
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

/// What came of waiting for more.
enum Input {
    More,
    Late,
    Ending,
}

impl Connection {
    async fn run(mut self, mut answered: Answered) -> io::Result<()> {
        let patience = self.exchange.hub.options.read_timeout;
        // The first request has to come in time, too. Later ones need not, once they have begun they do.
        let mut deadline = Some(deadline_in(patience));
        loop {
            self.flush().await?;
            match answered {
                Answered::Stream(feed) => {
                    let (channel, stays) = (feed.channel.id().to_owned(), feed.keeps_listener);
                    let ending = reader::stream(&self.exchange.hub, feed, self.socket).await;
                    debug!(channel, stays, ?ending, "stream ended");
                    return Ok(());
                }
                Answered::TooLong => return self.throw_away().await,
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
                        // Readers have to keep up with a client that sends without a pause.
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
                        "a request has to be there within {seconds} seconds"
                    )));
                    return self.flush().await;
                }
            }
        }
    }

    /// Writes the answers. A client that does not take them in time is given up.
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

    /// Reads more, if it comes before the deadline.
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
                        // Who waits for a request holds no memory.
                        frames.rest();
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

    /// Reads on, and keeps nothing of it.
    async fn throw_away(mut self) -> io::Result<()> {
        let options = &self.exchange.hub.options;
        let deadline = deadline_in(options.read_timeout);
        let mut left = THROWN_AWAY.saturating_mul(options.request_bytes);
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
