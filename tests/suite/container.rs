//! `ChannelContainer`: channels by id.

use eric_sse::{ChannelContainer, SseChannel, SseOptions};

use super::bytes::message;
use super::support::*;
use crate::suite::test;

fn named(id: &str) -> SseOptions {
    SseOptions {
        id: Some(id.into()),
        ..SseOptions::default()
    }
}

#[test]
fn a_channel_that_is_added_is_found_by_its_id() {
    let container = ChannelContainer::<SseChannel>::new();
    let added = container.add(SseOptions::default()).unwrap();
    let mut stream = added.watch().unwrap();
    let found = container.get(added.id()).unwrap();
    found.broadcast(message("tick", 1)).unwrap();
    assert_eq!(waiting(&mut stream).len(), 1, "it is the same channel");
}

#[test]
fn a_channel_that_is_registered_is_found_by_its_id() {
    let container = ChannelContainer::new();
    let channel = SseChannel::new();
    container.register(&channel).unwrap();
    assert_eq!(container.get(channel.id()).unwrap().id(), channel.id());
}

#[test]
fn an_unknown_id_is_an_invalid_channel() {
    let container = ChannelContainer::<SseChannel>::new();
    assert_eq!(
        container.get("nowhere").unwrap_err().code(),
        "ERIC_INVALID_CHANNEL"
    );
    assert_eq!(
        container.rm("nowhere").unwrap_err().code(),
        "ERIC_INVALID_CHANNEL"
    );
}

#[test]
fn an_id_is_registered_once() {
    let container = ChannelContainer::<SseChannel>::new();
    let first = container.add(named("news")).unwrap();
    assert!(container.add(named("news")).is_err());
    assert!(container.register(&first).is_err());
    assert_eq!(container.ids(), ["news"]);
    container.rm("news").unwrap();
    assert!(
        container.add(named("news")).is_ok(),
        "an id is free again once removed"
    );
}

#[test]
fn a_removed_channel_delivers_what_was_queued_then_says_closed_and_its_listener_is_stopped() {
    let container = ChannelContainer::new();
    let channel = container.add(named("news")).unwrap();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    channel.broadcast(message("tick", 1)).unwrap();
    container.rm("news").unwrap();
    assert_eq!(wakes.count(), 1);
    let types: Vec<_> = rest(&mut stream)
        .iter()
        .map(|e| e.event.as_str().to_string())
        .collect();
    assert_eq!(types, ["tick", "_eric_channel_closed"]);
    assert!(!listener.is_running_sync());
    assert!(channel.is_closed() && container.get("news").is_err());
}

#[test]
fn a_removal_leaves_other_channels_alone() {
    let container = ChannelContainer::<SseChannel>::new();
    let (news, sports) = (
        container.add(named("news")).unwrap(),
        container.add(named("sports")).unwrap(),
    );
    container.rm("news").unwrap();
    assert!(news.is_closed() && !sports.is_closed());
}

#[test]
fn channels_are_listed_in_the_order_of_their_registration() {
    let container = ChannelContainer::<SseChannel>::new();
    let expected: Vec<_> = (0..20)
        .map(|number| format!("{}", number * 7 % 20))
        .collect();
    for id in &expected {
        container.add(named(id)).unwrap();
    }
    assert_eq!(container.ids(), expected);
    let iterated: Vec<_> = container
        .into_iter()
        .map(|channel| channel.id().to_string())
        .collect();
    assert_eq!(iterated, expected);
    assert_eq!(container.channels().len(), 20);
}

#[test]
fn a_container_may_change_while_it_is_iterated() {
    let container = ChannelContainer::<SseChannel>::new();
    for id in ["a", "b", "c"] {
        container.add(named(id)).unwrap();
    }
    for channel in &container {
        container.rm(channel.id()).unwrap();
        container.add(SseOptions::default()).unwrap();
    }
    assert_eq!(container.ids().len(), 3);
}

#[test]
fn a_stream_that_is_woken_by_a_removal_may_use_the_container() {
    let container = std::rc::Rc::new(ChannelContainer::<SseChannel>::new());
    let channel = container.add(named("news")).unwrap();
    let mut stream = channel.watch().unwrap();
    let inside = container.clone();
    let waker = waker_that(move || {
        assert!(inside.get("news").is_err());
        inside.add(named("news")).unwrap();
    });
    assert!(poll(&mut stream, &waker).is_pending());
    container.rm("news").unwrap();
    assert_eq!(container.ids(), ["news"]);
}

#[test]
fn a_dropped_container_leaves_its_channels_open() {
    let container = ChannelContainer::<SseChannel>::new();
    let channel = container.add(SseOptions::default()).unwrap();
    drop(container);
    assert!(!channel.is_closed());
}

#[test]
fn closing_a_container_removes_and_closes_all_its_channels() {
    let container = ChannelContainer::<SseChannel>::new();
    let channels = [(); 3].map(|()| container.add(SseOptions::default()).unwrap());
    let mut streams = channels.each_ref().map(|channel| channel.watch().unwrap());
    container.close();
    assert!(container.ids().is_empty());
    for (channel, stream) in channels.iter().zip(&mut streams) {
        assert!(channel.is_closed());
        assert_eq!(rest(stream)[0].event.as_str(), "_eric_channel_closed");
    }
    container.close();
    container.add(SseOptions::default()).unwrap();
}
