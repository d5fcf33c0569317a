//! Filters, and broadcasts with exceptions.

use std::cell::Cell;
use std::rc::Rc;

use eric_sse::{MessageQueueListener, RegisterOptions};

use super::numbers::*;
use super::support::*;
use crate::suite::test;

fn only(listener: &MessageQueueListener<Number>, wants: impl Fn(usize) -> bool + 'static) {
    listener.set_filter(Some(Rc::new(move |number: &Number| wants(number.0))));
}

fn even(number: usize) -> bool {
    number.is_multiple_of(2)
}

#[test]
fn a_filtered_message_is_passed_over_and_counted() {
    let channel = numbers(newest(100));
    let mut stream = reader(&channel, RegisterOptions::default());
    let own = stream.listener().clone();
    only(&own, even);
    broadcast(&channel, 0..5);
    dispatch(&channel, &own, 5..8);
    assert_eq!(read(&mut stream), all([0, 2, 4, 6]));
    let tally = channel.listener_stats(own.id()).unwrap().tally;
    assert_eq!((tally.delivered, tally.filtered), (4, 4));
}

#[test]
fn a_filter_is_asked_once_per_message_and_listener() {
    let channel = numbers(newest(100));
    let asked: [_; 2] = std::array::from_fn(|_| Seen::new());
    let mut streams = Vec::new();
    for seen in &asked {
        let stream = reader(&channel, RegisterOptions::default());
        let seen = seen.clone();
        only(stream.listener(), move |number| {
            seen.push(number);
            even(number)
        });
        streams.push(stream);
    }
    broadcast(&channel, 0..6);
    assert!(
        asked.iter().all(|seen| seen.take().is_empty()),
        "not before the delivery"
    );
    for stream in &mut streams {
        assert_eq!(read(stream), all([0, 2, 4]));
    }
    for seen in &asked {
        assert_eq!(seen.take(), [0, 1, 2, 3, 4, 5]);
    }
}

#[test]
fn a_filter_is_asked_before_on_message() {
    let channel = numbers(newest(100));
    let seen = Seen::new();
    let shown = seen.clone();
    let own = running_with(&channel, move |number: &Number| {
        shown.push(number.0);
        Ok(())
    });
    only(&own, even);
    broadcast(&channel, 0..4);
    assert_eq!(deliver_all(&channel, own.id()).len(), 2);
    assert_eq!(seen.take(), [0, 2]);
}

#[test]
fn a_filter_holds_for_bytes_and_does_not_touch_those_of_others() {
    let channel = numbers(newest(100));
    let mut everything = channel.watch_bytes().unwrap();
    let mut some = channel.watch_bytes().unwrap();
    only(some.listener(), even);
    waiting(&mut everything);
    waiting(&mut some);
    broadcast(&channel, 0..4);
    let count = |chunks: Vec<Rc<[u8]>>| {
        let text = String::from_utf8(chunks.concat()).unwrap();
        text.matches("event: number\n").count()
    };
    assert_eq!(count(waiting(&mut everything)), 4);
    assert_eq!(count(waiting(&mut some)), 2);
}

#[test]
fn a_filter_can_be_replaced_and_taken_away() {
    let channel = numbers(newest(100));
    let mut stream = reader(&channel, RegisterOptions::default());
    let own = stream.listener().clone();
    only(&own, even);
    only(&own, |number| number == 1);
    broadcast(&channel, 0..3);
    assert_eq!(read(&mut stream), all([1]));
    own.set_filter(None);
    broadcast(&channel, 3..5);
    assert_eq!(read(&mut stream), all([3, 4]));
}

#[test]
fn a_filter_may_do_anything() {
    use super::scene::{Note, Scene};
    Scene::play(|scene| {
        let callback = scene.callback();
        let filter = move |_: &Note| {
            callback();
            true
        };
        scene.listener.set_filter(Some(Rc::new(filter)));
        scene.broadcast(Note::new("1"));
        drop(scene.poll(std::task::Waker::noop()));
        scene.listener.set_filter(None);
    });
}

#[test]
fn a_filter_that_removes_its_listener_is_counted_all_the_same() {
    let channel = numbers(newest(100));
    let stream = reader(&channel, RegisterOptions::default());
    let own = stream.listener().clone();
    let (there, id) = (channel.clone(), own.id().to_string());
    only(&own, move |_| {
        there.remove_listener(&id).unwrap();
        false
    });
    broadcast(&channel, 0..2);
    assert!(channel.deliver_next(own.id()).is_err());
    assert_eq!(channel.stats().tally.filtered, 1);
    own.set_filter(None);
}

