//! Bounds: what a listener that does not read costs, and what each way of overflowing does.

use std::task::Waker;

use eric_sse::{
    Delivered, Error, GapReason, History, Overflow, Position, RegisterOptions, SendError,
};

use super::numbers::*;
use super::support::*;
use crate::suite::test;

const BOUND: u64 = 1024;
const BACKLOG: usize = 10_000;
const KEPT: usize = BACKLOG - BOUND as usize;

/// Asserts that a send was refused for want of room, and returns the full listeners and the
/// returned message.
fn refused(result: Result<Position, SendError<Number>>) -> (Vec<String>, usize) {
    let refused = result.unwrap_err();
    assert_eq!(refused.code(), "ERIC_QUEUE_FULL");
    let Error::QueueFull(full) = refused.error() else {
        panic!("{refused:?}");
    };
    (full.listeners().to_vec(), refused.into_message().0)
}

#[test]
fn drop_oldest_delivers_the_newest_and_says_once_how_many_are_missing() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most(BOUND, Overflow::DropOldest));
    let mut sent = Vec::new();
    for number in 0..BACKLOG {
        sent.push(channel.broadcast(Number(number, 1)).unwrap());
    }
    let mut read = read(&mut stream);
    let gap = Got::Gap(
        GapReason::Overflow,
        Some(8_976),
        Some(zeroth(&channel)),
        sent[KEPT - 1],
    );
    assert_eq!(read.remove(0), gap);
    assert_eq!(read, all(KEPT..BACKLOG));
}

#[test]
fn drop_oldest_says_so_again_after_a_further_overflow() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most(2, Overflow::DropOldest));
    broadcast(&channel, 0..3);
    assert_eq!(read(&mut stream).len(), 3);
    broadcast(&channel, 3..8);
    let mut read = read(&mut stream);
    let last = channel.broadcast(Number(8, 1)).unwrap();
    assert_eq!(last.sequence(), 9);
    let Got::Gap(reason, missed, from, to) = read.remove(0) else {
        panic!("{read:?}");
    };
    assert_eq!((reason, missed), (GapReason::Overflow, Some(3)));
    let epoch = id(&channel, last).replace("-9", "");
    assert_eq!(from, Some(format!("{epoch}-3")), "what was read last");
    assert_eq!(to.sequence(), 6);
    assert_eq!(read, all([6, 7]));
}

#[test]
fn refuse_gives_the_message_back_and_names_the_full_listener() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most(BOUND, Overflow::Refuse));
    let id = stream.listener().id().to_string();
    broadcast(&channel, 0..BOUND as usize);
    for number in BOUND as usize..BACKLOG {
        let sent = match number % 2 {
            0 => channel.broadcast(Number(number, 1)),
            _ => channel.dispatch(&id, Number(number, 1)),
        };
        assert_eq!(refused(sent), (vec![id.clone()], number));
    }
    assert_eq!(channel.stats().refused_sends, 8_976);
    assert_eq!(read(&mut stream), all(0..BOUND as usize));
    broadcast(&channel, [7]);
    assert_eq!(read(&mut stream), all([7]), "there is room again");
}

#[test]
fn a_broadcast_that_one_listener_refuses_nobody_gets() {
    let channel = numbers(newest(100));
    let mut unbounded = reader(&channel, RegisterOptions::default());
    let full = reader(&channel, at_most(1, Overflow::Refuse));
    let mut roomy = reader(&channel, at_most(9, Overflow::Refuse));
    broadcast(&channel, [0]);
    let id = full.listener().id().to_string();
    assert_eq!(
        refused(channel.broadcast(Number(1, 1))),
        (vec![id.clone()], 1)
    );
    assert_eq!(read(&mut unbounded), all([0]));
    assert_eq!(read(&mut roomy), all([0]));
    assert_eq!(channel.stats().broadcasts, 1);
    assert_eq!(channel.stats().kept, 1, "nor is it replayed");
    channel.remove_listener(&id).unwrap();
    broadcast(&channel, [2]);
    assert_eq!(read(&mut unbounded), all([2]));
}

