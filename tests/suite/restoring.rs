//! Another life: a new channel goes on as one that has ended, from what was stored of it.

use std::ops::RangeInclusive;
use std::time::Duration;

use eric_sse::{GapReason, History};

use super::numbers::*;
use crate::suite::test;

/// The event id of a broadcast of the channel, or of what was before the first one.
fn nth(channel: &Numbers, sequence: usize) -> String {
    zeroth(channel).replace("-0", &format!("-{sequence}"))
}

/// A channel that has broadcast the numbers from 1 to 10.
fn ten() -> Numbers {
    let channel = numbers(newest(100));
    broadcast(&channel, 1..=10);
    channel
}

/// A channel that goes on as `former`, which had made nine dispatches, and of which these
/// broadcasts were stored.
fn another_life(former: &Numbers, history: History, stored: RangeInclusive<usize>) -> Numbers {
    let channel = numbers(history);
    assert!(channel.restore(&format!("{}.9", nth(former, stored.start() - 1))));
    for number in stored {
        let position = channel.refill(Number(number, 1), &[], Duration::ZERO);
        assert_eq!(position.unwrap().sequence(), number as u64);
    }
    channel
}

#[test]
fn an_id_from_the_former_life_is_replayed_behind() {
    let former = ten();
    let channel = another_life(&former, newest(100), 4..=10);
    for after in 3..=10 {
        let mut stream = reader_after(&channel, ANY, &nth(&former, after));
        assert_eq!(read(&mut stream), all(after + 1..=10));
    }
}

#[test]
fn the_numbering_goes_on() {
    let former = ten();
    let channel = another_life(&former, newest(100), 4..=10);
    assert_eq!(channel.last_event_id(), former.last_event_id());
    let mut stream = reader_after(&channel, ANY, &nth(&former, 9));
    let position = channel.broadcast(Number(11, 1)).unwrap();
    assert_eq!(id(&channel, position), nth(&former, 11));
    assert_eq!(read(&mut stream), all([10, 11]));
    assert_eq!(channel.stats().broadcasts, 11, "of all its lives");
}

#[test]
fn it_goes_on_when_nothing_was_stored() {
    let former = ten();
    let channel = numbers(newest(100));
    assert!(channel.restore(former.last_event_id().as_str()));
    let mut stream = reader_after(&channel, ANY, &nth(&former, 10));
    broadcast(&channel, [11]);
    assert_eq!(read(&mut stream), all([11]));
}

#[test]
fn messages_that_were_not_stored_lead_to_a_gap() {
    let former = ten();
    let channel = another_life(&former, newest(100), 6..=10);
    let mut stream = reader_after(&channel, ANY, &nth(&former, 2));
    let read = read(&mut stream);
    let Got::Gap(reason, missed, from, to) = &read[0] else {
        panic!("no gap: {read:?}");
    };
    assert_eq!((*reason, *missed), (GapReason::Expired, Some(3)));
    assert_eq!((from, to.sequence()), (&Some(nth(&former, 2)), 5));
    assert_eq!(read[1..], all(6..=10));
}

#[test]
fn an_id_that_the_former_life_has_not_given_is_unknown() {
    let former = ten();
    let channel = another_life(&former, newest(100), 6..=10);
    let mut stream = reader_after(&channel, ANY, &nth(&former, 11));
    let read = read(&mut stream);
    assert!(matches!(read[0], Got::Gap(GapReason::Unknown, None, ..)));
}

#[test]
fn the_bounds_of_the_history_hold_for_what_is_refilled() {
    let former = ten();
    let channel = another_life(&former, newest(3), 1..=10);
    assert_eq!(channel.stats().kept, 3);
}

#[test]
fn refilled_messages_are_as_old_as_they_were() {
    let history = History {
        milliseconds: 60_000.0,
        ..newest(100)
    };
    let former = ten();
    let channel = numbers(history);
    assert!(channel.restore(&nth(&former, 7)));
    for (number, seconds) in [(8, 61), (9, 59), (10, 1)] {
        let age = Duration::from_secs(seconds);
        channel.refill(Number(number, 1), &[], age).unwrap();
    }
    assert_eq!(channel.stats().kept, 2);
    let mut stream = reader_after(&channel, ANY, &nth(&former, 8));
    assert_eq!(read(&mut stream), all([9, 10]));
}

#[test]
fn an_excepted_listener_is_excepted_in_the_next_life_too() {
    let former = ten();
    let channel = numbers(newest(100));
    assert!(channel.restore(&nth(&former, 9)));
    let listener = eric_sse::MessageQueueListener::with_id("x");
    for (number, except) in [(10, &["x"][..]), (11, &["y"][..])] {
        channel
            .refill(Number(number, 1), except, Duration::ZERO)
            .unwrap();
    }
    channel
        .register_after(&listener, ANY, &nth(&former, 9))
        .unwrap();
    listener.start_sync();
    let mut stream = channel.message_stream(&listener).unwrap();
    assert_eq!(read(&mut stream), all([11]));
}

#[test]
fn a_resumable_listener_receives_a_gap_for_its_forgotten_dispatches() {
    let former = ten();
    let own = former.add_listener().unwrap();
    let had = id(&former, former.dispatch(own.id(), Number(0, 1)).unwrap());
    let channel = another_life(&former, newest(100), 1..=10);
    broadcast(&channel, [11]);
    for last in [had, nth(&former, 10)] {
        let mut stream = reader_after(&channel, RESUMABLE, &last);
        let read = read(&mut stream);
        assert_eq!(read[..1], all([11]));
        let Got::Gap(GapReason::Forgotten, None, from, to) = &read[1] else {
            panic!("no gap: {read:?}");
        };
        assert_eq!(*from, Some(last));
        assert_eq!(to.sequence(), 11);
    }
    let next = channel.add_listener().unwrap();
    let position = channel.dispatch(next.id(), Number(0, 1)).unwrap();
    assert_eq!(position.to_string(), "11.12", "no id is given twice");
}

#[test]
fn a_channel_that_has_been_used_is_not_restored() {
    let former = ten();
    let id = nth(&former, 10);
    let [sent, heard, named, twice] = [(); 4].map(|()| numbers(newest(100)));
    broadcast(&sent, [1]);
    heard.add_listener().unwrap();
    let own = named.last_event_id();
    assert!(twice.restore(&id));
    for channel in [&sent, &heard, &named, &twice] {
        assert!(!channel.restore(&id));
    }
    assert_eq!(named.last_event_id(), own);
    assert_eq!(twice.last_event_id().as_str(), id);
}

#[test]
fn it_goes_on_behind_what_is_an_id() {
    let channel = numbers(newest(100));
    for id in ["", "e0", "-1", "e0-x", "e0-1.", "e 0-1", "é-1"] {
        assert!(!channel.restore(id), "{id:?}");
    }
    assert!(channel.restore("e0-17"));
    let own = channel.add_listener().unwrap();
    let position = channel.dispatch(own.id(), Number(0, 1)).unwrap();
    assert_eq!(position.to_string(), "17.1");
}