#[test]
fn a_filter_may_be_dropped_with_anything() {
    let channel = numbers(newest(100));
    let own = running(&channel);
    let (dropped, count) = (Rc::new(Cell::new(0)), own.clone());
    let counter = dropped.clone();
    let owned = OnDrop::new(move || {
        count.set_filter(None);
        counter.set(counter.get() + 1);
    });
    own.set_filter(Some(Rc::new(move |_: &Number| {
        let _owned = &owned;
        true
    })));
    own.set_filter(None);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn everybody_but_the_excepted_gets_a_broadcast() {
    let channel = numbers(newest(100));
    let mut streams = [0; 3].map(|_| reader(&channel, RegisterOptions::default()));
    let ids = streams
        .each_ref()
        .map(|stream| stream.listener().id().to_string());
    broadcast(&channel, [0]);
    channel.broadcast_except(Number(1, 1), &[&ids[0]]).unwrap();
    channel
        .broadcast_except(Number(2, 1), &[&ids[0], &ids[1]])
        .unwrap();
    dispatch(&channel, streams[0].listener(), [3]);
    channel.broadcast_except(Number(4, 1), &["nobody"]).unwrap();
    assert_eq!(
        channel.waiting(&ids[0]).unwrap(),
        5,
        "until it is passed over"
    );
    assert_eq!(read(&mut streams[0]), all([0, 3, 4]));
    assert_eq!(read(&mut streams[1]), all([0, 1, 4]));
    assert_eq!(read(&mut streams[2]), all([0, 1, 2, 4]));
}

#[test]
fn behind_an_empty_id_the_ids_are_those_of_the_only_receivers() {
    let channel = numbers(newest(100));
    let mut streams = [0; 3].map(|_| reader(&channel, RegisterOptions::default()));
    let ids = streams
        .each_ref()
        .map(|stream| stream.listener().id().to_string());
    broadcast(&channel, [0]);
    channel
        .broadcast_except(Number(1, 1), &["", &ids[0]])
        .unwrap();
    channel
        .broadcast_except(Number(2, 1), &["", &ids[0], &ids[1]])
        .unwrap();
    channel
        .broadcast_except(Number(3, 1), &["", "nobody"])
        .unwrap();
    broadcast(&channel, [4]);
    assert_eq!(read(&mut streams[0]), all([0, 1, 2, 4]));
    assert_eq!(read(&mut streams[1]), all([0, 2, 4]));
    assert_eq!(read(&mut streams[2]), all([0, 4]));
}

#[test]
fn an_id_that_is_excepted_twice_counts_once() {
    let channel = numbers(newest(100));
    let mut stream = reader(&channel, RegisterOptions::default());
    let own = stream.listener().clone();
    channel
        .broadcast_except(Number(0, 1), &[own.id(), own.id()])
        .unwrap();
    broadcast(&channel, [1]);
    assert_eq!(read(&mut stream), all([1]));
    let tally = channel.listener_stats(own.id()).unwrap().tally;
    assert_eq!((tally.delivered, tally.filtered), (1, 1));
}

#[test]
fn an_excepted_broadcast_stands_in_no_chunk_of_bytes() {
    let channel = numbers(newest(100));
    let mut others = channel.watch_bytes().unwrap();
    let mut own = channel.watch_bytes().unwrap();
    waiting(&mut others);
    waiting(&mut own);
    channel
        .broadcast_except(Number(0, 1), &[own.listener().id()])
        .unwrap();
    assert_eq!(waiting(&mut others).len(), 1);
    assert!(waiting(&mut own).is_empty());
}

#[test]
fn an_excepted_broadcast_counts_until_it_is_passed_over() {
    let channel = numbers(eric_sse::History::NONE);
    let mut stream = reader(&channel, at_most(2, eric_sse::Overflow::DropOldest));
    let own = stream.listener().clone();
    channel.broadcast_except(Number(0, 1), &[own.id()]).unwrap();
    broadcast(&channel, 1..4);
    let read = read(&mut stream);
    assert!(matches!(read[0], Got::Gap(_, Some(2), Some(_), to) if to.sequence() == 2));
    assert_eq!(read[1..], all([2, 3]));
}

#[test]
fn an_excepted_listener_is_excepted_after_it_reconnects_too() {
    let channel = numbers(newest(100));
    let named = || MessageQueueListener::with_id("user-7");
    let from = channel.last_event_id();
    channel.broadcast_except(Number(0, 1), &["user-7"]).unwrap();
    broadcast(&channel, [1]);
    for own in [named(), MessageQueueListener::new()] {
        channel
            .register_after(&own, RegisterOptions::default(), from.as_str())
            .unwrap();
        own.start_sync();
        let mut stream = channel.message_stream(&own).unwrap();
        let expected = if own.id() == "user-7" { 1..2 } else { 0..2 };
        assert_eq!(read(&mut stream), all(expected));
        channel.remove_listener(own.id()).unwrap();
    }
}

#[test]
fn chunks_are_shared_around_what_is_not_for_everybody() {
    let channel = numbers(newest(100));
    let mut streams = [0; 3].map(|_| channel.watch_bytes().unwrap());
    streams.iter_mut().for_each(|stream| drop(waiting(stream)));
    let excepted = streams[0].listener().id().to_string();
    broadcast(&channel, [0, 1]);
    channel
        .broadcast_except(Number(2, 1), &[&excepted])
        .unwrap();
    broadcast(&channel, [3]);
    let texts = streams.each_mut().map(|stream| {
        let chunks = waiting(stream).concat();
        super::decoder::decode(&chunks)
            .events
            .into_iter()
            .map(|event| event.data)
            .collect::<Vec<_>>()
    });
    assert_eq!(texts[0], ["0", "1", "3"]);
    assert_eq!(texts[1], ["0", "1", "2", "3"]);
    assert_eq!(texts[2], texts[1]);
}
