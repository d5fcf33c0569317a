//! `on_message`: what it sees, and what happens to what it refuses.

use std::cell::Cell;
use std::rc::Rc;

use eric_sse::{Error, SseChannel};
use futures::StreamExt;

use super::support::*;
use crate::suite::test;

fn no_sports(word: &&'static str) -> Result<(), eric_sse::CallbackError> {
    match *word {
        "sports" => Err("no sports".into()),
        _ => Ok(()),
    }
}

#[test]
fn on_message_sees_a_message_when_it_is_delivered_and_not_before() {
    let channel = Words::new();
    let seen = Seen::new();
    let listener = running_with(&channel, {
        let seen = seen.clone();
        move |word: &&'static str| {
            seen.push(*word);
            Ok(())
        }
    });
    channel.broadcast("1").unwrap();
    channel.dispatch(listener.id(), "2").unwrap();
    assert!(seen.take().is_empty());
    assert_eq!(channel.deliver_next(listener.id()).unwrap(), "1");
    assert_eq!(seen.take(), ["1"]);
    let mut stream = channel.message_stream(&listener).unwrap();
    assert_eq!(words(&mut stream), ["2"]);
    assert_eq!(seen.take(), ["2"]);
}

#[test]
fn deliver_next_raises_the_own_error_of_the_callback_and_the_message_is_gone() {
    let channel = Words::new();
    let listener = running_with(&channel, no_sports);
    channel.broadcast("sports").unwrap();
    channel.broadcast("news").unwrap();
    let Err(Error::Callback(error)) = channel.deliver_next(listener.id()) else {
        panic!("something else than the callback's error");
    };
    assert_eq!(error.to_string(), "no sports");
    assert_eq!(channel.deliver_next(listener.id()).unwrap(), "news");
}

#[test]
fn a_message_refused_by_one_listener_is_delivered_to_the_others() {
    let channel = Words::new();
    let (picky, other) = (running_with(&channel, no_sports), running(&channel));
    channel.broadcast("sports").unwrap();
    assert!(deliver_all(&channel, picky.id()).is_empty());
    assert_eq!(deliver_all(&channel, other.id()), ["sports"]);
}

#[test]
fn a_stream_goes_on_behind_a_refused_message_and_reports_the_error() {
    let channel = Words::new();
    let listener = running_with(&channel, no_sports);
    let errors = Seen::new();
    let report = errors.clone();
    let stream = channel.message_stream(&listener).unwrap();
    let mut stream = stream.on_error(move |error| report.push(error.to_string()));
    for word in ["1", "sports", "2", "sports"] {
        channel.broadcast(word).unwrap();
    }
    assert_eq!(words(&mut stream), ["1", "2"]);
    assert_eq!(errors.take(), ["no sports", "no sports"]);
    channel.broadcast("3").unwrap();
    assert_eq!(words(&mut stream), ["3"]);
}

#[test]
fn a_stream_without_a_report_goes_on_too() {
    let channel = Words::new();
    let listener = running_with(&channel, no_sports);
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.broadcast("sports").unwrap();
    channel.broadcast("news").unwrap();
    assert_eq!(words(&mut stream), ["news"]);
}

#[test]
fn streams_of_events_and_of_bytes_report_refused_messages_too() {
    let channel = SseChannel::new();
    let listener = running_with(&channel, |_| Err("never".into()));
    let errors = Seen::new();
    let (first, second) = (errors.clone(), errors.clone());
    let events = channel.message_stream(&listener).unwrap();
    let mut events = events.on_error(move |error| first.push(format!("event: {error}")));
    let bytes = channel.byte_stream(&listener).unwrap();
    let mut bytes = bytes.on_error(move |error| second.push(format!("byte: {error}")));

    channel.broadcast(super::bytes::message("t", 1)).unwrap();
    assert!(waiting(&mut events).is_empty());
    channel.broadcast(super::bytes::message("t", 2)).unwrap();
    let chunks: Vec<_> = waiting(&mut bytes).concat();
    let prelude = super::bytes::prelude(&channel, 1);
    assert_eq!(chunks, prelude.as_bytes());
    assert_eq!(errors.take(), ["event: never", "byte: never"]);
}

#[test]
fn the_message_that_stops_its_own_listener_is_still_delivered_by_deliver_next() {
    let (channel, listener) = stopping_at("2");
    for word in ["1", "2", "3"] {
        channel.broadcast(word).unwrap();
    }
    assert_eq!(deliver_all(&channel, listener.id()), ["1", "2"]);
    assert!(!listener.is_running_sync());
    listener.start_sync();
    assert_eq!(deliver_all(&channel, listener.id()), ["3"]);
}

#[test]
fn the_message_that_stops_its_own_listener_is_still_delivered_by_a_stream_that_then_ends() {
    let (channel, listener) = stopping_at("2");
    let mut stream = channel.message_stream(&listener).unwrap();
    for word in ["1", "2", "3"] {
        channel.broadcast(word).unwrap();
    }
    assert_eq!(last_words(&mut stream), ["1", "2"]);
    assert_eq!(channel.waiting(listener.id()).unwrap(), 1);
}

#[test]
fn the_message_that_removes_its_own_listener_is_still_delivered() {
    let channel = Words::new();
    let (here, id) = (
        channel.clone(),
        Rc::new(std::cell::OnceCell::<String>::new()),
    );
    let own_id = id.clone();
    let listener = running_with(&channel, move |_| {
        here.remove_listener(own_id.get().expect("the id was set"))
            .map_err(Into::into)
    });
    id.set(listener.id().into()).unwrap();
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.broadcast("1").unwrap();
    channel.broadcast("2").unwrap();
    assert_eq!(last_words(&mut stream), ["1"]);
    assert_eq!(channel.listener_count(), 0);
}

#[test]
fn the_callback_of_a_listener_can_be_replaced_and_taken_away() {
    let channel = Words::new();
    let listener = running_with(&channel, no_sports);
    channel.broadcast("sports").unwrap();
    listener.set_on_message(None);
    assert_eq!(channel.deliver_next(listener.id()).unwrap(), "sports");
    listener.set_on_message(Some(Rc::new(no_sports)));
    channel.broadcast("sports").unwrap();
    assert!(channel.deliver_next(listener.id()).is_err());
}

#[test]
fn a_callback_can_replace_itself() {
    let channel = Words::new();
    let listener = running(&channel);
    let (own, calls) = (listener.clone(), Rc::new(Cell::new(0)));
    let counted = calls.clone();
    listener.set_on_message(Some(Rc::new(move |_: &&'static str| {
        counted.set(counted.get() + 1);
        own.set_on_message(None);
        Ok(())
    })));
    channel.broadcast("1").unwrap();
    channel.broadcast("2").unwrap();
    assert_eq!(deliver_all(&channel, listener.id()), ["1", "2"]);
    assert_eq!(calls.get(), 1);
}

#[test]
fn a_stream_can_be_read_through_adapters() {
    let channel = Words::new();
    let mut lengths = channel
        .watch()
        .unwrap()
        .map(|delivered| text(delivered).len());
    channel.broadcast("four").unwrap();
    assert_eq!(waiting(&mut lengths), [4]);
}

fn stopping_at(last: &'static str) -> (Words, eric_sse::MessageQueueListener<&'static str>) {
    let channel = Words::new();
    let listener = running(&channel);
    let own = listener.clone();
    listener.set_on_message(Some(Rc::new(move |word: &&'static str| {
        if *word == last {
            own.stop_sync();
        }
        Ok(())
    })));
    (channel, listener)
}
