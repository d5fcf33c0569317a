//! The log by example, and beside a plain model: a queue for each reader.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const FOREVER: History = History {
    messages: u64::MAX,
    bytes: u64::MAX,
    milliseconds: f64::INFINITY,
};

fn at_most(entries: u64) -> Bound {
    Bound {
        entries,
        ..Bound::NONE
    }
}

fn unread<T: Clone>(log: &Log<T>, cursor: &Cursor) -> Vec<T> {
    let numbers = log.place(cursor)..log.tail();
    numbers
        .filter_map(|number| log.get(number).cloned())
        .collect()
}

fn append<T>(log: &mut Log<T>, value: T) -> Vec<T> {
    let mut unneeded = Vec::new();
    log.append(value, 1, 0.0, &mut unneeded);
    unneeded
}

#[test]
fn an_entry_is_not_kept_without_a_cursor_or_a_history() {
    let mut log = Log::new(History::NONE, 1);
    assert_eq!(append(&mut log, 'a'), ['a']);
    assert_eq!((log.len(), log.tail()), (0, 2));
}

#[test]
fn a_cursor_reads_what_is_appended_after_it() {
    let mut log = Log::new(FOREVER, 1);
    drop(append(&mut log, 'a'));
    let mut cursor = log.attach(Bound::NONE);
    drop(append(&mut log, 'b'));
    assert_eq!(log.take(&mut cursor), Some('b'));
    assert_eq!(log.take(&mut cursor), None);
}

#[test]
fn an_entry_is_kept_for_the_slowest_cursor_only() {
    let mut log = Log::new(History::NONE, 1);
    let (mut fast, slow) = (log.attach(Bound::NONE), log.attach(Bound::NONE));
    for entry in 0..1000 {
        assert!(append(&mut log, entry).is_empty());
        assert_eq!(log.take(&mut fast), Some(entry));
    }
    assert_eq!((log.len(), log.waiting(&slow)), (1000, 1000));
    let mut unneeded = Vec::new();
    log.detach(slow, &mut unneeded);
    assert_eq!(unneeded.len(), 1000);
    assert_eq!(log.len(), 0);
}

#[test]
fn a_stalled_cursor_keeps_no_more_than_its_bound() {
    let mut log = Log::new(History::NONE, 1);
    let mut slow = log.attach(at_most(1024));
    for entry in 0..10_000 {
        drop(append(&mut log, entry));
        assert!(log.len() <= 1024);
    }
    assert_eq!(log.catch_up(&mut slow), 8976);
    assert_eq!(log.catch_up(&mut slow), 0);
    assert_eq!(log.take(&mut slow), Some(8976));
    assert_eq!(log.waiting(&slow), 1023);
}

#[test]
fn a_bound_in_bytes_lets_one_heavy_entry_through() {
    let mut log = Log::new(History::NONE, 1);
    let mut cursor = log.attach(Bound {
        bytes: 10,
        ..Bound::NONE
    });
    log.append('a', 4, 0.0, &mut Vec::new());
    log.append('b', 6, 0.0, &mut Vec::new());
    assert_eq!(log.bytes_from(log.place(&cursor)), 10);
    log.append('c', 100, 0.0, &mut Vec::new());
    assert_eq!(log.catch_up(&mut cursor), 2);
    assert_eq!(log.take(&mut cursor), Some('c'));
}

#[test]
fn the_history_is_bounded_in_entries_bytes_and_time() {
    let table = [
        (
            History {
                messages: 3,
                ..FOREVER
            },
            3,
        ),
        (
            History {
                bytes: 50,
                ..FOREVER
            },
            5,
        ),
        (
            History {
                milliseconds: 20.0,
                ..FOREVER
            },
            2,
        ),
    ];
    for (history, kept) in table {
        let mut log = Log::new(history, 1);
        for entry in 0..10 {
            log.append(entry, 10, f64::from(entry) * 10.0, &mut Vec::new());
        }
        assert_eq!(log.len(), kept, "{history:?}");
    }
}

#[test]
fn a_log_goes_on_with_another_ones_numbers() {
    let mut log = Log::new(FOREVER, 42);
    assert_eq!((log.history_start(), log.tail()), (42, 42));
    drop(append(&mut log, 'a'));
    drop(append(&mut log, 'b'));
    let mut cursor = log.attach_at(1, Bound::NONE);
    assert_eq!((cursor.next(), log.take(&mut cursor)), (42, Some('a')));
    assert_eq!((log.history_start(), log.tail()), (42, 44));
}

