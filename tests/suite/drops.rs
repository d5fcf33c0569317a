//! Dropping is calling too: a message, a waker or a callback may own anything, and its drop do
//! anything.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use super::scene::{Note, Scene};
use super::support::*;
use crate::suite::test;

fn note_that_acts_when_dropped(scene: &Rc<Scene>) -> Note {
    Note::with("dropped", None, Some(Box::new(scene.callback())))
}

#[test]
fn a_message_may_do_anything_when_it_is_dropped_unread() {
    Scene::play(|scene| {
        let id = scene.listener.id();
        scene
            .channel
            .dispatch(id, note_that_acts_when_dropped(scene))
            .unwrap();
        scene.channel.remove_listener(id).unwrap();
    });
}

#[test]
fn a_message_may_do_anything_when_it_is_dropped_by_its_last_reader() {
    Scene::play(|scene| {
        let id = scene.listener.id();
        scene
            .channel
            .dispatch(id, note_that_acts_when_dropped(scene))
            .unwrap();
        drop(scene.channel.deliver_next(id));
    });
}

#[test]
fn a_message_may_do_anything_when_it_is_refused() {
    Scene::play(|scene| {
        scene
            .listener
            .set_on_message(Some(Rc::new(|_: &Note| Err("refused".into()))));
        let id = scene.listener.id();
        scene
            .channel
            .dispatch(id, note_that_acts_when_dropped(scene))
            .unwrap();
        drop(scene.poll(Waker::noop()));
    });
}

#[test]
fn a_message_may_do_anything_when_it_cannot_be_sent() {
    Scene::play(|scene| {
        drop(
            scene
                .channel
                .dispatch("nobody", note_that_acts_when_dropped(scene)),
        );
    });
    Scene::play(|scene| {
        scene.channel.close();
        drop(scene.channel.broadcast(note_that_acts_when_dropped(scene)));
    });
    Scene::play(|scene| {
        scene.channel.close();
        let note = note_that_acts_when_dropped(scene);
        drop(scene.channel.dispatch(scene.listener.id(), note));
    });
}

#[test]
fn a_message_may_do_anything_when_nobody_is_there_to_read_it() {
    Scene::play(|scene| {
        let empty = eric_sse::AbstractChannel::new();
        empty.broadcast(note_that_acts_when_dropped(scene)).unwrap();
    });
}

#[test]
fn a_message_may_do_anything_when_it_is_dropped_behind_a_shared_chunk() {
    Scene::play(|scene| {
        let channel = eric_sse::SseChannel::<Note>::default();
        let mut bytes = channel.watch_bytes().unwrap();
        waiting(&mut bytes);
        channel
            .broadcast(note_that_acts_when_dropped(scene))
            .unwrap();
        waiting(&mut bytes);
    });
}

#[test]
fn a_message_that_broadcasts_when_dropped_can_be_dropped_by_any_call() {
    let channel = eric_sse::AbstractChannel::<Rc<OnDrop>>::new();
    let mut witness = channel.watch().unwrap();
    let note = || {
        let channel = channel.clone();
        Rc::new(OnDrop::new(move || {
            drop(channel.broadcast(Rc::new(OnDrop::new(|| {}))))
        }))
    };
    let listener = running(&channel);
    channel.dispatch(listener.id(), note()).unwrap();
    drop(channel.deliver_next(listener.id()));
    channel.dispatch(listener.id(), note()).unwrap();
    channel.remove_listener(listener.id()).unwrap();
    let watching = channel.watch().unwrap();
    channel.dispatch(watching.listener().id(), note()).unwrap();
    drop(watching);
    assert_eq!(waiting(&mut witness).len(), 3);
}

#[test]
fn a_callback_may_do_anything_when_it_is_dropped() {
    Scene::play(|scene| {
        scene.broadcast(Note::new("1"));
        let on_drop = OnDrop::new(scene.callback());
        scene.listener.set_on_message(Some(Rc::new(move |_: &Note| {
            let _owned = &on_drop;
            Ok(())
        })));
        scene.listener.set_on_message(None);
    });
}

#[test]
fn a_waker_may_do_anything_when_a_waiting_stream_is_dropped() {
    Scene::play(|scene| {
        let on_drop = OnDrop::new(scene.callback());
        let mut stream = scene.channel.message_stream(&scene.listener).unwrap();
        assert!(poll(&mut stream, &waker_that_owns(on_drop)).is_pending());
        drop(stream);
    });
}

#[test]
fn a_waker_may_do_anything_when_another_one_takes_its_place() {
    Scene::play(|scene| {
        let on_drop = OnDrop::new(scene.callback());
        let polled = scene.poll(&waker_that_owns(on_drop)).expect("a stream");
        assert!(polled.is_pending());
        drop(scene.poll(Waker::noop()));
    });
}

/// As executors do whose tasks live as long as their wakers: the waker of one stream owns the other
/// one.
#[test]
fn two_waiting_streams_of_a_listener_can_be_dropped_by_dropping_one() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut first = channel.message_stream(&listener).unwrap();
    let mut second = channel.message_stream(&listener).unwrap();
    let dropped = Rc::new(Cell::new(false));
    let mark = dropped.clone();
    assert!(is_waiting(&mut second));
    let owned = RefCell::new((second, OnDrop::new(move || mark.set(true))));
    assert!(poll(&mut first, &waker_that_owns(owned)).is_pending());
    drop(first);
    assert!(dropped.get());
    channel.broadcast("1").unwrap();
    assert_eq!(deliver_all(&channel, listener.id()), ["1"]);
}

/// A waker whose task, dropped with its last clone, owns something.
fn waker_that_owns(owned: impl Sized + 'static) -> Waker {
    waker_that(move || {
        let _owned = &owned;
    })
}
