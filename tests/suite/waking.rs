//! Wake-ups, and their number. A stream never polls in a loop, so a missing wake-up hangs it and an
//! excess one costs work.

use eric_sse::SseChannel;

use super::support::*;
use crate::suite::test;

#[test]
fn a_broadcast_wakes_each_waiting_stream_exactly_once() {
    let channel = Words::new();
    let mut streams: Vec<_> = (0..100)
        .map(|_| {
            let (wakes, waker) = Wakes::new();
            let mut stream = channel.watch().unwrap();
            assert!(poll(&mut stream, &waker).is_pending());
            (stream, wakes)
        })
        .collect();
    channel.broadcast("1").unwrap();
    assert!(streams.iter().all(|(_, wakes)| wakes.count() == 1));
    channel.broadcast("2").unwrap();
    assert!(
        streams.iter().all(|(_, wakes)| wakes.count() == 1),
        "nobody waits now"
    );
    for (stream, wakes) in &mut streams {
        assert_eq!(words(stream), ["1", "2"]);
        assert_eq!(wakes.count(), 1);
    }
}

#[test]
fn a_stream_that_waits_again_is_woken_again() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let (wakes, waker) = Wakes::new();
    for round in 1..=10 {
        assert!(poll(&mut stream, &waker).is_pending());
        channel.broadcast("again").unwrap();
        assert_eq!(wakes.count(), round);
        assert!(poll(&mut stream, &waker).is_ready());
    }
}

#[test]
fn a_stream_that_was_not_read_to_the_end_is_not_woken() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let (wakes, waker) = Wakes::new();
    channel.broadcast("1").unwrap();
    channel.broadcast("2").unwrap();
    assert!(poll(&mut stream, &waker).is_ready());
    channel.broadcast("3").unwrap();
    channel.close();
    assert_eq!(wakes.count(), 0);
}

#[test]
fn a_dispatch_wakes_its_own_listener_only() {
    let channel = Words::new();
    let (mut alice, mut bob) = (channel.watch().unwrap(), channel.watch().unwrap());
    let ((alices, alice_waker), (bobs, bob_waker)) = (Wakes::new(), Wakes::new());
    assert!(poll(&mut alice, &alice_waker).is_pending());
    assert!(poll(&mut bob, &bob_waker).is_pending());
    channel.dispatch(alice.listener().id(), "1").unwrap();
    assert_eq!((alices.count(), bobs.count()), (1, 0));
    channel.broadcast("2").unwrap();
    assert_eq!((alices.count(), bobs.count()), (1, 1));
}

#[test]
fn a_broadcast_after_a_dispatch_wakes_a_stream_that_waits_again() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    channel.dispatch(stream.listener().id(), "1").unwrap();
    assert!(poll(&mut stream, &waker).is_ready());
    assert!(poll(&mut stream, &waker).is_pending());
    channel.broadcast("2").unwrap();
    assert_eq!(wakes.count(), 2);
}

#[test]
fn a_start_wakes_nobody() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    stream.listener().start_sync();
    assert_eq!(wakes.count(), 0);
}

#[test]
fn polling_twice_while_waiting_parks_once() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    assert!(poll(&mut stream, &waker).is_pending());
    channel.broadcast("1").unwrap();
    assert_eq!(wakes.count(), 1);
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let ((old, old_waker), (new, new_waker)) = (Wakes::new(), Wakes::new());
    assert!(poll(&mut stream, &old_waker).is_pending());
    assert!(poll(&mut stream, &new_waker).is_pending());
    channel.broadcast("1").unwrap();
    assert_eq!((old.count(), new.count()), (0, 1));
}

#[test]
fn all_waiting_streams_of_a_listener_are_woken() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut first = channel.message_stream(&listener).unwrap();
    let mut second = channel.message_stream(&listener).unwrap();
    let ((firsts, first_waker), (seconds, second_waker)) = (Wakes::new(), Wakes::new());
    assert!(poll(&mut first, &first_waker).is_pending());
    assert!(poll(&mut second, &second_waker).is_pending());
    channel.broadcast("1").unwrap();
    assert_eq!((firsts.count(), seconds.count()), (1, 1));
    drop(first);
    assert_eq!(words(&mut second), ["1"], "whoever is left reads it");
}

#[test]
fn a_dropped_stream_is_not_woken() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut dropped = channel.message_stream(&listener).unwrap();
    let mut kept = channel.message_stream(&listener).unwrap();
    let ((droppeds, dropped_waker), (kepts, kept_waker)) = (Wakes::new(), Wakes::new());
    assert!(poll(&mut dropped, &dropped_waker).is_pending());
    assert!(poll(&mut kept, &kept_waker).is_pending());
    drop((dropped, dropped_waker));
    assert_eq!(
        std::sync::Arc::strong_count(&droppeds),
        1,
        "its waker is not kept"
    );
    channel.broadcast("1").unwrap();
    channel.dispatch(listener.id(), "2").unwrap();
    assert_eq!((droppeds.count(), kepts.count()), (0, 1));
}

#[test]
fn an_ended_stream_keeps_no_waker() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    channel.close();
    assert_eq!(last_words(&mut stream), [CLOSED]);
    drop(waker);
    assert_eq!(
        (wakes.count(), std::sync::Arc::strong_count(&wakes)),
        (1, 1)
    );
}

#[test]
fn streams_of_events_and_of_bytes_wait_like_streams_of_messages() {
    let channel = SseChannel::new();
    let (mut events, mut bytes) = (channel.watch().unwrap(), channel.watch_bytes().unwrap());
    let ((event_wakes, event_waker), (byte_wakes, byte_waker)) = (Wakes::new(), Wakes::new());
    waiting(&mut bytes);
    assert!(poll(&mut events, &event_waker).is_pending());
    assert!(poll(&mut bytes, &byte_waker).is_pending());
    channel.broadcast(super::bytes::message("tick", 1)).unwrap();
    assert_eq!((event_wakes.count(), byte_wakes.count()), (1, 1));
    assert!(poll(&mut events, &event_waker).is_ready());
    assert!(poll(&mut bytes, &byte_waker).is_ready());
}

#[test]
fn short_lived_streams_do_not_disturb_the_wake_ups_of_others() {
    let channel = Words::new();
    let mut kept = Vec::new();
    for round in 0..50 {
        let (wakes, waker) = Wakes::new();
        let mut stream = channel.watch().unwrap();
        assert!(poll(&mut stream, &waker).is_pending());
        kept.push((stream, wakes));
        if round % 3 == 0 {
            kept.swap_remove(round % kept.len());
        }
    }
    channel.broadcast("1").unwrap();
    assert!(kept.iter().all(|(_, wakes)| wakes.count() == 1));
}
