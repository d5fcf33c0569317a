//! `watch`: adds a listener at the call, and removes it whichever way the stream ends.

use eric_sse::SseChannel;

use super::support::*;
use crate::suite::test;

#[test]
fn watch_adds_a_running_listener_at_the_call() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    assert_eq!(channel.listener_count(), 1);
    assert!(stream.listener().is_running_sync());
    assert_eq!(channel.listeners()[0].id(), stream.listener().id());
    channel.broadcast("sent before the first read").unwrap();
    assert_eq!(words(&mut stream), ["sent before the first read"]);
}

#[test]
fn a_watch_that_is_dropped_removes_its_listener() {
    let channel = Words::new();
    drop(channel.watch().unwrap());
    assert_eq!(channel.listener_count(), 0, "before the first read");
    let mut stream = channel.watch().unwrap();
    assert!(is_waiting(&mut stream));
    drop(stream);
    assert_eq!(channel.listener_count(), 0, "while it waited");
}

#[test]
fn a_watch_whose_owner_ends_it_removes_its_listener() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    stream.end();
    assert_eq!(channel.listener_count(), 0);
    assert!(is_ended(&mut stream));
}

#[test]
fn a_watch_that_ends_by_a_stop_removes_its_listener() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    assert!(is_waiting(&mut stream));
    stream.listener().stop_sync();
    assert!(is_ended(&mut stream));
    assert_eq!(channel.listener_count(), 0);
}

#[test]
fn a_watch_that_ends_by_a_removal_leaves_no_listener() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    assert!(is_waiting(&mut stream));
    channel.remove_listener(stream.listener().id()).unwrap();
    assert!(is_ended(&mut stream));
    assert_eq!(channel.listener_count(), 0);
}

#[test]
fn a_watch_that_ends_by_a_close_removes_its_listener() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let listener = stream.listener().clone();
    channel.broadcast("1").unwrap();
    channel.close();
    assert_eq!(
        channel.listener_count(),
        1,
        "while there is something to deliver"
    );
    assert_eq!(last_words(&mut stream), ["1", CLOSED]);
    assert_eq!(channel.listener_count(), 0);
    assert!(!listener.is_running_sync());
}

#[test]
fn a_watch_does_not_remove_a_listener_that_was_registered_in_its_place() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let listener = stream.listener().clone();
    channel.remove_listener(listener.id()).unwrap();
    channel.register_listener(&listener).unwrap();
    assert!(is_ended(&mut stream));
    drop(stream);
    assert_eq!(channel.listener_count(), 1);
}

#[test]
fn a_watch_of_events_or_bytes_removes_its_listener_too() {
    let channel = SseChannel::new();
    let (events, bytes) = (channel.watch().unwrap(), channel.watch_bytes().unwrap());
    assert_eq!(channel.listener_count(), 2);
    assert!(events.listener().is_running_sync() && bytes.listener().is_running_sync());
    drop((events, bytes));
    assert_eq!(channel.listener_count(), 0);

    let (mut events, mut bytes) = (channel.watch().unwrap(), channel.watch_bytes().unwrap());
    channel.close();
    assert_eq!((rest(&mut events).len(), rest(&mut bytes).len()), (1, 1));
    assert_eq!(channel.listener_count(), 0);
}

#[test]
fn ten_thousand_watches_leave_no_listener_behind() {
    let channel = SseChannel::new();
    let mut witness = channel.watch().unwrap();
    for round in 0..10_000 {
        let mut events = channel.watch().unwrap();
        let mut bytes = channel.watch_bytes().unwrap();
        if round % 2 == 0 {
            assert!(is_waiting(&mut events));
            waiting(&mut bytes);
        }
        if round % 1000 == 0 {
            channel
                .broadcast(super::bytes::message("tick", round))
                .unwrap();
        }
    }
    assert_eq!(channel.listener_count(), 1);
    assert_eq!(waiting(&mut witness).len(), 10);
    drop(witness);
    assert_eq!(channel.listener_count(), 0);
}

#[test]
fn the_bytes_of_a_network_client_are_bounded() {
    let channel = eric_sse::SseChannel::new();
    let mut stream = channel.watch_bytes().unwrap();
    for number in 0..1024 {
        channel
            .broadcast(super::bytes::message("tick", number))
            .unwrap();
    }
    assert_eq!(channel.listener_count(), 1);
    channel.broadcast(super::bytes::message("tick", 0)).unwrap();
    assert_eq!(channel.listener_count(), 0);
    assert!(is_ended(&mut stream));
    assert_eq!(channel.overflows(), 1);
}

#[test]
fn a_stream_behind_an_event_id_takes_its_listener_along() {
    let channel = eric_sse::SseChannel::new();
    let last = channel.last_event_id();
    channel.broadcast(super::bytes::message("tick", 1)).unwrap();
    let mut stream = channel
        .watch_with(eric_sse::RegisterOptions::default(), Some(last.as_str()))
        .unwrap();
    assert_eq!(waiting(&mut stream).len(), 1);
    drop(stream);
    assert_eq!(channel.listener_count(), 0);
}
