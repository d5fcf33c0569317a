//! Clients that lose their connections at random. Over all its connections a client reads every
//! message that was sent while it was there, in order and once, or a gap accounts for the missing
//! ones.

use std::collections::VecDeque;
use std::task::{Poll, Waker};

use eric_sse::{
    Delivered, GapReason, MessageQueueListener, MessageStream, Overflow, Position, QueueLimit,
    RegisterOptions,
};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};

use super::numbers::*;
use super::random::check;
use super::support::*;
use crate::suite::test;

#[derive(Clone, Debug)]
enum Action {
    Broadcast,
    Dispatch(usize),
    Read(usize, usize),
    Cut(usize),
    Connect(usize),
}

fn any_action() -> impl Strategy<Value = Action> {
    let at = || 0usize..3;
    prop_oneof![
        8 => Just(Action::Broadcast),
        3 => at().prop_map(Action::Dispatch),
        5 => (at(), 1usize..6).prop_map(|(at, count)| Action::Read(at, count)),
        2 => at().prop_map(Action::Cut),
        3 => at().prop_map(Action::Connect),
    ]
}

#[derive(Default)]
struct Client {
    stream: Option<MessageStream<Number>>,
    /// The id that it sends as `Last-Event-ID`: its first position, until it has read something.
    last: Option<String>,
    /// The messages that it is still to get, from its first connection on.
    due: VecDeque<(usize, Position)>,
}

impl Client {
    fn cut(&mut self, channel: &Numbers) {
        if let Some(stream) = self.stream.take() {
            channel.remove_listener(stream.listener().id()).unwrap();
            // Messages for this listener alone are gone with it; broadcasts are not.
            self.due.retain(|(_, sent)| !sent.is_dispatch());
        }
    }

    /// A client that was disconnected has nothing to cut, and does not know it yet.
    fn cut_if_there(&mut self, channel: &Numbers) {
        let id = self
            .stream
            .as_ref()
            .map(|stream| stream.listener().id().to_string());
        match id.is_some_and(|id| channel.get_listener(&id).is_ok()) {
            true => self.cut(channel),
            false => {
                self.stream = None;
                self.due.retain(|(_, sent)| !sent.is_dispatch());
            }
        }
    }

    fn connect(&mut self, channel: &Numbers, options: RegisterOptions) {
        if self.stream.is_none() {
            let listener = MessageQueueListener::new();
            match &self.last {
                Some(last) => channel.register_after(&listener, options, last).unwrap(),
                None => {
                    channel.register_with(&listener, options).unwrap();
                    self.last = Some(channel.last_event_id().as_str().to_string());
                }
            }
            listener.start_sync();
            self.stream = Some(channel.message_stream(&listener).unwrap());
        }
    }

    fn is_there(&self) -> bool {
        self.last.is_some()
    }

