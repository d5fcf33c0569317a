//! Bytes on the wire, compared as whole byte strings.

use std::time::Duration;

use eric_sse::{
    AbstractChannel, Event, EventId, EventType, Message, SseChannel, SseOptions, ToEvent,
};
use futures::Stream;

use super::support::*;
use crate::suite::test;

/// A message of a legal type and payload.
pub fn message(event_type: &str, payload: impl serde::Serialize) -> Message {
    Message::new(event_type, payload).expect("a legal message")
}

/// Reads everything that is ready, as text, and sees that the stream waits for more.
pub fn bytes<C: AsRef<[u8]>>(stream: &mut (impl Stream<Item = C> + Unpin)) -> String {
    joined(waiting(stream))
}

/// Reads the rest of the stream, as text.
pub fn last_bytes<C: AsRef<[u8]>>(stream: &mut (impl Stream<Item = C> + Unpin)) -> String {
    joined(rest(stream))
}

fn joined<C: AsRef<[u8]>>(chunks: Vec<C>) -> String {
    let bytes: Vec<u8> = chunks
        .iter()
        .flat_map(|chunk| chunk.as_ref())
        .copied()
        .collect();
    String::from_utf8(bytes).expect("an event stream is UTF-8")
}

/// The first bytes of a stream that was opened behind a broadcast, of a channel with default
/// options.
pub fn prelude<M>(channel: &AbstractChannel<M>, sequence: u64) -> String {
    let newest = channel.last_event_id();
    let (epoch, _) = newest.as_str().split_once('-').expect("an epoch");
    format!("retry: 15000\nevent: _eric_position\nid: {epoch}-{sequence}\ndata:\n\n")
}

#[test]
fn a_byte_stream_starts_with_the_reconnection_time_at_once() {
    let channel = SseChannel::new();
    let mut stream = channel.watch_bytes().unwrap();
    assert_eq!(bytes(&mut stream), prelude(&channel, 0));
    assert_eq!(bytes(&mut stream), "");
}

#[test]
fn the_reconnection_time_is_the_option_in_whole_milliseconds() {
    let retry = |retry_timeout| {
        let options = SseOptions {
            retry_timeout,
            ..SseOptions::default()
        };
        let channel = SseChannel::<Message>::with_options(options);
        let bytes = bytes(&mut channel.watch_bytes().unwrap());
        let (first, _) = bytes.split_once('\n').unwrap();
        first.to_string()
    };
    assert_eq!(retry(Duration::from_micros(2_999)), "retry: 2");
    assert_eq!(retry(Duration::ZERO), "retry: 0");
    assert_eq!(retry(Duration::MAX), format!("retry: {}", u64::MAX));
}

#[test]
fn a_block_is_the_type_the_id_and_the_data() {
    let channel = SseChannel::new();
    let mut stream = channel.watch_bytes().unwrap();
    let id = channel.event_id(channel.broadcast(message("tick", 1)).unwrap());
    let prelude = prelude(&channel, 0);
    let expected = format!("{prelude}event: tick\nid: {}\ndata: 1\n\n", id.as_str());
    assert_eq!(bytes(&mut stream), expected);
}

#[test]
fn all_blocks_that_are_ready_go_out_in_one_chunk() {
    let channel = SseChannel::new();
    let mut stream = channel.watch_bytes().unwrap();
    for number in 0..100 {
        channel.broadcast(message("tick", number)).unwrap();
    }
    assert_eq!(waiting(&mut stream).len(), 1, "with the reconnection time");
    for number in 0..100 {
        channel.broadcast(message("tick", number)).unwrap();
        channel
            .dispatch(stream.listener().id(), message("tock", number))
            .unwrap();
    }
    assert_eq!(waiting(&mut stream).len(), 1, "with what was dispatched");
    for number in 0..100 {
        channel.broadcast(message("tick", number)).unwrap();
    }
    assert_eq!(waiting(&mut stream).len(), 1, "with what others share");
}

/// Returns the data fields of a message with this payload.
fn data_fields(payload: impl serde::Serialize) -> String {
    data_fields_of(message("t", payload))
}

fn data_fields_of(message: Message) -> String {
    let channel = SseChannel::new();
    let mut stream = channel.watch_bytes().unwrap();
    channel.broadcast(message).unwrap();
    let bytes = bytes(&mut stream);
    let (head, data) = bytes.split_once("-1\n").expect("an id");
    let expected = prelude(&channel, 0) + "event: t\nid: ";
    assert!(head.starts_with(&expected));
    data.into()
}

#[test]
fn a_string_payload_is_its_own_data() {
    assert_eq!(
        data_fields("say \"hi\" \\ 😀"),
        "data: say \"hi\" \\ 😀\n\n"
    );
    assert_eq!(data_fields(" indented"), "data:  indented\n\n");
    assert_eq!(data_fields(""), "data:\n\n");
}

#[test]
fn any_other_payload_is_its_json_text() {
    assert_eq!(data_fields(42), "data: 42\n\n");
    assert_eq!(data_fields(false), "data: false\n\n");
    assert_eq!(data_fields(None::<u8>), "data: null\n\n");
    assert_eq!(data_fields(["a\n", "b"]), "data: [\"a\\n\",\"b\"]\n\n");
    let object = std::collections::BTreeMap::from([("a", 1), ("b", 2)]);
    assert_eq!(data_fields(object), "data: {\"a\":1,\"b\":2}\n\n");
}