#[test]
fn a_cursor_can_be_attached_to_what_the_history_has() {
    let mut log = Log::new(FOREVER, 1);
    for entry in 1..=9 {
        drop(append(&mut log, entry));
    }
    let mut cursor = log.attach_at(7, Bound::NONE);
    assert_eq!(unread(&log, &cursor), [7, 8, 9]);
    assert_eq!(log.take(&mut cursor), Some(7));
}

#[test]
fn a_cursor_attached_behind_the_floor_of_others_has_missed_nothing() {
    let mut log = Log::new(FOREVER, 1);
    let mut lagging = log.attach(at_most(2));
    for entry in 1..=9 {
        drop(append(&mut log, entry));
    }
    let mut replaying = log.attach_at(3, at_most(2));
    assert_eq!(log.catch_up(&mut replaying), 0);
    assert_eq!(log.take(&mut replaying), Some(3));
    assert_eq!(log.catch_up(&mut lagging), 7);
}

#[derive(Clone, Debug)]
enum Action {
    Append(u64),
    Attach(u64),
    Detach(usize),
    Take(usize),
    Skip(usize, u64),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0u64..4).prop_map(Action::Append),
        1 => prop_oneof![Just(u64::MAX), 1u64..6].prop_map(Action::Attach),
        1 => any::<usize>().prop_map(Action::Detach),
        4 => any::<usize>().prop_map(Action::Take),
        1 => (any::<usize>(), 0u64..8).prop_map(|(at, count)| Action::Skip(at, count)),
    ]
}

/// The plain model of a reader: a queue of its own, and how many it has dropped untold.
struct Reader {
    cursor: Cursor,
    bound: u64,
    queue: VecDeque<u64>,
    missed: u64,
}

proptest! {
    /// The plain model: each reader has a queue of its own, and each append is copied to all.
    #[test]
    fn cursors_read_like_queues_of_their_own(
        history in 0u64..5,
        actions in prop::collection::vec(action(), 0..200),
    ) {
        let mut log = Log::new(History { messages: history, ..FOREVER }, 1);
        let mut readers: Vec<Reader> = Vec::new();
        for action in actions {
            match action {
                Action::Append(bytes) => {
                    let number = log.tail();
                    log.append(number, bytes, 0.0, &mut Vec::new());
                    for reader in &mut readers {
                        reader.queue.push_back(number);
                        if reader.queue.len() as u64 > reader.bound {
                            reader.queue.pop_front();
                            reader.missed += 1;
                        }
                    }
                }
                Action::Attach(bound) => readers.push(Reader {
                    cursor: log.attach(at_most(bound)),
                    bound,
                    queue: VecDeque::new(),
                    missed: 0,
                }),
                Action::Detach(at) if !readers.is_empty() => {
                    let reader = readers.remove(at % readers.len());
                    log.detach(reader.cursor, &mut Vec::new());
                }
                Action::Take(at) if !readers.is_empty() => {
                    let at = at % readers.len();
                    let reader = &mut readers[at];
                    prop_assert_eq!(log.catch_up(&mut reader.cursor), std::mem::take(&mut reader.missed));
                    prop_assert_eq!(log.take(&mut reader.cursor), reader.queue.pop_front());
                }
                Action::Skip(at, count) if !readers.is_empty() => {
                    let at = at % readers.len();
                    let reader = &mut readers[at];
                    prop_assert_eq!(log.catch_up(&mut reader.cursor), std::mem::take(&mut reader.missed));
                    log.skip(&mut reader.cursor, count, &mut Vec::new());
                    let count = reader.queue.len().min(count as usize);
                    reader.queue.drain(..count);
                }
                _ => {}
            }
            for Reader { cursor, queue, missed, .. } in &readers {
                prop_assert_eq!(log.waiting(cursor), queue.len() as u64);
                prop_assert_eq!(log.lags(cursor), *missed > 0);
                prop_assert_eq!(unread(&log, cursor), Vec::from(queue.clone()));
            }
            let longest = readers.iter().map(|reader| reader.queue.len() as u64).max();
            let kept = longest.unwrap_or(0).max(history.min(log.tail() - 1));
            prop_assert_eq!(log.len() as u64, kept);
        }
    }
}
