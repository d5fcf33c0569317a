//! Clients of a resumable listener that lose messages on their way, take the listener from each
//! other, and reconnect in time or too late. Every lost message is reported by a gap, whatever else
//! fails before the gap arrives.

use std::collections::{HashSet, VecDeque};
use std::task::{Poll, Waker};

use eric_sse::{
    Delivered, Gap, GapReason, MessageQueueListener, MessageStream, Overflow, Position, QueueLimit,
    RegisterOptions,
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
    Receive(usize, usize),
    /// The number of items on their way when the connection breaks.
    Lose(usize, usize),
    /// The listener has waited long enough for its client.
    Expire,
    /// The client comes, and takes the listener from the other one.
    Return(usize),
}

fn any_action() -> impl Strategy<Value = Action> {
    let who = || 0usize..2;
    prop_oneof![
        4 => Just(Action::Broadcast),
        4 => Just(Action::Dispatch),
        3 => (who(), 1usize..5).prop_map(|(who, count)| Action::Receive(who, count)),
        2 => (who(), 0usize..4).prop_map(|(who, count)| Action::Lose(who, count)),
        1 => Just(Action::Expire),
        3 => who().prop_map(Action::Return),
    ]
}

/// The messages accepted for the client, and the client's view of them.
struct Client {
    stream: Option<MessageStream<Number>>,
    last: String,
    /// The id that it reconnected with.
    came: String,
    owed: VecDeque<Owed>,
    /// The messages that were passed over, and still need a gap.
    lost: Vec<Owed>,
    has: HashSet<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Owed {
    number: usize,
    position: Position,
}

impl Client {
    fn new(channel: &Numbers) -> Self {
        Self {
            stream: None,
            last: channel.last_event_id().as_str().to_string(),
            came: String::new(),
            owed: VecDeque::new(),
            lost: Vec::new(),
            has: HashSet::new(),
        }
    }

    fn connect(&mut self, channel: &Numbers, options: RegisterOptions) {
        if self.stream.is_some() {
            return;
        }
        self.came.clone_from(&self.last);
        let listener = match channel.get_listener(OWN) {
            Ok(listener) => {
                channel.rewind(OWN, &self.last).unwrap();
                listener
            }
            Err(_) => {
                let listener = MessageQueueListener::with_id(OWN);
                let registered = channel.register_after(&listener, options, &self.last);
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
                    self.lost.push(owed);
                }
                self.last = id(channel, read.position());
            }
            Poll::Ready(Some(Delivered::Gap(gap))) => {
                let from = gap.from.as_ref().map(|from| from.as_str());
                // Messages for it alone may be missing since its last reconnect.
                let since = [self.last.as_str(), self.came.as_str()];
                prop_assert!(from.is_some_and(|from| since.contains(&from)), "{gap:?}");
                prop_assert!(
                    gap.reason == GapReason::Forgotten
                        || gap.missed.is_none()
                        || from == Some(since[0])
                );
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
                prop_assert!(self.owed.is_empty(), "{:?} never came", self.owed);
                prop_assert!(self.lost.is_empty(), "{:?} was lost silently", self.lost);
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn told(&mut self, gap: &Gap) -> TestCaseResult {
        let is_own = |owed: &Owed| owed.position.is_dispatch();
        let behind = self.owed.partition_point(|owed| owed.position <= gap.to);
        let passed: Vec<Owed> = self.owed.drain(..behind).collect();
        match gap.missed {
            Some(missed) => {
                let own = passed.iter().filter(|owed| is_own(owed)).count() as u64;
                let all = passed.len() as u64;
                prop_assert!(
                    missed > 0 && missed <= all && missed >= all - own,
                    "{gap:?}"
                );
                // Uncounted dispatches get a gap when the time has come.
                if missed < all {
                    self.lost.extend(passed.into_iter().filter(is_own));
                }
            }
            None => {
                let is_told_of_all = gap.reason != GapReason::Forgotten;
                prop_assert!(!matches!(gap.reason, GapReason::Unknown | GapReason::Epoch));
                prop_assert!(is_told_of_all || passed.iter().all(is_own), "{passed:?}");
                self.lost
                    .retain(|owed| !is_own(owed) || owed.position > gap.to);
            }
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
    let options = RegisterOptions {
        limit,
        resumable: true,
    };
    let mut clients = [Client::new(&channel), Client::new(&channel)];
    let connect = |clients: &mut [Client; 2], who: usize| {
        clients[1 - who].stream = None;
        clients[who].connect(&channel, options);
    };
    connect(&mut clients, 0);
    for (number, action) in actions.iter().enumerate() {
        let message = Number(number, 1);
        let sent = match *action {
            Action::Broadcast => channel.broadcast(message).ok(),
            Action::Dispatch => channel.dispatch(OWN, message).ok(),
            Action::Receive(who, count) => {
                for _ in 0..count {
                    clients[who].receive(&channel)?;
                }
                None
            }
            Action::Lose(who, count) => {
                if let Some(mut stream) = clients[who].stream.take() {
                    (0..count).for_each(|_| drop(poll(&mut stream, Waker::noop())));
                }
                None
            }
            Action::Expire => {
                if clients.iter().all(|client| client.stream.is_none()) {
                    let _ = channel.remove_listener(OWN);
                }
                None
            }
            Action::Return(who) => {
                connect(&mut clients, who);
                None
            }
        };
        if let Some(position) = sent {
            for client in &mut clients {
                client.owed.push_back(Owed { number, position });
            }
        }
    }
    for who in [0, 1] {
        // A disconnected client connects again.
        for _ in 0..2 {
            connect(&mut clients, who);
            while clients[who].receive(&channel)? {}
        }
        let Client { owed, lost, .. } = &clients[who];
        prop_assert!(owed.is_empty() && lost.is_empty(), "{owed:?} {lost:?}");
    }
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
