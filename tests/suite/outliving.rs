//! Clients of resumable listeners that lose what is on its way, and come back in time or too late: what a client does not get
//! it is told of, whatever else goes wrong before it is told.

use std::collections::{HashSet, VecDeque};
use std::task::{Poll, Waker};

use eric_sse::{
    Delivered, Gap, GapReason, ListenerOptions, MessageQueueListener, MessageStream, Overflow,
    Position, QueueLimit,
};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};

use super::numbers::*;
use super::random::check;
use super::support::*;
use crate::suite::test;

const OWN: &str = "own";

#[derive(Clone, Debug)]
enum Action {
    Broadcast,
    Dispatch,
    /// The client gets so many items.
    Receive(usize),
    /// So many items are on their way when the connection breaks.
    Lose(usize),
    /// The listener has waited long enough for its client.
    Expire,
    Return,
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => Just(Action::Broadcast),
        4 => Just(Action::Dispatch),
        3 => (1usize..5).prop_map(Action::Receive),
        2 => (0usize..4).prop_map(Action::Lose),
        1 => Just(Action::Expire),
        3 => Just(Action::Return),
    ]
}

/// What was accepted for the client, and what it makes of what it gets.
struct Client {
    options: ListenerOptions,
    stream: Option<MessageStream<Number>>,
    last: String,
    owed: VecDeque<Owed>,
    has: HashSet<usize>,
    /// What was sent from then on cannot have been lost before the client was last there.
    came: usize,
}

struct Owed {
    number: usize,
    position: Position,
    /// Whether the client was told that it may be missing.
    is_told: bool,
}

impl Client {
    fn connect(&mut self, channel: &Numbers, now: usize) {
        if self.stream.is_some() {
            return;
        }
        self.came = now;
        let listener = match channel.get_listener(OWN) {
            Ok(listener) => {
                channel.rewind(OWN, &self.last).unwrap();
                listener
            }
            Err(_) => {
                let listener = MessageQueueListener::with_id(OWN);
                let registered = channel.register_after(&listener, self.options, &self.last);
                registered.unwrap();
                listener.start_sync();
                listener
            }
        };
        self.stream = Some(channel.message_stream(&listener).unwrap());
    }

    /// Gets one item. Returns whether there was one.
    fn receive(&mut self, channel: &Numbers) -> Result<bool, TestCaseError> {
        let Some(stream) = &mut self.stream else {
            return Ok(false);
        };
        match poll(stream, Waker::noop()) {
            Poll::Ready(Some(Delivered::Message(read))) => {
                prop_assert!(self.has.insert(read.0), "{} came twice", read.0);
                while let Some(owed) = self.owed.pop_front()
                    && owed.number != read.0
                {
                    prop_assert!(owed.is_told, "{} was lost silently", owed.number);
                }
                self.last = id(channel, read.position());
            }
            Poll::Ready(Some(Delivered::Gap(gap))) => {
                let from = gap.from.as_ref().map(|from| from.as_str());
                prop_assert_eq!(from, Some(self.last.as_str()));
                self.told(&gap)?;
                self.last = id(channel, gap.to);
            }
            // Disconnected for being too slow.
            Poll::Ready(other) => {
                prop_assert!(other.is_none());
                self.stream = None;
                return Ok(false);
            }
            Poll::Pending => {
                let silent = self.owed.iter().find(|owed| !owed.is_told);
                prop_assert!(
                    silent.is_none(),
                    "{:?} never came",
                    silent.map(|owed| owed.number)
                );
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn told(&mut self, gap: &Gap) -> TestCaseResult {
        let is_exact = self.owed.iter().all(|owed| !owed.is_told);
        if let Some(missed) = gap.missed
            && is_exact
        {
            prop_assert!(missed > 0 && missed <= self.owed.len() as u64, "{gap:?}");
            let newest = self.owed.drain(..missed as usize).next_back();
            prop_assert_eq!(newest.map(|owed| owed.position), Some(gap.to));
            return Ok(());
        }
        for owed in &mut self.owed {
            let is_forgotten = owed.position.is_dispatch() && owed.number < self.came;
            owed.is_told |= match (gap.reason, gap.missed) {
                (GapReason::Forgotten, None) => is_forgotten,
                (GapReason::Expired, None) => is_forgotten || owed.position <= gap.to,
                (GapReason::Expired | GapReason::Overflow, Some(_)) => owed.position <= gap.to,
                _ => return Err(TestCaseError::fail(format!("{gap:?}"))),
            };
        }
        Ok(())
    }
}

fn nothing_is_lost_silently(
    actions: &[Action],
    history: u64,
    limit: Option<QueueLimit>,
) -> TestCaseResult {
    let channel = numbers(newest(history));
    let mut client = Client {
        options: ListenerOptions {
            limit,
            resumable: true,
        },
        stream: None,
        last: channel.last_event_id().as_str().to_string(),
        owed: VecDeque::new(),
        has: HashSet::new(),
        came: 0,
    };
    client.connect(&channel, 0);
    let _ = client.receive(&channel)?;
    for (now, action) in actions.iter().enumerate() {
        let message = Number(now, 1);
        let sent = match *action {
            Action::Broadcast => channel.broadcast(message).ok(),
            Action::Dispatch => channel.dispatch(OWN, message).ok(),
            Action::Receive(count) => {
                for _ in 0..count {
                    client.receive(&channel)?;
                }
                None
            }
            Action::Lose(count) => {
                if let Some(mut stream) = client.stream.take() {
                    (0..count).for_each(|_| drop(poll(&mut stream, Waker::noop())));
                }
                None
            }
            Action::Expire => {
                if client.stream.is_none() {
                    let _ = channel.remove_listener(OWN);
                }
                None
            }
            Action::Return => {
                client.connect(&channel, now);
                None
            }
        };
        client.owed.extend(sent.map(|position| Owed {
            number: now,
            position,
            is_told: false,
        }));
    }
    while client.receive(&channel)? {}
    client.connect(&channel, actions.len());
    while client.receive(&channel)? {}
    prop_assert!(client.owed.iter().all(|owed| owed.is_told));
    Ok(())
}

#[test]
fn a_client_that_outlives_its_connections_loses_nothing_untold() {
    let overflows = vec![Overflow::DropOldest, Overflow::Disconnect, Overflow::Refuse];
    let limit =
        (1u64..8, prop::sample::select(overflows)).prop_map(|(messages, overflow)| QueueLimit {
            messages,
            bytes: u64::MAX,
            overflow,
        });
    let inputs = (
        prop::collection::vec(any_action(), 0..80),
        0u64..10,
        prop::option::of(limit),
    );
    check(1000, inputs, |(actions, history, limit)| {
        nothing_is_lost_silently(&actions, history, limit)
    });
}
