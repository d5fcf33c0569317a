//! Exchange: the requests of a connection that were read, and the answers that are not written yet.
//!
//! ## Answers
//!
//! An answer is a bare id, `ack` or a line of counters. If a line feed ended the request, a line
//! feed follows the answer. If the end of the client's writing side ended it, the answer stands
//! alone, as in the reference. An error is always one line of JSON with a line feed.

use std::rc::Rc;

use tracing::debug;

use crate::server::connection::framing::{Frame, Frames};
use crate::server::hub::{Hub, OpenFeed, Reply};
use crate::server::protocol::refusal::Refusal;
use crate::server::protocol::request::Request;
use crate::server::report::count;

/// Answers are written as soon as their total length reaches this.
const ANSWERS: usize = 64 * 1024;

/// The server's side of a connection, without the socket.
pub(crate) struct Exchange {
    pub(crate) hub: Rc<Hub>,
    pub(crate) frames: Frames,
    pub(crate) answers: Vec<u8>,
}

/// How far the requests that were read are answered.
pub(crate) enum Answered {
    /// All of them: their number.
    All(usize),
    /// Some of them. It is time to write, and to give other tasks their turn.
    Some,
    /// The last one is answered by a stream.
    Stream(OpenFeed),
    /// The last one is too long.
    TooLong,
}

impl Exchange {
    pub(crate) fn new(hub: Rc<Hub>) -> Self {
        Self {
            frames: Frames::new(hub.options.request_bytes),
            answers: Vec::new(),
            hub,
        }
    }

    /// Answers the requests that were read.
    pub(crate) fn answer(&mut self) -> Answered {
        let mut answered = 0;
        while let Some(frame) = self.frames.next() {
            answered += 1;
            let (request, ends_line) = match &frame {
                Frame::Line(bytes) => (bytes, true),
                Frame::Last(bytes) => (bytes, false),
                Frame::TooLong => {
                    let most = self.hub.options.request_bytes;
                    self.refuse(&Refusal::limit(format_args!(
                        "the request is longer than {most} bytes"
                    )));
                    return Answered::TooLong;
                }
            };
            match self.answer_one(request, ends_line) {
                Next::Request if self.answers.len() < ANSWERS => {}
                Next::Request | Next::Turn => return Answered::Some,
                Next::Stream(feed) => return Answered::Stream(feed),
            }
        }
        Answered::All(answered)
    }

    fn answer_one(&mut self, request: &[u8], ends_line: bool) -> Next {
        count(&self.hub.counters.requests, 1);
        let mut is_wide = false;
        let reply = Request::parse(request)
            .map_err(Refusal::from)
            .and_then(|request| {
                debug!(verb = request.verb(), "request");
                is_wide = matches!(request, Request::BroadcastToAll(_) | Request::Stats(_));
                self.hub.execute(request)
            });
        match reply {
            Ok(Reply::Stream(feed)) => return Next::Stream(feed),
            Ok(Reply::Ack) => self.answers.extend_from_slice(b"ack"),
            Ok(Reply::Text(text)) => self.answers.extend_from_slice(text.as_bytes()),
            Err(refusal) => {
                self.refuse(&refusal);
                return Next::Request;
            }
        }
        if ends_line {
            self.answers.push(b'\n');
        }
        match is_wide {
            true => Next::Turn,
            false => Next::Request,
        }
    }

    /// Answers with an error.
    pub(crate) fn refuse(&mut self, refusal: &Refusal) {
        debug!(code = refusal.code, "refused");
        count(&self.hub.counters.refused, 1);
        refusal.write(&mut self.answers);
    }
}

/// The step after a request.
enum Next {
    Request,
    /// A turn for other tasks: the request went through all channels.
    Turn,
    Stream(OpenFeed),
}
