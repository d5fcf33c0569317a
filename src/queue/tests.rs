//! The queue against a plain model: one list per listener.

use std::collections::VecDeque;

use super::*;
use crate::model::claim::Claim;
use crate::model::event_id::EventId;
use crate::model::limit::{History, Overflow};
use proptest::prelude::*;

/// A message of one byte.
#[derive(Clone, Debug)]
struct Number(usize, Position);

impl Entry for Number {
    fn position(&self) -> Position {
        self.1
    }

    fn bytes(&self) -> u64 {
        1
    }

    fn at(&self) -> f64 {
        0.0
    }
}

/// The plain model: one list per listener, to which every send appends.
struct Model {
    queue: Queue<Number>,
    list: VecDeque<usize>,
    missed: u64,
    limit: usize,
}

impl Model {
    fn new(log: &mut Log<Number>, limit: usize) -> Self {
        let queue = Queue::attach(
            log,
            Some(QueueLimit {
                messages: limit as u64,
                bytes: u64::MAX,
                overflow: Overflow::DropOldest,
            }),
        );
        let list = VecDeque::new();
        Self {
            queue,
            list,
            missed: 0,
            limit,
        }
    }

    fn send(&mut self, number: usize) {
        self.list.push_back(number);
        if self.list.len() > self.limit {
            self.list.pop_front();
            self.missed += 1;
        }
    }

    fn take(&mut self) -> Option<Result<usize, u64>> {
        match std::mem::take(&mut self.missed) {
            0 => self.list.pop_front().map(Ok),
            missed => Some(Err(missed)),
        }
    }
}

proptest! {
    #[test]
    fn broadcasts_and_dispatches_are_read_as_sent(
        limit in prop_oneof![Just(usize::MAX), 1usize..8],
        actions in prop::collection::vec((0usize..5, 0usize..3), 0..200),
    ) {
        let mut log = Log::new(History::NONE, 1);
        let mut models: Vec<_> = (0..3).map(|_| Model::new(&mut log, limit)).collect();
        for (number, (action, at)) in actions.into_iter().enumerate() {
            match action {
                0 | 1 => {
                    let position = Position::broadcast(log.tail());
                    log.append(Number(number, position), 1, 0.0, &mut Vec::new());
                    for model in &mut models {
                        model.send(number);
                        model.queue.enforce(&mut log, &mut Vec::new());
                    }
                }
                2 => {
                    let model = &mut models[at];
                    let position = Position::dispatch(log.tail() - 1, number as u64 + 1);
                    model.queue.dispatch(&log, Number(number, position), &mut Vec::new());
                    model.queue.enforce(&mut log, &mut Vec::new());
                    model.send(number);
                }
                3 => {
                    let model = &mut models[at];
                    let expected = model.take();
                    let read = match model.queue.lags(&log) {
                        true => Some(Err(model.queue.report_missed(&log).0)),
                        false => match model.queue.take(&mut log, &mut Vec::new()) {
                            Next::Message(Number(number, _)) => Some(Ok(number)),
                            Next::Pending => None,
                            other => panic!("without a cause: {other:?}"),
                        },
                    };
                    prop_assert_eq!(read, expected);
                }
                _ => {
                    let new = Model::new(&mut log, limit);
                    let old = std::mem::replace(&mut models[at], new);
                    old.queue.detach(&mut log, &mut Vec::new());
                }
            }
            for model in &models {
                prop_assert_eq!(model.queue.len(&log), model.list.len() as u64);
            }
        }
    }
}

/// A log with broadcasts 1 to `count`, all within the history.
fn log_with(count: usize) -> Log<Number> {
    let mut log = Log::new(History::DEFAULT, 1);
    for number in 1..=count {
        let position = Position::broadcast(number as u64);
        log.append(Number(number, position), 1, 0.0, &mut Vec::new());
    }
    log
}

fn claim(sequence: u64) -> Claim {
    let id = EventId::new("id").unwrap();
    Claim::At(id, Position::broadcast(sequence))
}

fn read_all(queue: &mut Queue<Number>, log: &mut Log<Number>) -> Vec<usize> {
    let mut read = Vec::new();
    while let Next::Message(Number(number, position)) = queue.take(log, &mut Vec::new()) {
        queue.advance(position);
        read.push(number);
    }
    read
}

#[test]
fn a_queue_that_has_replayed_is_a_mere_cursor_again() {
    let mut log = log_with(4);
    for sequence in [0, 1, 4] {
        let mut queue = Queue::attach(&mut log, None);
        assert!(queue.extras.is_none());
        queue.resume(&mut log, claim(sequence), Some(1), &mut Vec::new());
        assert!(queue.extras.is_some());
        let expected: Vec<_> = (sequence as usize + 1..=4).collect();
        assert_eq!(read_all(&mut queue, &mut log), expected);
        assert!(queue.extras.is_none(), "after {sequence}");
        assert_eq!(queue.last(), Position::broadcast(4));
        queue.detach(&mut log, &mut Vec::new());
    }
}

#[test]
fn a_queue_that_was_passed_over_shared_broadcasts_is_a_mere_cursor_again() {
    let mut log = log_with(4);
    let mut queue = Queue::attach(&mut log, None);
    queue.resume(&mut log, claim(1), Some(1), &mut Vec::new());
    queue.pass(&mut log, 2, &mut Vec::new());
    assert_eq!(queue.last(), Position::broadcast(3));
    assert!(queue.extras.is_some(), "a part of the replay is unread");
    queue.pass(&mut log, 1, &mut Vec::new());
    assert!(queue.extras.is_none());
    queue.detach(&mut log, &mut Vec::new());
}

#[test]
fn a_resumable_queue_keeps_its_extras() {
    let mut log = log_with(2);
    let mut queue = Queue::attach(&mut log, None);
    queue.remember(Position::dispatch(2, 1));
    assert!(read_all(&mut queue, &mut log).is_empty());
    assert!(queue.extras.is_some());
    queue.detach(&mut log, &mut Vec::new());
}
