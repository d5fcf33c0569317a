//! The history that a channel keeps for reconnecting clients, and for how long.

use eric_sse::{AbstractChannel, GapReason, History, MessageQueueListener, RegisterOptions};

use super::numbers::*;
use super::support::*;
use crate::suite::test;

#[test]
fn an_abstract_channel_keeps_nothing() {
    let channel = AbstractChannel::<usize>::new();
    for number in 0..10 {
        channel.broadcast(number).unwrap();
    }
    assert_eq!(channel.stats().kept, 0);
}

#[test]
fn a_history_keeps_so_many_messages() {
    let channel = numbers(newest(1024));
    broadcast(&channel, 0..10_000);
    assert_eq!(channel.stats().kept, 1024);
    assert_eq!(channel.stats().kept_bytes, 1024);
}

#[test]
fn a_history_keeps_so_many_bytes() {
    let history = History {
        bytes: 10,
        ..newest(u64::MAX)
    };
    let channel = numbers(history);
    for number in 0..5 {
        channel.broadcast(Number(number, 4)).unwrap();
    }
    let stats = channel.stats();
    assert_eq!((stats.kept, stats.kept_bytes), (2, 8));
    channel.broadcast(Number(5, 100)).unwrap();
    assert_eq!(channel.stats().kept, 0, "it is heavier than the history");
}

/// Only natively: nothing in a browser can be waited for without giving the turn away.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn a_history_keeps_what_is_young_enough() {
    let history = History {
        milliseconds: 200.0,
        ..newest(u64::MAX)
    };
    let channel = numbers(history);
    let first = channel.broadcast(Number(0, 1)).unwrap();
    assert_eq!(channel.stats().kept, 1);
    std::thread::sleep(std::time::Duration::from_millis(250));
    channel.broadcast(Number(1, 1)).unwrap();
    assert_eq!(channel.stats().kept, 1, "dropped by the next send");
    std::thread::sleep(std::time::Duration::from_millis(250));
    assert_eq!(channel.stats().kept, 0, "dropped when somebody looks");

    let id = id(&channel, first);
    let mut late = reader_after(&channel, RegisterOptions::default(), &id);
    let read = read(&mut late);
    assert!(matches!(
        read[..],
        [Got::Gap(GapReason::Expired, Some(1), _, to)] if to.sequence() == 2
    ));
}

/// Only natively, as above.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn expired_messages_are_not_replayed_even_before_they_are_dropped() {
    let history = History {
        milliseconds: 30.0,
        ..newest(u64::MAX)
    };
    let channel = numbers(history);
    let first = channel.broadcast(Number(0, 1)).unwrap();
    broadcast(&channel, [1]);
    std::thread::sleep(std::time::Duration::from_millis(50));
    let id = id(&channel, first);
    let mut late = reader_after(&channel, RegisterOptions::default(), &id);
    assert!(matches!(
        read(&mut late)[..],
        [Got::Gap(GapReason::Expired, Some(1), _, _)]
    ));
}

#[test]
fn dispatches_are_no_part_of_the_history() {
    let channel = numbers(newest(100));
    let mut stream = reader(&channel, RegisterOptions::default());
    let own = stream.listener().clone();
    let first = channel.broadcast(Number(0, 1)).unwrap();
    dispatch(&channel, &own, [1]);
    broadcast(&channel, [2]);
    assert_eq!(read(&mut stream), all([0, 1, 2]));
    assert_eq!(channel.stats().kept, 2);
    let id = id(&channel, first);
    let mut late = reader_after(&channel, RegisterOptions::default(), &id);
    assert_eq!(read(&mut late), all([2]));
}

#[test]
fn messages_kept_for_a_slow_listener_are_not_promised_to_others() {
    let channel = numbers(newest(2));
    let slow = channel.add_listener().unwrap();
    let first = channel.broadcast(Number(0, 1)).unwrap();
    broadcast(&channel, 1..5);
    assert_eq!(channel.stats().kept, 5);
    let id = id(&channel, first);
    let mut late = reader_after(&channel, RegisterOptions::default(), &id);
    let mut read = read(&mut late);
    assert!(matches!(
        read.remove(0),
        Got::Gap(GapReason::Expired, Some(2), _, to) if to.sequence() == 3
    ));
    assert_eq!(read, all([3, 4]));
    assert_eq!(channel.waiting(slow.id()).unwrap(), 5);
}

#[test]
fn a_listener_that_registers_without_an_id_gets_nothing_of_the_history() {
    let channel = numbers(newest(100));
    broadcast(&channel, 0..10);
    let own = MessageQueueListener::new();
    channel.register_listener(&own).unwrap();
    own.start_sync();
    assert!(deliver_all(&channel, own.id()).is_empty());
    broadcast(&channel, [10]);
    assert_eq!(deliver_all(&channel, own.id()), [Number(10, 1)]);
}
