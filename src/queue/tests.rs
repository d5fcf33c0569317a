//! The queue against a plain model: one list per listener.

use std::collections::VecDeque;

use super::*;
use crate::model::limit::{History, Overflow};
use proptest::prelude::*;

/// The plain model: one list per listener, to which every send appends.
struct Model {
    queue: Queue<usize>,
    list: VecDeque<usize>,
    missed: u64,
    limit: usize,
}

impl Model {
    fn new(log: &mut Log<usize>, limit: usize) -> Self {
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
                    log.append(number, 1, 0.0, &mut Vec::new());
                    for model in &mut models {
                        model.send(number);
                        model.queue.enforce(&mut log, &mut Vec::new());
                    }
                }
                2 => {
                    let model = &mut models[at];
                    let position = Position::dispatch(log.tail() - 1, number as u64 + 1);
                    model.queue.dispatch(&log, position, 1, 0.0, number, &mut Vec::new());
                    model.queue.enforce(&mut log, &mut Vec::new());
                    model.send(number);
                }
                3 => {
                    let model = &mut models[at];
                    let expected = model.take();
                    let read = model.queue.take(&mut log, &mut Vec::new());
                    let read = read.map(|read| match read {
                        Read::Entry(number) => Ok(number),
                        Read::Missed(missed, _) => Err(missed),
                        Read::Gap(gap) => panic!("nobody has told of {gap:?}"),
                    });
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
