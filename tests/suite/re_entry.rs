//! Callbacks may do anything: each situation in which the channel calls its user is played with
//! everything that the user may do then (`scene`).

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Waker;

use eric_sse::{Delivered, SseChannel};

use super::scene::{Note, Scene};
use super::support::*;
use crate::suite::test;

/// Makes `on_message` of the scene's listener act.
fn act_in_on_message(scene: &Rc<Scene>) {
    let act = scene.callback();
    scene.listener.set_on_message(Some(Rc::new(move |_: &Note| {
        act();
        Ok(())
    })));
}

/// Makes the scene's stream wait, with a waker that acts.
fn act_in_waker(scene: &Rc<Scene>) {
    let polled = scene.poll(&waker_that(scene.callback())).expect("a stream");
    assert!(polled.is_pending());
}

#[test]
fn on_message_may_do_anything_while_a_message_is_delivered() {
    Scene::play(|scene| {
        assert!(scene.poll(Waker::noop()).expect("a stream").is_pending());
        act_in_on_message(scene);
        scene.broadcast(Note::new("1"));
        scene.broadcast(Note::new("2"));
        assert!(scene.channel.deliver_next(scene.listener.id()).is_ok());
        deliver_all(&scene.channel, scene.listener.id());
    });
}

#[test]
fn on_message_may_do_anything_while_its_stream_is_polled() {
    Scene::play(|scene| {
        act_in_on_message(scene);
        scene.broadcast(Note::new("1"));
        scene.broadcast(Note::new("2"));
        assert!(scene.poll(Waker::noop()).expect("a stream").is_ready());
        drop(scene.poll(Waker::noop()));
    });
}

#[test]
fn on_message_may_do_anything_and_refuse_the_message() {
    Scene::play(|scene| {
        let act = scene.callback();
        scene.listener.set_on_message(Some(Rc::new(move |_: &Note| {
            act();
            Err("refused".into())
        })));
        scene.broadcast(Note::new("1"));
        drop(scene.poll(Waker::noop()));
    });
}

#[test]
fn the_report_of_a_refused_message_may_do_anything() {
    Scene::play(|scene| {
        scene
            .listener
            .set_on_message(Some(Rc::new(|_: &Note| Err("refused".into()))));
        let act = scene.callback();
        let mut slot = scene.stream.borrow_mut();
        *slot = slot.take().map(|stream| stream.on_error(move |_| act()));
        drop(slot);
        scene.broadcast(Note::new("1"));
        drop(scene.poll(Waker::noop()));
    });
}

#[test]
fn a_waker_may_do_anything_during_a_broadcast() {
    Scene::play(|scene| {
        act_in_waker(scene);
        scene.broadcast(Note::new("1"));
        scene.broadcast(Note::new("2"));
    });
}

#[test]
fn a_waker_may_do_anything_during_a_dispatch() {
    Scene::play(|scene| {
        act_in_waker(scene);
        scene
            .channel
            .dispatch(scene.listener.id(), Note::new("1"))
            .unwrap();
    });
}

#[test]
fn a_waker_may_do_anything_during_a_stop() {
    Scene::play(|scene| {
        act_in_waker(scene);
        scene.listener.stop_sync();
    });
}

#[test]
fn a_waker_may_do_anything_during_a_removal() {
    Scene::play(|scene| {
        act_in_waker(scene);
        scene.channel.remove_listener(scene.listener.id()).unwrap();
    });
}

#[test]
fn a_waker_may_do_anything_during_the_close() {
    Scene::play(|scene| {
        act_in_waker(scene);
        scene.channel.close();
    });
}

#[test]
fn a_waker_may_do_anything_while_a_message_is_given_back() {
    Scene::play(|scene| {
        let mut other = scene.channel.message_stream(&scene.listener).unwrap();
        scene.broadcast(Note::new("1"));
        let mut taken = waiting(&mut other);
        act_in_waker(scene);
        if let Some(Delivered::Message(delivery)) = taken.pop() {
            other.give_back(delivery);
        }
    });
}

#[test]
fn a_message_may_do_anything_while_it_is_encoded() {
    Scene::play(|scene| {
        let mut bytes = scene.channel.byte_stream(&scene.listener).unwrap();
        waiting(&mut bytes);
        scene.broadcast(Note::new("0"));
        scene.broadcast(Note::with("1", Some(Box::new(scene.callback())), None));
        scene.broadcast(Note::new("2"));
        drop(ready(&mut bytes));
    });
}

#[test]
fn a_message_may_do_anything_while_it_is_encoded_for_one_listener_alone() {
    Scene::play(|scene| {
        let mut bytes = scene.channel.byte_stream(&scene.listener).unwrap();
        scene
            .listener
            .set_on_message(Some(Rc::new(|_: &Note| Ok(()))));
        scene.broadcast(Note::with("1", Some(Box::new(scene.callback())), None));
        scene.broadcast(Note::new("2"));
        drop(ready(&mut bytes));
    });
}

#[test]
fn a_message_may_be_read_by_others_while_it_is_encoded() {
    let channel = SseChannel::<Note>::default();
    let mut outer = channel.watch_bytes().unwrap();
    let inner = Rc::new(RefCell::new(channel.watch_bytes().unwrap()));
    waiting(&mut outer);
    waiting(&mut *inner.borrow_mut());
    let (reader, read_inside) = (inner.clone(), Seen::new());
    let record = read_inside.clone();
    let read = move || {
        // Encoding it for the inner reader leads here again.
        if let Ok(mut stream) = reader.try_borrow_mut() {
            record.push(waiting(&mut *stream).concat());
        }
    };
    channel
        .broadcast(Note::with("1", Some(Box::new(read)), None))
        .unwrap();
    let read_outside = waiting(&mut outer).concat();
    assert!(read_outside.ends_with(b"\ndata: 1\n\n"));
    assert_eq!(read_inside.take(), [read_outside]);
}
