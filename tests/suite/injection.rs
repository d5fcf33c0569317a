//! Attempts to forge an event through every value that reaches the wire.

use eric_sse::{Event, EventId, EventType, Message, Payload, SseChannel, SseOptions};

use super::bytes::{bytes, message};
use super::decoder::decode;
use crate::suite::test;

/// Every way to end a line, with something worth forging behind it.
const FORGERIES: [&str; 6] = [
    "x\ndata: forged\n\nevent: y",
    "x\rdata: forged\r\revent: y",
    "x\r\ndata: forged\r\n\r\nevent: y",
    "x\n\nid: forged\nretry: 1\ndata: forged\n\n",
    "\n\nevent: forged\ndata: forged\n\n",
    "x\0",
];

#[test]
fn an_event_type_that_would_end_its_line_is_refused() {
    for forgery in FORGERIES {
        assert!(EventType::new(forgery).is_err(), "{forgery:?}");
        assert!(Message::new(forgery, 1).is_err(), "{forgery:?}");
        assert!(Message::signal(forgery).is_err(), "{forgery:?}");
    }
}

#[test]
fn an_event_id_that_would_end_its_line_is_refused() {
    for forgery in FORGERIES {
        assert!(EventId::new(forgery).is_err(), "{forgery:?}");
    }
    assert!(EventId::new("").is_ok(), "which resets the last event ID");
}

#[test]
fn an_empty_event_type_is_refused() {
    assert!(EventType::new("").is_err());
}

#[test]
fn characters_that_only_look_like_an_end_of_line_are_legal_in_a_type_and_an_id() {
    for text in [
        "a b",
        ": a",
        " a",
        "data: a",
        "\u{2028}",
        "\u{85}",
        "\u{b}\u{c}",
        "\u{feff}",
        "é😀",
    ] {
        let event = Event::new(EventType::new(text).unwrap()).with_id(EventId::new(text).unwrap());
        let client = decode(event.to_string().as_bytes());
        assert_eq!(client.events.len(), 1, "{text:?}");
        assert_eq!(client.events[0].event_type, text);
        assert_eq!(client.events[0].last_event_id, text);
    }
}

/// Sends a message between two others, and sees that a client gets three events: theirs and one
/// with this data.
fn assert_one_event(channel: &SseChannel, sent: Message, data: &str) {
    let mut stream = channel.watch_bytes().unwrap();
    channel.broadcast(message("before", 0)).unwrap();
    channel.broadcast(sent).unwrap();
    channel.broadcast(message("after", 0)).unwrap();
    let client = decode(bytes(&mut stream).as_bytes());
    let types: Vec<_> = client
        .events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect();
    assert_eq!(types, ["before", "t", "after"], "{data:?}");
    assert_eq!(
        client.events[1].data,
        data.replace("\r\n", "\n").replace('\r', "\n")
    );
    assert_eq!(client.reconnection_time, Some(15_000), "{data:?}");
    let epoch = |id: &str| id.split_once('-').map(|(epoch, _)| epoch.to_string());
    let epochs: Vec<_> = client
        .events
        .iter()
        .map(|event| epoch(&event.last_event_id))
        .collect();
    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "{data:?}");
}

#[test]
fn a_string_payload_forges_nothing() {
    let channel = SseChannel::new();
    for forgery in FORGERIES {
        assert_one_event(&channel, message("t", forgery), forgery);
    }
}

#[test]
fn a_json_payload_forges_nothing() {
    let channel = SseChannel::new();
    for forgery in FORGERIES {
        let sent = message("t", [forgery]);
        let text = sent.raw_payload().data().to_string();
        assert!(!text.contains(['\r', '\n', '\0']));
        assert_one_event(&channel, sent, &text);
    }
}

#[test]
fn a_payload_made_by_hand_forges_nothing() {
    let channel = SseChannel::new();
    for forgery in FORGERIES {
        for payload in [Payload::Text(forgery.into()), Payload::Json(forgery.into())] {
            let sent = Message::from_parts(EventType::new("t").unwrap(), payload);
            assert_one_event(&channel, sent, forgery);
        }
    }
}

#[test]
fn the_data_of_an_event_forges_nothing() {
    for forgery in FORGERIES {
        let event = Event::new(EventType::new("t").unwrap()).with_data(forgery);
        let client = decode(event.to_string().as_bytes());
        assert_eq!(client.events.len(), 1, "{forgery:?}");
        assert_eq!(client.events[0].event_type, "t");
        assert_eq!(client.reconnection_time, None);
    }
}

#[test]
fn the_id_of_a_channel_or_listener_does_not_reach_the_wire() {
    for forgery in FORGERIES {
        let options = SseOptions {
            id: Some(forgery.into()),
            ..SseOptions::default()
        };
        let channel = SseChannel::with_options(options);
        let listener = eric_sse::MessageQueueListener::with_id(forgery);
        channel.register_listener(&listener).unwrap();
        listener.start_sync();
        let mut stream = channel.byte_stream(&listener).unwrap();
        channel.broadcast(message("t", 1)).unwrap();
        assert!(!bytes(&mut stream).contains("forged"));
        assert_one_event(&channel, message("t", 1), "1");
    }
}

#[test]
fn fields_that_were_not_set_are_not_written() {
    let event = Event::new(EventType::new("t").unwrap());
    assert_eq!(event.to_string(), "event: t\ndata:\n\n");
    let all = event
        .with_retry(1)
        .with_id(EventId::new("").unwrap())
        .with_data("\n");
    assert_eq!(all.to_string(), "retry: 1\nevent: t\nid:\ndata:\ndata:\n\n");
    assert_eq!(all.event_type().as_str(), "t");
}
