//! Exchange: the requests of a connection that have been read, and their answers that have not been written.
//!
//! ## Answers
//!
//! An answer is a bare id, `ack` or a line of counters. A line feed follows it if a line feed ended the request; a request
//! that the end of the client's writing side ended gets the answer alone, as from the reference. An error is one line of JSON,
//! line feed included, either way.

use std::rc::Rc;

use tracing::debug;

use crate::server::connection::framing::{Frame, Frames};
use crate::server::hub::{Hub, OpenFeed, Reply};
use crate::server::protocol::Request;
use crate::server::protocol::refusal::Refusal;
use crate::server::report::count;

/// Answers are written as soon as they are this long together.
const ANSWERS: usize = 64 * 1024;

/// One side of a conversation, without its socket.
pub(crate) struct Exchange {
    pub(crate) hub: Rc<Hub>,
    pub(crate) frames: Frames,
    pub(crate) answers: Vec<u8>,
}

/// How the requests that have been read were answered.
pub(crate) enum Answered {
    /// So many of them, and none is left.
    All(usize),
    /// Some of them. It is time to write, and for others to have their turn.
    Some,
    /// The last one by a stream.
    Stream(OpenFeed),
    /// The last one was too long.
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

    /// Answers what has been read.
    pub(crate) fn answer(&mut self) -> Answered {
        let mut answered = 0;
        while let Some(frame) = self.frames.next() {
            answered += 1;
            let (request, feeds_line) = match &frame {
                Frame::Line(bytes) => (bytes, true),
                Frame::Last(bytes) => (bytes, false),
                Frame::TooLong => {
                    let most = self.hub.options.request_bytes;
                    self.refuse(&Refusal::limit(format_args!(
                        "a request has at most {most} bytes"
                    )));
                    return Answered::TooLong;
                }
            };
            match self.answer_one(request, feeds_line) {
                Next::Request if self.answers.len() < ANSWERS => {}
                Next::Request | Next::Turn => return Answered::Some,
                Next::Stream(feed) => return Answered::Stream(feed),
            }
        }
        Answered::All(answered)
    }

    fn answer_one(&mut self, request: &[u8], feeds_line: bool) -> Next {
        count(&self.hub.counters.requests, 1);
        let mut is_wide = false;
        let outcome = Request::parse(request)
            .map_err(Refusal::from)
            .and_then(|request| {
                debug!(verb = request.verb(), "request");
                is_wide = matches!(request, Request::BroadcastToAll(_) | Request::Stats(_));
                self.hub.execute(request)
            });
        match outcome {
            Ok(Reply::Stream(feed)) => return Next::Stream(feed),
            Ok(Reply::Ack) => self.answers.extend_from_slice(b"ack"),
            Ok(Reply::Text(text)) => self.answers.extend_from_slice(text.as_bytes()),
            Err(refusal) => {
                self.refuse(&refusal);
                return Next::Request;
            }
        }
        if feeds_line {
            self.answers.push(b'\n');
        }
        match is_wide {
            true => Next::Turn,
            false => Next::Request,
        }
    }

    /// Answers by an error.
    pub(crate) fn refuse(&mut self, refusal: &Refusal) {
        debug!(code = refusal.code, "refused");
        count(&self.hub.counters.refused, 1);
        refusal.write(&mut self.answers);
    }
}

/// What comes behind a request.
enum Next {
    Request,
    /// Others' turn: the request went through all channels.
    Turn,
    Stream(OpenFeed),
}
