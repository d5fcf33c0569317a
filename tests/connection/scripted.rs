//! A transport whose answers are written down, and a clock of the runtime.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eric_sse::client::{
    Attempt, Clock, ConnectError, ConnectOptions, Connection, Headers, Request, Response, State,
    Transport,
};
use futures::future::LocalBoxFuture;
use futures::stream::{self, LocalBoxStream};
use futures::{FutureExt, StreamExt};
use tokio::time::{Instant, Sleep, sleep};

pub const SECOND: Duration = Duration::from_secs(1);

/// A part of a body.
#[derive(Clone)]
pub enum Part {
    Text(&'static str),
    Wait(Duration),
    BreakOff,
    Hang,
}
pub use Part::{BreakOff, Hang, Text, Wait};

#[derive(Clone)]
pub enum Answer {
    Response(u16, Vec<(&'static str, &'static str)>, Vec<Part>),
    /// The request fails.
    Refuse,
    /// No answer comes.
    Silence,
}

/// A response that brings events.
pub fn events(parts: &[Part]) -> Answer {
    let of = "text/event-stream; charset=utf-8";
    Answer::Response(200, vec![("Content-Type", of)], parts.to_vec())
}

/// A response of a status and some headers.
pub fn status(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
    Answer::Response(status, headers.to_vec(), vec![Text("why not")])
}

/// What has happened, with the time since the beginning.
#[derive(Clone, Default)]
pub struct Log {
    pub requests: Rc<RefCell<Vec<(Duration, Request, Attempt)>>>,
    pub waits: Arc<Mutex<Vec<(Duration, String)>>>,
    pub states: Arc<Mutex<Vec<String>>>,
}

impl Log {
    /// When each request was sent.
    pub fn times(&self) -> Vec<Duration> {
        self.requests.borrow().iter().map(|entry| entry.0).collect()
    }

    pub fn request(&self, index: usize) -> Request {
        self.requests.borrow()[index].1.clone()
    }

    pub fn attempt(&self, index: usize) -> Attempt {
        self.requests.borrow()[index].2.clone()
    }

    /// The delays of all waits, and the texts of their errors.
    pub fn waits(&self) -> Vec<(Duration, String)> {
        self.waits.lock().unwrap().clone()
    }

    pub fn states(&self) -> Vec<String> {
        self.states.lock().unwrap().clone()
    }
}

/// Gives its answers one by one. The one after the last is 204, which ends a connection.
pub struct Scripted {
    answers: VecDeque<Answer>,
    start: Instant,
    log: Log,
}

impl Transport for Scripted {
    type Body = LocalBoxStream<'static, Result<Vec<u8>, &'static str>>;
    type Chunk = Vec<u8>;
    type Error = &'static str;
    type Sending = LocalBoxFuture<'static, Result<Response<Self::Body>, &'static str>>;

    fn send(&mut self, request: Request, attempt: Attempt) -> Self::Sending {
        let entry = (self.start.elapsed(), request, attempt);
        self.log.requests.borrow_mut().push(entry);
        let answer = self.answers.pop_front();
        async move {
            match answer {
                None => Ok(response(204, Vec::new(), Vec::new())),
                Some(Answer::Response(status, headers, parts)) => {
                    Ok(response(status, headers, parts))
                }
                Some(Answer::Refuse) => Err("refused"),
                Some(Answer::Silence) => pending().await,
            }
        }
        .boxed_local()
    }
}

fn response(
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    parts: Vec<Part>,
) -> Response<<Scripted as Transport>::Body> {
    let parts = stream::iter(parts).filter_map(async |part| match part {
        Text(text) => Some(Ok(text.as_bytes().to_vec())),
        BreakOff => Some(Err("broken")),
        Wait(time) => {
            sleep(time).await;
            None
        }
        Hang => pending().await,
    });
    Response {
        status,
        headers: headers.into_iter().collect::<Headers>(),
        body: parts.boxed_local(),
    }
}

pub struct TokioClock(Instant);

impl Clock for TokioClock {
    type Sleep = Sleep;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    /// It is 784111777 s when a test begins: Sun, 06 Nov 1994 08:49:37 GMT.
    fn unix_time(&self) -> Duration {
        Duration::from_secs(784_111_777) + self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        sleep(duration)
    }
}

pub type Scene = Connection<Scripted, TokioClock>;

/// A connection that gets these answers.
pub fn connection(request: Request, options: ConnectOptions, answers: &[Answer]) -> (Scene, Log) {
    let log = Log::default();
    let start = Instant::now();
    let transport = Scripted {
        answers: answers.to_vec().into(),
        start,
        log: log.clone(),
    };
    let (waits, states) = (log.waits.clone(), log.states.clone());
    let options = options.on_state(move |state| {
        let name = match state {
            State::Connecting(_) => "connecting",
            State::Open { .. } => "open",
            State::Waiting { delay, error } => {
                let error = error.as_ref().map(ToString::to_string).unwrap_or_default();
                waits.lock().unwrap().push((*delay, error));
                "waiting"
            }
            State::Ended(_) => "ended",
            _ => "another state",
        };
        states.lock().unwrap().push(name.to_owned());
    });
    let clock = TokioClock(start);
    (
        Connection::with_clock(request, transport, options, clock),
        log,
    )
}

/// A GET that gets these answers.
pub fn get(options: ConnectOptions, answers: &[Answer]) -> (Scene, Log) {
    connection(Request::get("http://host/events"), options, answers)
}

/// Reads to the end. Returns the data of all events, and the error.
pub async fn read(connection: &mut Scene) -> (Vec<String>, Option<ConnectError>) {
    let mut datas = Vec::new();
    let mut error = None;
    while let Some(item) = connection.next().await {
        assert!(error.is_none(), "an error is the last item");
        match item {
            Ok(event) => datas.push(event.data),
            Err(last) => error = Some(last),
        }
    }
    assert!(connection.end().is_some());
    (datas, error)
}
