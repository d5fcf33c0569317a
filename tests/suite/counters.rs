//! Counters: exact, over a random run, against a plain model.

use std::collections::VecDeque;
use std::rc::Rc;

use eric_sse::{ChannelStats, History, ListenerStats, Overflow, RegisterOptions, Tally};
use eric_sse::{MessageQueueListener, QueueLimit};
use proptest::prelude::*;

use super::numbers::*;
use super::random::check;
use super::support::*;
use crate::suite::test;

#[derive(Clone, Debug)]
enum Action {
    Broadcast,
    Except(usize),
    Dispatch(usize),
    Deliver(usize),
    Replace(usize),
}

/// A waiting entry of the model: a broadcast or not, for the listener or not, its number and
/// weight.
type Waiting = VecDeque<(bool, bool, Number)>;

struct Model {
    listener: MessageQueueListener<Number>,
    queue: Waiting,
    tally: Tally,
}

/// A listener that wants no multiple of five and refuses those of three.
fn add(channel: &Numbers, limit: u64) -> Model {
    let options = RegisterOptions {
        limit: Some(QueueLimit {
            messages: limit,
            bytes: u64::MAX,
            overflow: Overflow::DropOldest,
        }),
        resumable: false,
    };
    let listener = listener(channel, options);
    let wants = |number: &Number| !number.0.is_multiple_of(5);
    listener.set_filter(Some(Rc::new(wants)));
    listener.set_on_message(Some(Rc::new(|number: &Number| {
        match number.0.is_multiple_of(3) {
            true => Err("refused".into()),
            false => Ok(()),
        }
    })));
    Model {
        listener,
        queue: VecDeque::new(),
        tally: Tally::default(),
    }
}

impl Model {
    fn send(&mut self, broadcast: bool, wanted: bool, number: Number, limit: u64) {
        self.queue.push_back((broadcast, wanted, number));
        if self.queue.len() as u64 > limit {
            self.queue.pop_front();
            self.tally.dropped += 1;
        }
    }

    fn deliver(&mut self) -> Option<Number> {
        while let Some((_, wanted, number)) = self.queue.pop_front() {
            if !wanted || number.0.is_multiple_of(5) {
                self.tally.filtered += 1;
            } else if number.0.is_multiple_of(3) {
                self.tally.refused += 1;
                return None;
            } else {
                self.tally.delivered += 1;
                return Some(number);
            }
        }
        None
    }

    fn stats(&self) -> ListenerStats {
        let broadcasts = self.queue.iter().filter(|(broadcast, ..)| *broadcast);
        ListenerStats {
            tally: self.tally,
            queued: self.queue.len() as u64,
            bytes: self.queue.iter().map(|(.., number)| number.1).sum(),
            remembered: 0,
            lag: broadcasts.count() as u64,
        }
    }
}

fn sum(tallies: impl Iterator<Item = Tally>) -> Tally {
    tallies.fold(Tally::default(), |sum, tally| Tally {
        delivered: sum.delivered + tally.delivered,
        replayed: sum.replayed + tally.replayed,
        dropped: sum.dropped + tally.dropped,
        refused: sum.refused + tally.refused,
        filtered: sum.filtered + tally.filtered,
        discarded: sum.discarded + tally.discarded,
    })
}