#[test]
fn everybody_who_refuses_a_broadcast_is_named() {
    let channel = numbers(History::NONE);
    let full = [1, 1].map(|bound| listener(&channel, at_most(bound, Overflow::Refuse)));
    broadcast(&channel, [0]);
    let (mut named, _) = refused(channel.broadcast(Number(1, 1)));
    let mut expected: Vec<_> = full.iter().map(|full| full.id().to_string()).collect();
    named.sort_unstable();
    expected.sort_unstable();
    assert_eq!(named, expected);
}

#[test]
fn disconnect_ends_the_streams_once_and_removes_the_listener() {
    let channel = numbers(History::NONE);
    let listener = listener(&channel, at_most(BOUND, Overflow::Disconnect));
    let mut streams = [0, 1].map(|_| channel.message_stream(&listener).unwrap());
    let (wakes, waker) = Wakes::new();
    for stream in &mut streams {
        assert!(poll(stream, &waker).is_pending());
    }
    broadcast(&channel, 0..BACKLOG);
    for stream in &mut streams {
        assert!(is_ended(stream) && is_ended(stream));
    }
    assert!(wakes.count() >= 2);
    assert_eq!(
        channel.get_listener(listener.id()).unwrap_err().code(),
        "ERIC_INVALID_LISTENER"
    );
    assert_eq!((channel.overflows(), channel.listener_count()), (1, 0));
    assert_eq!(channel.stats().kept, 0);
}

#[test]
fn the_id_of_a_listener_that_has_left_is_free_when_its_stream_wakes() {
    for dispatched in [false, true] {
        let channel = numbers(History::NONE);
        let listeners = [0, 1].map(|_| listener(&channel, at_most(0, Overflow::Disconnect)));
        let waker = waker_that({
            let (channel, listeners) = (channel.clone(), listeners.clone());
            move || {
                for listener in &listeners {
                    drop(channel.register_listener(listener));
                }
            }
        });
        let mut stream = channel.message_stream(&listeners[0]).unwrap();
        assert!(poll(&mut stream, &waker).is_pending());
        match dispatched {
            true => dispatch(&channel, &listeners[0], [2]),
            false => broadcast(&channel, [2]),
        }
        // Each is registered again, without what waited for it before.
        assert_eq!(channel.listener_count(), 2);
        assert_eq!(channel.waiting(listeners[0].id()), Ok(0));
    }
}

#[test]
fn disconnect_happens_with_the_first_message_too_many() {
    for lane in [false, true] {
        let channel = numbers(History::NONE);
        let listener = listener(&channel, at_most(2, Overflow::Disconnect));
        broadcast(&channel, 0..2);
        assert_eq!(channel.listener_count(), 1);
        match lane {
            true => dispatch(&channel, &listener, [2]),
            false => broadcast(&channel, [2]),
        }
        assert_eq!((channel.listener_count(), channel.overflows()), (0, 1));
    }
}

#[test]
fn without_a_limit_a_backlog_is_delivered_whole() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, RegisterOptions::default());
    broadcast(&channel, 0..BACKLOG);
    assert_eq!(read(&mut stream), all(0..BACKLOG));
}

#[test]
fn a_bound_in_bytes_drops_the_oldest() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most_bytes(10, Overflow::DropOldest));
    for number in 0..5 {
        channel.broadcast(Number(number, 4)).unwrap();
    }
    let to = channel.broadcast(Number(5, 1)).unwrap();
    assert_eq!(to.sequence(), 6);
    let read = read(&mut stream);
    assert!(matches!(
        read[0],
        Got::Gap(GapReason::Overflow, Some(3), Some(_), to) if to.sequence() == 3
    ));
    assert_eq!(read[1..], all([3, 4, 5]));
}

