//! `deliver_next` and its answers, and who counts as a listener.

use eric_sse::{AbstractChannel, Error, MessageQueueListener, NoMessagesReason};

use super::support::*;
use crate::suite::test;

#[test]
fn deliver_next_returns_the_oldest_waiting_message() {
    let channel = Words::new();
    let listener = running(&channel);
    channel.broadcast("1").unwrap();
    channel.broadcast("2").unwrap();
    assert_eq!(channel.deliver_next(listener.id()).unwrap(), "1");
    assert_eq!(channel.deliver_next(listener.id()).unwrap(), "2");
}

#[test]
fn deliver_next_says_when_nothing_waits() {
    let channel = Words::new();
    let listener = running(&channel);
    let Err(Error::NoMessages(error)) = channel.deliver_next(listener.id()) else {
        panic!("something else than NoMessagesException");
    };
    assert_eq!(error.reason(), NoMessagesReason::Empty);
}

#[test]
fn deliver_next_says_when_the_listener_is_stopped_and_takes_nothing() {
    let channel = Words::new();
    let listener = channel.add_listener().unwrap();
    channel.broadcast("1").unwrap();
    let Err(Error::NoMessages(error)) = channel.deliver_next(listener.id()) else {
        panic!("something else than NoMessagesException");
    };
    assert_eq!(error.reason(), NoMessagesReason::Stopped);
    assert_eq!(channel.waiting(listener.id()).unwrap(), 1);
}

#[test]
fn deliver_next_says_when_the_listener_is_unknown() {
    let channel = Words::new();
    let error = channel.deliver_next("nobody").unwrap_err();
    assert!(matches!(error, Error::InvalidListener(_)));

    let listener = running(&channel);
    channel.remove_listener(listener.id()).unwrap();
    let error = channel.deliver_next(listener.id()).unwrap_err();
    assert!(matches!(error, Error::InvalidListener(_)));
}

#[test]
fn deliver_next_delivers_what_was_queued_before_the_close_and_then_says_closed() {
    let channel = Words::new();
    let listener = running(&channel);
    channel.broadcast("1").unwrap();
    channel.close();
    assert_eq!(channel.deliver_next(listener.id()).unwrap(), "1");
    match channel.deliver_next(listener.id()).unwrap_err() {
        Error::NoMessages(error) => assert_eq!(error.reason(), NoMessagesReason::Closed),
        error => panic!("{error:?}"),
    }
}

#[test]
fn deliver_next_and_a_stream_share_the_messages_of_a_listener() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    for word in ["1", "2", "3"] {
        channel.broadcast(word).unwrap();
    }
    assert_eq!(channel.deliver_next(listener.id()).unwrap(), "1");
    assert_eq!(words(&mut stream), ["2", "3"]);
}

#[test]
fn a_message_need_not_be_shared_to_be_delivered() {
    let channel = AbstractChannel::<Vec<u8>>::new();
    let (alice, bob) = (running(&channel), running(&channel));
    channel.broadcast(vec![1, 2]).unwrap();
    assert_eq!(channel.deliver_next(alice.id()).unwrap(), [1, 2]);
    assert_eq!(channel.deliver_next(bob.id()).unwrap(), [1, 2]);
}

#[test]
fn listeners_are_listed_in_the_order_of_their_registration() {
    let channel = Words::new();
    let registered: Vec<_> = (0..20).map(|_| channel.add_listener().unwrap()).collect();
    channel.remove_listener(registered[3].id()).unwrap();
    channel.register_listener(&registered[3]).unwrap();
    let listed: Vec<_> = channel
        .listeners()
        .iter()
        .map(|l| l.id().to_string())
        .collect();
    let others = registered.iter().filter(|l| l.id() != registered[3].id());
    let expected: Vec<_> = others
        .chain([&registered[3]])
        .map(|l| l.id().to_string())
        .collect();
    assert_eq!(listed, expected);
    assert_eq!(channel.listener_count(), 20);
}

#[test]
fn a_listener_is_found_by_its_id_and_shares_its_state() {
    let channel = Words::new();
    let listener = channel.add_listener().unwrap();
    channel.get_listener(listener.id()).unwrap().start_sync();
    assert!(listener.is_running_sync());
    assert!(channel.get_listener("nobody").is_err());
}

#[test]
fn a_listener_is_registered_once() {
    let channel = Words::new();
    let listener = channel.add_listener().unwrap();
    let error = channel.register_listener(&listener).unwrap_err();
    assert!(matches!(error, Error::InvalidListener(_)));

    let namesake = MessageQueueListener::with_id(listener.id());
    assert!(channel.register_listener(&namesake).is_err());
    assert_eq!(channel.listener_count(), 1);
}

#[test]
fn a_listener_is_removed_once() {
    let channel = Words::new();
    let listener = channel.add_listener().unwrap();
    assert!(channel.remove_listener(listener.id()).is_ok());
    assert!(channel.remove_listener(listener.id()).is_err());
    assert!(channel.dispatch(listener.id(), "1").is_err());
    assert!(channel.waiting(listener.id()).is_err());
    assert!(channel.message_stream(&listener).is_err());
    assert_eq!(channel.listener_count(), 0);
}

#[test]
fn ids_of_listeners_and_channels_are_unique_unless_chosen() {
    let channel = Words::new();
    let ids: std::collections::HashSet<_> = (0..1000)
        .map(|_| channel.add_listener().unwrap().id().to_string())
        .chain((0..1000).map(|_| Words::new().id().to_string()))
        .collect();
    assert_eq!(ids.len(), 2000);
    assert_eq!(Words::with_id("news").id(), "news");
    assert_eq!(MessageQueueListener::<()>::with_id("alice").id(), "alice");
}

async_test!(
    the_asynchronous_names_do_what_the_synchronous_ones_do,
    async {
        let listener = MessageQueueListener::<()>::new();
        assert!(
            !listener.is_running().await,
            "a listener starts out stopped"
        );
        listener.start().await;
        assert!(listener.is_running().await && listener.is_running_sync());
        listener.stop().await;
        assert!(!listener.is_running().await && !listener.is_running_sync());
    }
);