#[test]
fn counters_are_those_of_the_plain_model() {
    let at = || 0usize..3;
    let action = prop_oneof![
        4 => Just(Action::Broadcast),
        1 => at().prop_map(Action::Except),
        2 => at().prop_map(Action::Dispatch),
        4 => at().prop_map(Action::Deliver),
        1 => at().prop_map(Action::Replace),
    ];
    let inputs = (prop::collection::vec(action, 0..150), 1u64..8);
    check(400, inputs, |(actions, limit)| {
        let channel = numbers(History::NONE);
        let mut models: Vec<_> = (0..3).map(|_| add(&channel, limit)).collect();
        let (mut left, mut broadcasts) = (Tally::default(), 0);
        for (number, action) in actions.into_iter().enumerate() {
            let message = Number(number, number as u64 % 7);
            match action {
                Action::Broadcast | Action::Except(_) => {
                    let except = match action {
                        Action::Except(at) => Some(at),
                        _ => None,
                    };
                    let id = except.map(|at| models[at].listener.id().to_string());
                    let id = id.iter().map(String::as_str).collect::<Vec<_>>();
                    channel.broadcast_except(message.clone(), &id).unwrap();
                    broadcasts += 1;
                    for (at, model) in models.iter_mut().enumerate() {
                        model.send(true, except != Some(at), message.clone(), limit);
                    }
                }
                Action::Dispatch(at) => {
                    channel
                        .dispatch(models[at].listener.id(), message.clone())
                        .unwrap();
                    models[at].send(false, true, message, limit);
                }
                Action::Deliver(at) => {
                    let delivered = channel.deliver_next(models[at].listener.id()).ok();
                    prop_assert_eq!(delivered, models[at].deliver());
                }
                Action::Replace(at) => {
                    let new = add(&channel, limit);
                    let old = std::mem::replace(&mut models[at], new);
                    channel.remove_listener(old.listener.id()).unwrap();
                    let discarded = Tally {
                        discarded: old.stats().queued,
                        ..Tally::default()
                    };
                    left = sum([left, old.tally, discarded].into_iter());
                }
            }
            for model in &models {
                let stats = channel.listener_stats(model.listener.id()).unwrap();
                prop_assert_eq!(stats, model.stats());
            }
            let now = || models.iter().map(Model::stats);
            let lag = now().map(|stats| stats.lag).max().unwrap();
            let stats = channel.stats();
            let expected = ChannelStats {
                queued: now().map(|stats| stats.queued).sum(),
                bytes: now().map(|stats| stats.bytes).sum(),
                lag,
                tally: sum(models.iter().map(|model| model.tally).chain([left])),
                listeners: 3,
                broadcasts,
                refused_sends: 0,
                remembered: 0,
                overflows: 0,
                kept: lag,
                kept_bytes: stats.kept_bytes,
            };
            prop_assert_eq!(stats, expected);
        }
        Ok(())
    });
}

#[test]
fn every_message_is_delivered_still_queued_or_in_a_report() {
    let overflow = prop_oneof![
        Just(Overflow::DropOldest),
        Just(Overflow::Disconnect),
        Just(Overflow::Refuse)
    ];
    let action = (0usize..6, 0usize..3);
    let inputs = (
        prop::collection::vec(action, 0..150),
        prop::collection::vec((overflow, 1u64..6), 3),
    );
    check(400, inputs, |(actions, limits)| {
        let channel = numbers(newest(4));
        let add = |(overflow, messages)| {
            let limit = QueueLimit {
                messages,
                bytes: 20,
                overflow,
            };
            let options = RegisterOptions {
                limit: Some(limit),
                resumable: false,
            };
            listener(&channel, options)
        };
        let mut listeners: Vec<_> = limits.iter().copied().map(add).collect();
        let mut accepted = 0;
        for (number, (action, at)) in actions.into_iter().enumerate() {
            let message = Number(number, number as u64 % 7);
            let id = listeners[at].id().to_string();
            match action {
                0 | 1 => {
                    let there = channel.listener_count() as u64;
                    accepted += channel.broadcast(message).map_or(0, |_| there);
                }
                2 => accepted += channel.dispatch(&id, message).map_or(0, |_| 1),
                3 => drop(channel.remove_listener(&id)),
                4 if channel.get_listener(&id).is_err() => listeners[at] = add(limits[at]),
                _ => drop(channel.deliver_next(&id)),
            }
            let stats = channel.stats();
            let Tally {
                delivered,
                dropped,
                discarded,
                ..
            } = stats.tally;
            prop_assert_eq!(accepted, delivered + dropped + discarded + stats.queued);
        }
        Ok(())
    });
}

#[test]
fn replayed_messages_are_counted_when_they_are_queued_again() {
    let channel = numbers(newest(10));
    let first = channel.broadcast(Number(0, 1)).unwrap();
    broadcast(&channel, 1..4);
    let mut stream = reader_after(&channel, RegisterOptions::default(), &id(&channel, first));
    let own = stream.listener().clone();
    let tally = || channel.listener_stats(own.id()).unwrap().tally;
    let mut expected = Tally {
        replayed: 3,
        ..Tally::default()
    };
    assert_eq!(tally(), expected);
    broadcast(&channel, 4..6);
    dispatch(&channel, &own, [6]);
    assert_eq!(read(&mut stream), all(1..=6));
    expected.delivered = 6;
    assert_eq!(tally(), expected);
    assert_eq!(channel.stats().tally, expected);
}