#[test]
fn a_bound_in_bytes_refuses_and_disconnects() {
    let channel = numbers(History::NONE);
    let full = listener(&channel, at_most_bytes(10, Overflow::Refuse));
    channel.broadcast(Number(0, 4)).unwrap();
    channel.dispatch(full.id(), Number(1, 6)).unwrap();
    assert_eq!(refused(channel.broadcast(Number(2, 1))).1, 2);
    channel.remove_listener(full.id()).unwrap();

    let slow = listener(&channel, at_most_bytes(10, Overflow::Disconnect));
    channel.broadcast(Number(0, 4)).unwrap();
    channel.dispatch(slow.id(), Number(1, 6)).unwrap();
    assert_eq!(channel.overflows(), 0);
    channel.broadcast(Number(2, 1)).unwrap();
    assert_eq!(channel.overflows(), 1);
}

#[test]
fn a_message_heavier_than_the_bound_is_let_through_alone() {
    for overflow in [Overflow::DropOldest, Overflow::Disconnect, Overflow::Refuse] {
        let channel = numbers(History::NONE);
        let mut stream = reader(&channel, at_most_bytes(10, overflow));
        let listener = stream.listener().clone();
        channel.broadcast(Number(0, 100)).unwrap();
        assert_eq!(read(&mut stream), all([0]));
        channel.dispatch(listener.id(), Number(1, 100)).unwrap();
        assert_eq!(read(&mut stream), all([1]));
    }
}

#[test]
fn dispatches_and_broadcasts_keep_the_bound_together() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most(BOUND, Overflow::DropOldest));
    let listener = stream.listener().clone();
    for number in 0..BACKLOG {
        match number % 3 {
            0 => dispatch(&channel, &listener, [number]),
            _ => broadcast(&channel, [number]),
        }
        let waiting = channel.waiting(listener.id()).unwrap();
        assert_eq!(waiting, (number as u64 + 1).min(BOUND));
    }
    let read = read(&mut stream);
    assert!(matches!(read[0], Got::Gap(_, Some(8_976), Some(_), _)));
    assert_eq!(read[1..], all(KEPT..BACKLOG));
}

#[test]
fn a_gap_among_dispatches_ends_behind_the_last_one_that_is_missing() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most(1, Overflow::DropOldest));
    let listener = stream.listener().clone();
    broadcast(&channel, [0]);
    assert_eq!(read(&mut stream), all([0]));
    let first = channel.dispatch(listener.id(), Number(1, 1)).unwrap();
    assert_eq!(read(&mut stream), all([1]));
    let missed = channel.dispatch(listener.id(), Number(2, 1)).unwrap();
    dispatch(&channel, &listener, [3]);
    let from = Some(id(&channel, first));
    let gap = Got::Gap(GapReason::Overflow, Some(1), from, missed);
    assert_eq!(read(&mut stream), [gap, Got::Number(3)]);
}

#[test]
fn everything_behind_a_gap_was_sent_after_what_is_missing() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most_bytes(10, Overflow::DropOldest));
    let listener = stream.listener().clone();
    dispatch(&channel, &listener, [0]);
    let missed = channel.broadcast(Number(1, 9)).unwrap();
    channel.broadcast(Number(2, 9)).unwrap();
    let gap = Got::Gap(GapReason::Overflow, Some(2), Some(zeroth(&channel)), missed);
    assert_eq!(read(&mut stream), [gap, Got::Number(2)]);
}

#[test]
fn a_stalled_listener_costs_no_more_than_its_bound_and_delays_nobody() {
    let channel = numbers(History::NONE);
    let _stalled = listener(&channel, at_most(BOUND, Overflow::DropOldest));
    let mut fast = reader(&channel, at_most(BOUND, Overflow::DropOldest));
    let mut streams = [0; 3].map(|_| reader(&channel, RegisterOptions::default()));
    for number in 0..BACKLOG {
        let (wakes, waker) = Wakes::new();
        assert!(poll(&mut fast, &waker).is_pending());
        broadcast(&channel, [number]);
        assert_eq!(wakes.count(), 1);
        assert_eq!(read(&mut fast), all([number]));
        for stream in &mut streams {
            assert_eq!(read(stream), all([number]));
        }
        let stats = channel.stats();
        assert_eq!(stats.kept, (number as u64 + 1).min(BOUND));
        assert_eq!(stats.kept_bytes, stats.kept);
    }
}