    /// Reads one item. Returns whether there was one.
    fn read(&mut self, channel: &Numbers, history: u64, limit: u64) -> Result<bool, TestCaseError> {
        let Some(stream) = &mut self.stream else {
            return Ok(false);
        };
        match poll(stream, Waker::noop()) {
            Poll::Ready(Some(Delivered::Message(read))) => {
                prop_assert_eq!(self.due.pop_front(), Some((read.0, read.position())));
                self.last = Some(id(channel, read.position()));
            }
            Poll::Ready(Some(Delivered::Gap(gap))) => {
                let missed = gap.missed.expect("known") as usize;
                prop_assert!(missed > 0 && missed <= self.due.len());
                let from = gap.from.map(|from| from.as_str().to_string());
                prop_assert_eq!(&from, &self.last);
                let newest_missed = self.due.drain(..missed).next_back().map(|(_, sent)| sent);
                prop_assert_eq!(Some(gap.to), newest_missed);
                prop_assert!(self.due.front().is_none_or(|(_, next)| *next > gap.to));
                let kept = self.due.len() as u64;
                match gap.reason {
                    GapReason::Expired => prop_assert!(kept >= history),
                    GapReason::Overflow => prop_assert!(kept >= limit && kept <= limit + history),
                    other => panic!("{other:?}"),
                }
                self.last = Some(id(channel, gap.to));
            }
            Poll::Ready(other) => {
                // It was disconnected for being too slow, and reconnects.
                prop_assert!(other.is_none());
                self.stream = None;
                self.due.retain(|(_, sent)| !sent.is_dispatch());
                return Ok(false);
            }
            Poll::Pending => {
                prop_assert!(self.due.is_empty(), "still due: {:?}", self.due);
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn clients_lose_nothing(
    actions: &[Action],
    history: u64,
    limit: u64,
    overflow: Overflow,
) -> TestCaseResult {
    let channel = numbers(newest(history));
    let options = RegisterOptions {
        limit: Some(QueueLimit {
            messages: limit,
            bytes: u64::MAX,
            overflow,
        }),
        resumable: false,
    };
    let mut clients: [Client; 3] = Default::default();
    for (number, action) in actions.iter().enumerate() {
        match *action {
            Action::Broadcast => {
                let sent = channel.broadcast(Number(number, 1));
                let there = clients.iter_mut().filter(|client| client.is_there());
                if let Ok(position) = sent {
                    there.for_each(|client| client.due.push_back((number, position)));
                }
            }
            Action::Dispatch(at) => {
                let client = &mut clients[at];
                if let Some(stream) = &client.stream
                    && let Ok(position) =
                        channel.dispatch(stream.listener().id(), Number(number, 1))
                {
                    client.due.push_back((number, position));
                }
            }
            Action::Read(at, count) => {
                for _ in 0..count {
                    clients[at].read(&channel, history, limit)?;
                }
            }
            Action::Cut(at) => clients[at].cut_if_there(&channel),
            Action::Connect(at) => clients[at].connect(&channel, options),
        }
    }
    for client in &mut clients {
        if client.is_there() {
            while client.read(&channel, history, limit)? {}
            client.connect(&channel, options);
            while client.read(&channel, history, limit)? {}
            prop_assert!(client.due.is_empty(), "never got: {:?}", client.due);
        }
    }
    Ok(())
}

#[test]
fn clients_that_lose_their_connections_lose_nothing_untold() {
    let overflows = vec![Overflow::DropOldest, Overflow::Disconnect, Overflow::Refuse];
    let inputs = (
        prop::collection::vec(any_action(), 0..120),
        0u64..8,
        1u64..8,
        prop::sample::select(overflows),
    );
    check(400, inputs, |(actions, history, limit, overflow)| {
        clients_lose_nothing(&actions, history, limit, overflow)
    });
}

#[derive(Clone, Debug)]
enum Step {
    Broadcast,
    Except,
    Dispatch,
    Read(usize),
    Rewind(usize),
}

#[test]
fn a_rewound_listener_reads_what_the_plain_model_does() {
    let step = prop_oneof![
        3 => Just(Step::Broadcast),
        1 => Just(Step::Except),
        3 => Just(Step::Dispatch),
        3 => (1usize..5).prop_map(Step::Read),
        1 => (0usize..12).prop_map(Step::Rewind),
    ];
    check(400, prop::collection::vec(step, 0..80), |steps| {
        let channel = numbers(newest(u64::MAX));
        let options = RegisterOptions {
            limit: None,
            resumable: true,
        };
        let mut stream = reader(&channel, options);
        let own = stream.listener().clone();
        // Everything that was sent to it, and how much of it it has read.
        let (mut sent, mut next) = (Vec::new(), 0);
        let excepts = steps.iter().any(|step| matches!(step, Step::Except));
        for (number, step) in steps.into_iter().enumerate() {
            let message = Number(number, 1);
            match step {
                Step::Broadcast => sent.push((number, channel.broadcast(message).unwrap())),
                Step::Dispatch => {
                    sent.push((number, channel.dispatch(own.id(), message).unwrap()));
                }
                Step::Except => drop(channel.broadcast_except(message, &[own.id()])),
                Step::Read(count) => {
                    for _ in 0..count {
                        let read = match poll(&mut stream, Waker::noop()) {
                            Poll::Ready(Some(delivered)) => Some(got(delivered)),
                            Poll::Ready(None) => panic!("the stream ended"),
                            Poll::Pending => None,
                        };
                        let due = sent.get(next).map(|(number, _)| Got::Number(*number));
                        prop_assert_eq!(&read, &due);
                        next += usize::from(due.is_some());
                    }
                }
                Step::Rewind(back) if next > 0 => {
                    next = next.saturating_sub(back).max(1);
                    channel
                        .rewind(own.id(), &id(&channel, sent[next - 1].1))
                        .unwrap();
                }
                Step::Rewind(_) => {}
            }
            let due = (sent.len() - next) as u64;
            let waiting = channel.waiting(own.id()).unwrap();
            // A broadcast that it is excepted from counts until it is passed over.
            prop_assert!(waiting == due || (excepts && waiting > due));
        }
        Ok(())
    });
}
