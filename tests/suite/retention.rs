//! Retention: a message is kept for as long as a listener has still to read it, and nothing else
//! is.

use std::rc::Rc;

use eric_sse::{AbstractChannel, SseChannel};

use super::scene::Note;
use super::support::*;
use crate::suite::test;

type Counted = AbstractChannel<Rc<()>>;

#[test]
fn a_broadcast_is_kept_once_however_many_have_to_read_it() {
    let channel = Counted::new();
    let listeners: Vec<_> = (0..100).map(|_| running(&channel)).collect();
    let message = Rc::new(());
    channel.broadcast(message.clone()).unwrap();
    assert_eq!(Rc::strong_count(&message), 2);
    for listener in &listeners {
        channel.deliver_next(listener.id()).unwrap();
    }
    assert_eq!(Rc::strong_count(&message), 1, "dropped by the last reader");
}

#[test]
fn a_broadcast_to_nobody_is_not_kept() {
    let channel = Counted::new();
    let message = Rc::new(());
    channel.broadcast(message.clone()).unwrap();
    assert_eq!(Rc::strong_count(&message), 1);
}

#[test]
fn a_message_that_only_a_removed_listener_had_to_read_is_dropped() {
    let channel = Counted::new();
    let (fast, slow) = (running(&channel), channel.add_listener().unwrap());
    let message = Rc::new(());
    for _ in 0..1000 {
        channel.broadcast(message.clone()).unwrap();
        channel.dispatch(slow.id(), message.clone()).unwrap();
    }
    deliver_all(&channel, fast.id());
    assert_eq!(Rc::strong_count(&message), 2001);
    channel.remove_listener(slow.id()).unwrap();
    assert_eq!(Rc::strong_count(&message), 1);
}

#[test]
fn a_listener_that_is_added_late_keeps_nothing_older() {
    let channel = Counted::new();
    let slow = channel.add_listener().unwrap();
    let message = Rc::new(());
    channel.broadcast(message.clone()).unwrap();
    let _late = channel.add_listener().unwrap();
    channel.remove_listener(slow.id()).unwrap();
    assert_eq!(Rc::strong_count(&message), 1);
}

#[test]
fn a_dropped_channel_drops_what_waits() {
    let channel = Counted::new();
    let listener = channel.add_listener().unwrap();
    let message = Rc::new(());
    channel.broadcast(message.clone()).unwrap();
    channel.dispatch(listener.id(), message.clone()).unwrap();
    drop(channel);
    assert_eq!(Rc::strong_count(&message), 1);
}

#[test]
fn a_stream_keeps_its_channel_alive() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    channel.broadcast("1").unwrap();
    drop(channel);
    assert_eq!(words(&mut stream), ["1"]);
}

#[test]
fn a_shared_chunk_is_not_kept_once_everybody_has_read_it() {
    let channel = SseChannel::<Note>::default();
    let mut streams = [
        channel.watch_bytes().unwrap(),
        channel.watch_bytes().unwrap(),
    ];
    streams.iter_mut().for_each(|stream| drop(waiting(stream)));
    channel.broadcast(Note::new("1")).unwrap();
    let chunks: Vec<_> = streams.iter_mut().flat_map(waiting).collect();
    assert_eq!(
        Rc::strong_count(&chunks[0]),
        2,
        "both readers and nobody else"
    );
}

#[test]
fn a_shared_chunk_is_not_kept_for_a_listener_that_is_gone() {
    let channel = SseChannel::<Note>::default();
    let (mut first, mut second) = (
        channel.watch_bytes().unwrap(),
        channel.watch_bytes().unwrap(),
    );
    waiting(&mut first);
    waiting(&mut second);
    channel.broadcast(Note::new("1")).unwrap();
    let chunks = waiting(&mut first);
    drop(second);
    assert_eq!(Rc::strong_count(&chunks[0]), 1);
}

#[test]
fn a_removed_listener_is_not_kept() {
    let channel = Words::new();
    let owned = Rc::new(());
    let kept = owned.clone();
    let listener = running_with(&channel, move |_| {
        let _owned = &kept;
        Ok(())
    });
    let mut stream = channel.message_stream(&listener).unwrap();
    for _ in 0..3 {
        assert!(is_waiting(&mut stream));
        channel.dispatch(listener.id(), "1").unwrap();
        assert_eq!(words(&mut stream), ["1"]);
    }
    drop(stream);
    channel.remove_listener(listener.id()).unwrap();
    assert_eq!(
        Rc::strong_count(&owned),
        2,
        "by its handle, and not by the channel"
    );
    drop(listener);
    assert_eq!(Rc::strong_count(&owned), 1);
}