#[test]
fn a_listener_that_is_rewound_still_adds_up() {
    let limit = QueueLimit {
        messages: 4,
        bytes: u64::MAX,
        overflow: Overflow::DropOldest,
    };
    let options = RegisterOptions {
        limit: Some(limit),
        resumable: true,
    };
    let step = (0usize..4, 0usize..6);
    check(400, prop::collection::vec(step, 0..80), |steps| {
        let channel = numbers(newest(3));
        let mut stream = reader(&channel, options);
        let own = stream.listener().clone();
        let mut ids = vec![channel.last_event_id().as_str().to_string()];
        let mut sent = 0;
        for (number, (step, at)) in steps.into_iter().enumerate() {
            let message = Number(number, 1);
            let position = match step {
                0 => channel.broadcast(message).unwrap(),
                1 => channel.dispatch(own.id(), message).unwrap(),
                2 => {
                    for _ in 0..at {
                        drop(poll(&mut stream, std::task::Waker::noop()));
                    }
                    continue;
                }
                _ => {
                    let back = ids.len() - 1 - at.min(ids.len() - 1);
                    channel.rewind(own.id(), &ids[back]).unwrap();
                    continue;
                }
            };
            sent += 1;
            ids.push(id(&channel, position));
            let stats = channel.listener_stats(own.id()).unwrap();
            let Tally {
                delivered,
                replayed,
                dropped,
                discarded,
                ..
            } = stats.tally;
            let counted = delivered + dropped + discarded + stats.queued - replayed;
            prop_assert_eq!(counted, sent);
        }
        Ok(())
    });
}

#[test]
fn chunks_are_counted_by_their_messages() {
    let channel = numbers(newest(10));
    let first = channel.broadcast(Number(0, 1)).unwrap();
    let own = MessageQueueListener::new();
    let from = id(&channel, first);
    broadcast(&channel, 1..3);
    let mut streams = [channel.watch_bytes().unwrap(), {
        let options = RegisterOptions::default();
        channel.register_after(&own, options, &from).unwrap();
        own.start_sync();
        channel.byte_stream(&own).unwrap()
    }];
    for round in 0..2 {
        broadcast(&channel, [3 + round]);
        streams.iter_mut().for_each(|stream| drop(waiting(stream)));
    }
    let tallies = streams.each_ref().map(|stream| {
        let id = stream.listener().id();
        channel.listener_stats(id).unwrap().tally
    });
    let counted = tallies.map(|tally| (tally.delivered, tally.replayed));
    assert_eq!(counted, [(2, 0), (4, 2)]);
}

#[test]
fn messages_given_back_are_not_counted_twice() {
    let channel = numbers(newest(10));
    let mut stream = reader(&channel, RegisterOptions::default());
    broadcast(&channel, [0]);
    for _ in 0..3 {
        match waiting(&mut stream).pop() {
            Some(eric_sse::Delivered::Message(delivery)) => stream.give_back(delivery),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(channel.stats().tally.delivered, 0);
    assert_eq!(read(&mut stream), all([0]));
    assert_eq!(channel.stats().tally.delivered, 1);
}

#[test]
fn an_unknown_listener_has_no_counters() {
    let unknown = numbers(History::NONE).listener_stats("nobody").unwrap_err();
    assert_eq!(unknown.code(), "ERIC_INVALID_LISTENER");
}

#[test]
fn it_is_known_for_how_long_the_oldest_message_has_waited() {
    let channel = numbers(History::NONE);
    let own = listener(&channel, RegisterOptions::default());
    let waiting_for = || channel.waiting_for(own.id()).unwrap();
    assert_eq!(waiting_for(), None);
    dispatch(&channel, &own, [0]);
    let earlier = waiting_for().expect("it waits");
    broadcast(&channel, [1]);
    let later = waiting_for().expect("it waits");
    assert!(
        later >= earlier,
        "since the dispatch, not since the broadcast"
    );
    assert!(deliver_all(&channel, own.id()).len() == 2 && waiting_for().is_none());
    assert!(channel.waiting_for("nobody").is_err());
}
