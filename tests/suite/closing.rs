//! `close`: what is still delivered, what streams say, and what is refused from then on.

use std::task::{Poll, Waker};

use eric_sse::{Error, MessageQueueListener, SseChannel};

use super::support::*;
use crate::suite::test;

#[test]
fn a_running_stream_delivers_what_was_queued_then_says_closed_then_ends() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    assert!(is_waiting(&mut stream));
    channel.broadcast("1").unwrap();
    channel.dispatch(listener.id(), "2").unwrap();
    channel.close();
    assert!(
        listener.is_running_sync(),
        "stopped only once it has been told"
    );
    assert_eq!(last_words(&mut stream), ["1", "2", CLOSED]);
    assert!(!listener.is_running_sync());
}

#[test]
fn a_waiting_stream_is_woken_once_by_the_close() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    channel.close();
    assert_eq!(wakes.count(), 1);
    assert_eq!(last_words(&mut stream), [CLOSED]);
}

#[test]
fn a_stream_that_was_not_read_before_the_close_says_closed_too() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    channel.broadcast("1").unwrap();
    channel.close();
    assert_eq!(last_words(&mut stream), ["1", CLOSED]);
}

#[test]
fn a_stream_opened_after_the_close_delivers_what_was_queued_and_says_closed() {
    let channel = Words::new();
    let listener = running(&channel);
    channel.broadcast("1").unwrap();
    channel.close();
    let mut stream = channel.message_stream(&listener).unwrap();
    assert_eq!(last_words(&mut stream), ["1", CLOSED]);
}

#[test]
fn every_listener_receives_the_closing_of_the_channel() {
    let channel = Words::new();
    let mut streams: Vec<_> = (0..10).map(|_| channel.watch().unwrap()).collect();
    channel.broadcast("1").unwrap();
    channel.close();
    for stream in &mut streams {
        assert_eq!(last_words(stream), ["1", CLOSED]);
    }
}

#[test]
fn both_streams_of_one_listener_say_closed() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut first = channel.message_stream(&listener).unwrap();
    let mut second = channel.message_stream(&listener).unwrap();
    assert!(is_waiting(&mut first) && is_waiting(&mut second));
    channel.broadcast("1").unwrap();
    channel.close();
    assert_eq!(last_words(&mut first), ["1", CLOSED]);
    assert_eq!(last_words(&mut second), [CLOSED]);
}

#[test]
fn the_second_stream_of_a_listener_says_closed_even_if_it_was_never_read_before() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut first = channel.message_stream(&listener).unwrap();
    let mut second = channel.message_stream(&listener).unwrap();
    channel.close();
    assert_eq!(last_words(&mut first), [CLOSED]);
    assert_eq!(last_words(&mut second), [CLOSED]);
}

#[test]
fn the_stream_of_a_stopped_listener_just_ends() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    assert!(is_waiting(&mut stream));
    channel.broadcast("1").unwrap();
    channel.close();
    listener.stop_sync();
    assert!(is_ended(&mut stream));
    assert_eq!(channel.waiting(listener.id()).unwrap(), 1);
}

#[test]
fn a_stop_between_the_close_and_the_end_ends_a_stream_at_once() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.broadcast("1").unwrap();
    channel.broadcast("2").unwrap();
    channel.close();
    let Poll::Ready(Some(first)) = poll(&mut stream, Waker::noop()) else {
        panic!("the first message is ready");
    };
    assert_eq!(text(first), "1");
    listener.stop_sync();
    assert!(is_ended(&mut stream));
}

#[test]
fn a_removal_after_the_close_ends_a_stream_at_once() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.broadcast("1").unwrap();
    channel.close();
    channel.remove_listener(listener.id()).unwrap();
    assert!(is_ended(&mut stream));
}

#[test]
fn a_listener_that_the_close_has_stopped_is_stopped_on_its_other_channels_too() {
    let (news, sports) = (Words::new(), Words::new());
    let listener = running(&news);
    sports.register_listener(&listener).unwrap();
    let mut of_news = news.message_stream(&listener).unwrap();
    let mut of_sports = sports.message_stream(&listener).unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut of_sports, &waker).is_pending());

    news.close();
    assert_eq!(last_words(&mut of_news), [CLOSED]);
    assert!(!listener.is_running_sync());
    assert_eq!(
        wakes.count(),
        1,
        "the stop wakes the streams of the other channel"
    );
    sports.broadcast("1").unwrap();
    assert!(
        is_ended(&mut of_sports),
        "a stopped listener is delivered nothing"
    );
    assert_eq!(sports.waiting(listener.id()).unwrap(), 1);
}

#[test]
fn a_closed_channel_refuses_sends_and_listeners() {
    let channel = Words::new();
    let listener = channel.add_listener().unwrap();
    assert!(!channel.is_closed());
    channel.close();
    assert!(channel.is_closed());
    let refused = channel.broadcast("1").unwrap_err();
    assert!(matches!(refused.error(), Error::InvalidChannel(_)));
    let refused = channel.dispatch(listener.id(), "1").unwrap_err();
    assert!(matches!(refused.error(), Error::InvalidChannel(_)));
    assert_eq!(refused.into_message(), "1", "the error has the message");
    let error = channel
        .register_listener(&MessageQueueListener::new())
        .unwrap_err();
    assert!(matches!(error, Error::InvalidChannel(_)));
    assert!(channel.add_listener().is_err());
    assert!(matches!(channel.watch(), Err(Error::InvalidChannel(_))));
    assert_eq!(channel.listener_count(), 1);
}

#[test]
fn closing_twice_says_closed_once() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    channel.close();
    channel.close();
    assert_eq!(last_words(&mut stream), [CLOSED]);
    channel.close();
    assert!(is_ended(&mut stream));
}

#[test]
fn clones_of_a_channel_are_one_channel() {
    let channel = SseChannel::new();
    let clone = channel.clone();
    assert_eq!(channel.id(), clone.id());
    let mut stream = channel.watch().unwrap();
    clone.close();
    assert!(channel.is_closed());
    assert_eq!(rest(&mut stream).len(), 1);
}
