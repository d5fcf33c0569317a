//! A connection: requests in, answers out, in order.
//!
//! ## Answers
//!
//! An answer is a bare id, `ack` or a line of counters. A line feed follows it if a line feed ended the request; a request
//! that the end of the client's writing side ended gets the answer alone, as from the reference. An error is one line of JSON,
//! line feed included, either way.
//!
//! ## Ending
//!
//! The server closes when the client has ended its writing side and has all its answers. A stream is the last answer
//! of its connection: what was sent behind its request is not read. A request that is too long, or not there in time,
//! is answered by an error, and the connection ends; what the client goes on sending of one that is too long is thrown
//! away, up to a limit, so that its writes do not fail before it can read why.

use std::future::pending;
use std::io;
use std::rc::Rc;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tracing::debug;

use super::framing::{Frame, Frames};
use super::hub::{Feed, Hub, Outcome, count};
use super::protocol::Request;
use super::refusal::Refusal;
use super::streaming;

/// Answers are written as soon as they are this long together.
const ANSWERS: usize = 64 * 1024;

/// Others get their turn after so many requests.
const TURN: usize = 16;

/// How much is thrown away of a request that is too long, in requests of the greatest length.
const THROWN_AWAY: usize = 64;

/// Serves a connection until it ends. `ending` becomes true when the server is to end.
pub(crate) async fn serve(
    hub: Rc<Hub>,
    socket: UnixStream,
    ending: watch::Receiver<bool>,
) -> io::Result<()> {
    let connection = Connection {
        frames: Frames::new(hub.options.request_bytes),
        hub,
        socket,
        answers: Vec::new(),
        ending,
    };
    connection.run().await
}

/// Tells a client why it is not served.
pub(crate) fn turn_away(hub: &Hub, socket: &UnixStream, refusal: &Refusal) {
    count(&hub.counters.refused, 1);
    let mut line = Vec::new();
    refusal.write(&mut line);
    // A new socket has room for a line. Who has left already misses nothing.
    let _ = socket.try_write(&line);
}

struct Connection {
    hub: Rc<Hub>,
    socket: UnixStream,
    frames: Frames,
    answers: Vec<u8>,
    ending: watch::Receiver<bool>,
}

/// How the requests that have been read were answered.
enum Answered {
    /// So many of them, and more may come.
    All(usize),
    /// The last one by a stream.
    Stream(Feed),
    /// The last one was too long.
    TooLong,
}

/// What came of waiting for more.
enum Read {
    More,
    Late,
    Ending,
}

impl Connection {
    async fn run(mut self) -> io::Result<()> {
        let patience = self.hub.options.read_timeout;
        // The first request has to come in time, too. Later ones need not, once they have begun they do.
        let mut deadline = Some(Instant::now() + patience);
        loop {
            let answered = self.answer_all().await?;
            self.flush().await?;
            match answered {
                Answered::Stream(feed) => {
                    let (channel, stays) = (feed.channel.id().to_owned(), feed.stays);
                    let ending = streaming::stream(&self.hub, feed, self.socket).await;
                    debug!(channel, stays, ?ending, "stream ended");
                    return Ok(());
                }
                Answered::TooLong => return self.throw_away().await,
                Answered::All(_) if self.frames.is_ended() => return Ok(()),
                Answered::All(0) if deadline.is_some() => {}
                Answered::All(_) => {
                    deadline = self.frames.is_inside().then(|| Instant::now() + patience);
                }
            }
            match self.read(deadline).await? {
                Read::More => {}
                Read::Ending => return Ok(()),
                Read::Late => {
                    let seconds = patience.as_secs_f64();
                    self.refuse(&Refusal::limit(format_args!(
                        "a request has to be there within {seconds} seconds"
                    )));
                    return self.flush().await;
                }
            }
        }
    }

    /// Answers what has been read.
    async fn answer_all(&mut self) -> io::Result<Answered> {
        let mut count = 0;
        while let Some(frame) = self.frames.next() {
            count += 1;
            let (request, feeds_line) = match &frame {
                Frame::Line(bytes) => (bytes, true),
                Frame::Last(bytes) => (bytes, false),
                Frame::TooLong => {
                    let most = self.hub.options.request_bytes;
                    self.refuse(&Refusal::limit(format_args!(
                        "a request has at most {most} bytes"
                    )));
                    return Ok(Answered::TooLong);
                }
            };
            if let Some(feed) = self.answer(request, feeds_line) {
                return Ok(Answered::Stream(feed));
            }
            if self.answers.len() >= ANSWERS {
                self.flush().await?;
            }
        }
        if count >= TURN {
            // Readers have to keep up with a client that sends without a pause.
            tokio::task::yield_now().await;
        }
        Ok(Answered::All(count))
    }

    /// Answers one request, unless by a stream, which is returned.
    fn answer(&mut self, request: &[u8], feeds_line: bool) -> Option<Feed> {
        count(&self.hub.counters.requests, 1);
        let outcome = Request::parse(request)
            .map_err(Refusal::from)
            .and_then(|request| {
                debug!(verb = request.verb(), "request");
                self.hub.execute(request)
            });
        match outcome {
            Ok(Outcome::Stream(feed)) => return Some(feed),
            Ok(Outcome::Ack) => self.answers.extend_from_slice(b"ack"),
            Ok(Outcome::Text(text)) => self.answers.extend_from_slice(text.as_bytes()),
            Err(refusal) => {
                self.refuse(&refusal);
                return None;
            }
        }
        if feeds_line {
            self.answers.push(b'\n');
        }
        None
    }

    fn refuse(&mut self, refusal: &Refusal) {
        debug!(code = refusal.code, "refused");
        count(&self.hub.counters.refused, 1);
        refusal.write(&mut self.answers);
    }

    /// Writes the answers. A client that does not take them in time is given up.
    async fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.answers.len() {
            match self.socket.try_write(&self.answers[written..]) {
                Ok(taken) => written += taken,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let patience = self.hub.options.read_timeout;
                    timeout(patience, self.socket.writable()).await??;
                }
                Err(error) => return Err(error),
            }
        }
        self.answers.clear();
        Ok(())
    }

    /// Reads more, if it comes before the deadline.
    async fn read(&mut self, deadline: Option<Instant>) -> io::Result<Read> {
        let Self {
            socket,
            frames,
            answers,
            ending,
            ..
        } = self;
        let more = async {
            loop {
                match socket.try_read_buf(frames.room()) {
                    Ok(0) => {
                        frames.end();
                        return Ok(Read::More);
                    }
                    Ok(_) => return Ok(Read::More),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
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
            _ = ending.wait_for(|ending| *ending) => Ok(Read::Ending),
            read = more => read,
            () = late => Ok(Read::Late),
        }
    }

    /// Reads on, and keeps nothing of it.
    async fn throw_away(mut self) -> io::Result<()> {
        let deadline = Instant::now() + self.hub.options.read_timeout;
        let mut left = THROWN_AWAY * self.hub.options.request_bytes;
        self.socket.shutdown().await?;
        let mut scratch = vec![0; 16 * 1024];
        while left > 0 {
            match self.socket.try_read(&mut scratch) {
                Ok(0) => break,
                Ok(read) => left = left.saturating_sub(read),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
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
