//! Streams of events: an event has its type, its payload as it was sent, the reconnection time and
//! an id.

use std::time::Duration;

use eric_sse::{Event, Message, Payload, SseChannel, SseOptions};

use super::bytes::{last_bytes, message};
use super::support::*;
use crate::suite::test;

#[test]
fn an_event_has_type_data_reconnection_time_and_id() {
    let channel = SseChannel::new();
    let mut stream = channel.watch().unwrap();
    let position = channel.broadcast(message("tick", [1, 2])).unwrap();
    let [event] = <[_; 1]>::try_from(waiting(&mut stream)).unwrap();
    assert_eq!(event.event.as_str(), "tick");
    assert_eq!(event.data, Payload::Json("[1,2]".into()));
    assert_eq!(event.retry, 15_000);
    assert_eq!(event.id, Some(channel.event_id(position)));
}

#[test]
fn every_event_names_the_reconnection_time_of_the_options() {
    let options = SseOptions {
        retry_timeout: Duration::from_millis(250),
        ..SseOptions::default()
    };
    let channel = SseChannel::with_options(options);
    let mut stream = channel.watch().unwrap();
    channel.broadcast(message("tick", 1)).unwrap();
    channel.broadcast(message("tick", 2)).unwrap();
    channel.close();
    let retries: Vec<_> = rest(&mut stream).iter().map(|event| event.retry).collect();
    assert_eq!(retries, [250, 250, 250]);
}

#[test]
fn the_close_is_one_event_of_its_own_type_without_an_id() {
    let channel = SseChannel::new();
    let mut stream = channel.watch().unwrap();
    channel.broadcast(message("tick", 1)).unwrap();
    channel.close();
    let events = rest(&mut stream);
    assert_eq!(events.len(), 2);
    assert_eq!(events[1].event.as_str(), "_eric_channel_closed");
    assert_eq!((&events[1].data, &events[1].id), (&Payload::None, &None));
}

#[test]
fn an_event_becomes_the_block_that_goes_over_the_wire() {
    let channel = SseChannel::new();
    let (mut events, mut bytes) = (channel.watch().unwrap(), channel.watch_bytes().unwrap());
    channel.broadcast(message("tick", "one\r\ntwo")).unwrap();
    channel.broadcast(Message::signal("tock").unwrap()).unwrap();
    channel.close();
    let blocks = rest(&mut events)
        .into_iter()
        .map(|event| Event::from(event).to_string());
    let stream = super::bytes::prelude(&channel, 0) + &blocks.collect::<String>();
    assert_eq!(last_bytes(&mut bytes), stream);
}

#[test]
fn streams_of_messages_events_and_bytes_of_one_listener_share_its_messages() {
    let channel = SseChannel::new();
    let listener = running(&channel);
    let mut events = channel.message_stream(&listener).unwrap();
    let mut bytes = channel.byte_stream(&listener).unwrap();
    channel.broadcast(message("tick", 1)).unwrap();
    assert_eq!(waiting(&mut events).len(), 1);
    let prelude = super::bytes::prelude(&channel, 1);
    assert_eq!(super::bytes::bytes(&mut bytes), prelude);
    channel.broadcast(message("tick", 2)).unwrap();
    assert!(super::bytes::bytes(&mut bytes).contains("data: 2\n"));
    assert!(is_waiting(&mut events));
}

#[test]
fn a_payload_is_serialised_when_it_is_made_into_a_message() {
    let payload = std::rc::Rc::new(std::cell::Cell::new(1));
    let tick = message("tick", payload.get());
    payload.set(2);
    assert_eq!(tick.payload::<u32>().unwrap(), Some(1));
}

#[test]
fn a_payload_is_read_back_as_what_it_was() {
    assert_eq!(
        message("t", "text").payload::<String>().unwrap().unwrap(),
        "text"
    );
    assert_eq!(
        message("t", (1, "a")).payload::<(u8, String)>().unwrap(),
        Some((1, "a".into()))
    );
    assert_eq!(
        message("t", None::<u8>).payload::<Option<u8>>().unwrap(),
        Some(None)
    );
    assert_eq!(Message::signal("t").unwrap().payload::<u8>().unwrap(), None);
    assert!(message("t", "text").payload::<u8>().is_err());
}

#[test]
fn the_options_of_a_channel_have_the_defaults_of_the_reference() {
    let options = SseOptions::default();
    assert_eq!(options.stream_delay, Duration::ZERO);
    assert_eq!(options.retry_timeout, Duration::from_secs(15));
    assert_eq!(options.id, None);
    let named = SseOptions {
        id: Some("news".into()),
        ..options
    };
    assert_eq!(SseChannel::<Message>::with_options(named).id(), "news");
}
