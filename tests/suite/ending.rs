//! How streams end when their listener is stopped or removed, or when they are dropped.

use std::task::{Poll, Waker};

use super::support::*;
use crate::suite::test;

#[test]
fn a_waiting_stream_is_woken_and_ends_when_its_listener_is_stopped() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    listener.stop_sync();
    assert_eq!(wakes.count(), 1);
    assert!(is_ended(&mut stream));
}

#[test]
fn a_waiting_stream_is_woken_and_ends_when_its_listener_is_removed() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    channel.remove_listener(listener.id()).unwrap();
    assert_eq!(wakes.count(), 1);
    assert!(is_ended(&mut stream));
}

#[test]
fn a_stop_ends_a_stream_before_what_is_still_waiting() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.broadcast("1").unwrap();
    listener.stop_sync();
    assert!(is_ended(&mut stream));
    assert_eq!(channel.waiting(listener.id()).unwrap(), 1);
}

#[test]
fn a_removal_ends_a_stream_before_what_is_still_waiting() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.broadcast("1").unwrap();
    channel.dispatch(listener.id(), "2").unwrap();
    channel.remove_listener(listener.id()).unwrap();
    assert!(is_ended(&mut stream));
}

#[test]
fn a_stop_ends_a_stream_even_if_a_start_follows_before_the_stream_looks() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut waiting_one = channel.message_stream(&listener).unwrap();
    let mut unread_one = channel.message_stream(&listener).unwrap();
    assert!(is_waiting(&mut waiting_one));
    channel.broadcast("1").unwrap();
    listener.stop_sync();
    listener.start_sync();
    assert!(is_ended(&mut waiting_one));
    assert!(is_ended(&mut unread_one));

    let mut next = channel.message_stream(&listener).unwrap();
    assert_eq!(
        words(&mut next),
        ["1"],
        "what waited is for the next stream"
    );
}

#[test]
fn a_removal_ends_a_stream_even_if_the_listener_is_registered_again_before_it_looks() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    assert!(is_waiting(&mut stream));
    channel.remove_listener(listener.id()).unwrap();
    channel.register_listener(&listener).unwrap();
    channel.broadcast("1").unwrap();
    assert!(is_ended(&mut stream));
    assert_eq!(deliver_all(&channel, listener.id()), ["1"]);
}

#[test]
fn a_stream_of_a_stopped_listener_ends_at_its_first_read() {
    let channel = Words::new();
    let listener = channel.add_listener().unwrap();
    let mut stream = channel.message_stream(&listener).unwrap();
    assert!(is_ended(&mut stream));
    listener.start_sync();
    assert!(is_ended(&mut stream), "an ended stream stays ended");
}

#[test]
fn a_stream_may_be_opened_before_its_listener_is_started() {
    let channel = Words::new();
    let listener = channel.add_listener().unwrap();
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.broadcast("1").unwrap();
    listener.start_sync();
    assert_eq!(words(&mut stream), ["1"]);
}

#[test]
fn a_stop_ends_the_streams_of_a_listener_on_all_its_channels() {
    let (news, sports) = (Words::new(), Words::new());
    let listener = running(&news);
    sports.register_listener(&listener).unwrap();
    let mut streams = [&news, &sports].map(|channel| channel.message_stream(&listener).unwrap());
    assert!(streams.iter_mut().all(is_waiting));
    listener.stop_sync();
    assert!(streams.iter_mut().all(is_ended));
}

#[test]
fn a_removal_from_one_channel_leaves_the_streams_of_others_alone() {
    let (news, sports) = (Words::new(), Words::new());
    let listener = running(&news);
    sports.register_listener(&listener).unwrap();
    let mut stream = sports.message_stream(&listener).unwrap();
    assert!(is_waiting(&mut stream));
    news.remove_listener(listener.id()).unwrap();
    sports.broadcast("1").unwrap();
    assert_eq!(words(&mut stream), ["1"]);
}

#[test]
fn a_stop_or_removal_leaves_the_streams_of_other_listeners_alone() {
    let channel = Words::new();
    let (stopped, removed, other) = (running(&channel), running(&channel), running(&channel));
    let mut stream = channel.message_stream(&other).unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    stopped.stop_sync();
    channel.remove_listener(removed.id()).unwrap();
    assert_eq!(wakes.count(), 0);
    assert!(is_waiting(&mut stream));
}

#[test]
fn two_streams_of_one_listener_share_its_messages_and_end_together() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut first = channel.message_stream(&listener).unwrap();
    let mut second = channel.message_stream(&listener).unwrap();
    for word in ["1", "2", "3"] {
        channel.broadcast(word).unwrap();
    }
    let one = |stream: &mut _| match poll(stream, Waker::noop()) {
        Poll::Ready(Some(delivered)) => text(delivered),
        other => panic!("no message: {other:?}"),
    };
    assert_eq!(
        [one(&mut first), one(&mut second), one(&mut first)],
        ["1", "2", "3"]
    );
    assert!(is_waiting(&mut first) && is_waiting(&mut second));
    listener.stop_sync();
    assert!(is_ended(&mut first) && is_ended(&mut second));
}

#[test]
fn a_dropped_stream_has_taken_nothing_and_its_listener_stays() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    assert!(is_waiting(&mut stream));
    channel.broadcast("1").unwrap();
    drop(stream);
    assert!(listener.is_running_sync());
    assert_eq!(deliver_all(&channel, listener.id()), ["1"]);
}

#[test]
fn a_stream_that_is_ended_by_its_owner_ends() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.broadcast("1").unwrap();
    stream.end();
    stream.end();
    assert!(is_ended(&mut stream));
    assert_eq!(deliver_all(&channel, listener.id()), ["1"]);
}

#[test]
fn a_message_that_is_given_back_is_the_next_one_again() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.dispatch(listener.id(), "1").unwrap();
    channel.broadcast("2").unwrap();
    channel.broadcast("3").unwrap();
    let mut taken = waiting(&mut stream);
    channel.broadcast("4").unwrap();
    channel.dispatch(listener.id(), "5").unwrap();
    stream.end();
    while let Some(eric_sse::Delivered::Message(delivery)) = taken.pop() {
        stream.give_back(delivery);
    }
    assert_eq!(channel.waiting(listener.id()).unwrap(), 5);
    assert_eq!(
        deliver_all(&channel, listener.id()),
        ["1", "2", "3", "4", "5"]
    );
}

#[test]
fn a_message_that_is_given_back_wakes_a_waiting_stream() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut first = channel.message_stream(&listener).unwrap();
    let mut second = channel.message_stream(&listener).unwrap();
    channel.broadcast("1").unwrap();
    let taken = waiting(&mut first);
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut second, &waker).is_pending());
    for delivered in taken {
        if let eric_sse::Delivered::Message(delivery) = delivered {
            first.give_back(delivery);
        }
    }
    assert_eq!(wakes.count(), 1);
    assert_eq!(words(&mut second), ["1"]);
}