#[test]
fn no_payload_is_an_empty_but_present_data_field() {
    assert_eq!(data_fields_of(Message::signal("t").unwrap()), "data:\n\n");
}

#[test]
fn data_is_split_at_cr_lf_and_crlf() {
    assert_eq!(data_fields("a\nb"), "data: a\ndata: b\n\n");
    assert_eq!(data_fields("a\rb"), "data: a\ndata: b\n\n");
    assert_eq!(data_fields("a\r\nb"), "data: a\ndata: b\n\n");
    assert_eq!(data_fields("a\n\rb"), "data: a\ndata:\ndata: b\n\n");
    assert_eq!(data_fields("\r\n"), "data:\ndata:\n\n");
    assert_eq!(data_fields("a\r"), "data: a\ndata:\n\n");
}

#[test]
fn the_close_is_a_block_without_an_id() {
    let channel = SseChannel::new();
    let mut stream = channel.watch_bytes().unwrap();
    assert_eq!(bytes(&mut stream), prelude(&channel, 0));
    let id = channel.event_id(channel.broadcast(message("tick", 1)).unwrap());
    channel.close();
    let expected = format!(
        "event: tick\nid: {}\ndata: 1\n\nevent: _eric_channel_closed\ndata:\n\n",
        id.as_str()
    );
    assert_eq!(last_bytes(&mut stream), expected);
}

#[test]
fn a_stream_that_was_never_read_before_the_close_has_everything_in_one_chunk() {
    let channel = SseChannel::new();
    let mut stream = channel.watch_bytes().unwrap();
    channel.close();
    let prelude = prelude(&channel, 0);
    let expected = format!("{prelude}event: _eric_channel_closed\ndata:\n\n");
    assert_eq!(last_bytes(&mut stream), expected);
}

#[test]
fn a_byte_stream_of_a_stopped_listener_is_empty() {
    let channel = SseChannel::new();
    let listener = channel.add_listener().unwrap();
    assert_eq!(last_bytes(&mut channel.byte_stream(&listener).unwrap()), "");
}

#[test]
fn a_byte_stream_whose_listener_was_removed_before_the_first_read_is_empty() {
    let channel = SseChannel::new();
    let mut stream = channel.watch_bytes().unwrap();
    channel.remove_listener(stream.listener().id()).unwrap();
    assert_eq!(last_bytes(&mut stream), "");
}

#[test]
fn a_byte_stream_ends_at_a_stop_and_leaves_what_waits() {
    let channel = SseChannel::new();
    let listener = running(&channel);
    let mut stream = channel.byte_stream(&listener).unwrap();
    assert_eq!(bytes(&mut stream), prelude(&channel, 0));
    channel.broadcast(message("tick", 1)).unwrap();
    listener.stop_sync();
    assert_eq!(last_bytes(&mut stream), "");
    assert_eq!(channel.waiting(listener.id()).unwrap(), 1);
}

#[test]
fn the_block_that_stops_its_own_listener_is_still_written() {
    let channel = SseChannel::new();
    let listener = running(&channel);
    let own = listener.clone();
    listener.set_on_message(Some(std::rc::Rc::new(move |message: &Message| {
        if message.event_type() == "last" {
            own.stop_sync();
        }
        Ok(())
    })));
    let mut stream = channel.byte_stream(&listener).unwrap();
    for event_type in ["first", "last", "too late"] {
        channel.broadcast(message(event_type, 0)).unwrap();
    }
    let written = last_bytes(&mut stream);
    assert!(written.contains("event: first\n") && written.contains("event: last\n"));
    assert!(!written.contains("event: too late\n"));
}

/// A message of the user's own: its fields are written, except the id, which is the channel's.
#[derive(Clone)]
struct Custom;

impl ToEvent for Custom {
    fn to_event(&self) -> Event {
        Event::new(EventType::new("custom").expect("a legal type"))
            .with_id(EventId::new("mine").expect("a legal id"))
            .with_retry(7)
            .with_data("one\ntwo")
    }
}

#[test]
fn a_channel_writes_any_type_that_knows_its_event() {
    let channel = SseChannel::<Custom>::default();
    let mut stream = channel.watch_bytes().unwrap();
    let id = channel.event_id(channel.broadcast(Custom).unwrap());
    let block = format!(
        "retry: 7\nevent: custom\nid: {}\ndata: one\ndata: two\n\n",
        id.as_str()
    );
    assert_eq!(
        bytes(&mut stream),
        format!("{}{block}", prelude(&channel, 0))
    );
}

#[test]
fn an_event_id_is_the_channels_epoch_and_the_position() {
    let channel = SseChannel::new();
    let listener = running(&channel);
    let at = |position| channel.event_id(position).as_str().to_string();
    let id = at(channel.broadcast(message("tick", 1)).unwrap());
    let (epoch, position) = id.split_once('-').expect("a hyphen");
    assert!(epoch.len() == 12 && epoch.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(position, "1");
    let dispatched = at(channel.dispatch(listener.id(), message("tick", 2)).unwrap());
    assert_eq!(dispatched, format!("{epoch}-1.1"));

    let other = SseChannel::with_options(SseOptions {
        id: Some(channel.id().into()),
        ..Default::default()
    });
    let other_id = other.event_id(other.broadcast(message("tick", 1)).unwrap());
    assert_ne!(
        other_id.as_str(),
        id,
        "another life of the channel has another epoch"
    );
}