#[test]
fn a_broadcast_that_a_listener_is_excepted_from_never_costs_it_what_it_accepted() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most(2, Overflow::Refuse));
    let own = stream.listener().clone();
    broadcast(&channel, 0..2);
    for number in 2..9 {
        channel
            .broadcast_except(Number(number, 1), &[own.id()])
            .unwrap();
    }
    assert_eq!(read(&mut stream), all([0, 1]));
}

#[test]
fn messages_given_back_count_again() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most(2, Overflow::DropOldest));
    broadcast(&channel, 0..2);
    let std::task::Poll::Ready(Some(Delivered::Message(first))) = poll(&mut stream, Waker::noop())
    else {
        panic!("nothing was delivered");
    };
    let missed = first.position();
    stream.give_back(first);
    assert_eq!(channel.waiting(stream.listener().id()).unwrap(), 2);
    broadcast(&channel, [2]);
    let read = read(&mut stream);
    assert!(matches!(read[0], Got::Gap(_, Some(1), _, to) if to == missed));
    assert_eq!(read[1..], all([1, 2]));
}

#[test]
fn messages_that_a_limit_drops_may_call_back() {
    use super::scene::{Note, Scene};
    use eric_sse::{MessageQueueListener, QueueLimit};
    for overflow in [Overflow::DropOldest, Overflow::Disconnect] {
        for lane in [false, true] {
            Scene::play(|scene| {
                let options = RegisterOptions {
                    limit: Some(QueueLimit {
                        messages: 1,
                        bytes: u64::MAX,
                        overflow,
                    }),
                    resumable: true,
                };
                let channel = eric_sse::AbstractChannel::<Note>::new();
                let slow = MessageQueueListener::new();
                channel.register_with(&slow, options).unwrap();
                let note = Note::with("dropped", None, Some(Box::new(scene.callback())));
                match lane {
                    true => channel.dispatch(slow.id(), note).unwrap(),
                    false => channel.broadcast(note).unwrap(),
                };
                for _ in 0..3 {
                    drop(channel.dispatch(slow.id(), Note::new("more")));
                }
                drop(channel.remove_listener(slow.id()));
            });
        }
    }
}

#[test]
fn messages_that_a_rewindable_listener_forgets_may_call_back() {
    use super::scene::{Note, Scene};
    use eric_sse::{AbstractChannel, MessageQueueListener, QueueLimit};
    let dropped_by: [fn(&AbstractChannel<Note>, &str); 3] = [
        |channel, id| {
            channel.dispatch(id, Note::new("next")).unwrap();
            drop(channel.deliver_next(id));
        },
        |channel, id| channel.remove_listener(id).unwrap(),
        |channel, id| {
            let newest = channel.dispatch(id, Note::new("next")).unwrap();
            let newest = channel.event_id(newest);
            // Unless the callback has removed it.
            drop(channel.rewind(id, newest.as_str()));
        },
    ];
    for forget in dropped_by {
        Scene::play(|scene| {
            let channel = scene.channel.clone();
            let own = MessageQueueListener::new();
            let limit = QueueLimit {
                messages: 1,
                ..QueueLimit::NETWORK
            };
            let options = RegisterOptions {
                limit: Some(limit),
                resumable: true,
            };
            channel.register_with(&own, options).unwrap();
            own.start_sync();
            let note = Note::with("dropped", None, Some(Box::new(scene.callback())));
            channel.dispatch(own.id(), note).unwrap();
            drop(channel.deliver_next(own.id()));
            forget(&channel, own.id());
            drop(channel.remove_listener(own.id()));
        });
    }
}

#[test]
fn a_message_that_nobody_wants_may_call_back() {
    use super::scene::{Note, Scene};
    use eric_sse::AbstractChannel;
    Scene::play(|scene| {
        let channel = AbstractChannel::<Note>::new();
        let own = running(&channel);
        let note = Note::with("excepted", None, Some(Box::new(scene.callback())));
        channel.broadcast_except(note, &[own.id()]).unwrap();
        assert!(channel.deliver_next(own.id()).is_err());
    });
}
