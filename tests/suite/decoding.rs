//! The decoder of event streams: the table that the JavaScript decoder is tested with, a comparison
//! with a decoder that was written from the standard alone, and its bounds.

use eric_sse::client::{EventStreamDecoder, ReceivedEvent};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use super::decoder::{ClientEvent, decode as decode_by_the_standard};
use super::random::check;
use crate::suite::test;

const TABLE: &str = include_str!("../client/suite/event-streams.json");

/// The observable state of a decoder after a stream.
#[derive(Debug, PartialEq)]
struct Decoded {
    events: Vec<ClientEvent>,
    last_event_id: String,
    reconnection_time: Option<u64>,
}

fn client_event(event: ReceivedEvent) -> ClientEvent {
    ClientEvent {
        event_type: event.event_type.to_string(),
        data: event.data,
        last_event_id: event.last_event_id.to_string(),
    }
}

fn decode(parts: &[&[u8]]) -> Decoded {
    let mut decoder = EventStreamDecoder::new();
    let mut events = Vec::new();
    for part in parts {
        events.extend(decoder.push(part).unwrap().into_iter().map(client_event));
    }
    Decoded {
        events,
        last_event_id: decoder.last_event_id().to_owned(),
        reconnection_time: decoder
            .reconnection_time()
            .map(|time| time.as_millis() as u64),
    }
}

fn datas(events: Vec<ReceivedEvent>) -> Vec<String> {
    events.into_iter().map(|event| event.data).collect()
}

/// The bytes of a case of the table, and what a client makes of them.
fn case(case: &Value) -> (Vec<u8>, Decoded) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let bytes = case["stream"].as_array().unwrap().iter();
    let bytes = bytes.flat_map(|part| match part {
        Value::String(text) => text.as_bytes().to_vec(),
        part => serde_json::from_value(part.clone()).unwrap(),
    });
    let events = case["events"].as_array().unwrap().iter();
    let decoded = Decoded {
        events: events
            .map(|event| ClientEvent {
                event_type: text(&event[0]),
                data: text(&event[1]),
                last_event_id: text(&event[2]),
            })
            .collect(),
        last_event_id: text(&case["lastEventId"]),
        reconnection_time: case["reconnectionTime"].as_u64(),
    };
    (bytes.collect(), decoded)
}

#[test]
fn every_stream_of_the_table_is_decoded_in_any_two_parts_in_single_bytes_and_with_empty_parts() {
    let table: Vec<Value> = serde_json::from_str(TABLE).unwrap();
    assert!(table.len() > 50);
    for entry in &table {
        let (bytes, expected) = case(entry);
        let name = &entry["name"];
        assert_eq!(
            decode(&bytes.chunks(1).collect::<Vec<_>>()),
            expected,
            "{name}"
        );
        for at in 0..=bytes.len() {
            let (one, other) = bytes.split_at(at);
            assert_eq!(decode(&[one, b"", other]), expected, "{name}, cut at {at}");
        }
    }
}

/// Texts of which streams are made.
const PARTS: [&[u8]; 28] = [
    b"event: a\n",
    b"event\n",
    b"data: x\n",
    b"data\n",
    b"data:\n",
    b"data:  y\n",
    b"id: 1\n",
    b"id\n",
    b"id: a\0b\n",
    b"retry: 10\n",
    b"retry: -1\n",
    b"retry: 99999999999999999999\n",
    b": c\n",
    b":\n",
    b"\n",
    b"\n\n",
    b"\r\n",
    b"\r",
    "data: é😀\r".as_bytes(),
    "data: \u{2028}\r\n".as_bytes(),
    "\u{feff}".as_bytes(),
    b"nonsense: 1\n",
    b" data: z\n",
    b"dat",
    b"a: ",
    b"data: end",
    b"\xFF",
    b"\xF0\x9F",
];

#[test]
fn random_streams_are_decoded_as_the_standard_says_wherever_they_are_cut() {
    let streams = (vec(select(&PARTS), 0..25), vec(any::<Index>(), 0..12));
    check(2000, streams, |(parts, cuts)| {
        let bytes = parts.concat();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort();
        let mut parts = Vec::new();
        let mut start = 0;
        for end in cuts.into_iter().chain([bytes.len()]) {
            parts.push(&bytes[start..end]);
            start = end;
        }
        let client = decode_by_the_standard(&bytes);
        let expected = Decoded {
            events: client.events,
            last_event_id: client.last_event_id,
            reconnection_time: client.reconnection_time,
        };
        prop_assert_eq!(decode(&parts), expected);
        Ok(())
    });
}

#[test]
fn an_event_is_there_with_the_cr_that_ends_it_and_an_lf_that_comes_later_ends_nothing_more() {
    let mut decoder = EventStreamDecoder::new();
    assert_eq!(datas(decoder.push(b"data: a\r\r").unwrap()), ["a"]);
    assert!(decoder.push(b"\ndata: b\r").unwrap().is_empty());
    assert!(decoder.push(b"\n").unwrap().is_empty());
    assert_eq!(datas(decoder.push(b"\r").unwrap()), ["b"]);
}

#[test]
fn events_are_decoded_one_by_one_and_the_bytes_after_them_are_left() {
    let mut decoder = EventStreamDecoder::new();
    let mut bytes: &[u8] = b"data: a\n\nid: 2\ndata: b\n\ndata: c";
    assert_eq!(decoder.next_event(&mut bytes).unwrap().unwrap().data, "a");
    assert_eq!(bytes, b"id: 2\ndata: b\n\ndata: c");
    assert_eq!(decoder.last_event_id(), "");
    assert_eq!(decoder.next_event(&mut bytes).unwrap().unwrap().data, "b");
    assert_eq!(decoder.last_event_id(), "2");
    assert_eq!(decoder.next_event(&mut bytes), Ok(None));
    assert_eq!(bytes, b"");
}

#[test]
fn a_comment_is_reported_with_the_text_behind_its_colon() {
    let mut comments = Vec::new();
    let mut bytes: &[u8] = b": a\n:b\n:\n:\xFF\ndata: c\n\n";
    let event = EventStreamDecoder::new()
        .next_event_with_comments(&mut bytes, |comment| comments.push(comment.to_owned()));
    assert_eq!(event.unwrap().unwrap().data, "c");
    assert_eq!(comments, [" a", "b", "", "\u{fffd}"]);
}

#[test]
fn an_event_with_more_bytes_than_the_bound_is_an_error_in_one_line_or_in_many() {
    let one_line = [b'x'; 100].to_vec();
    let long_lines = [b"data: ".to_vec(), vec![b'x'; 93], b"\n".to_vec()].concat();
    let short_lines = b"data\n".repeat(20);
    for part in [one_line, long_lines, short_lines] {
        let mut decoder = EventStreamDecoder::new().with_max_event_bytes(1000);
        let mut pushed = 0;
        let error = loop {
            pushed += part.len();
            if let Err(error) = decoder.push(&part) {
                break error;
            }
        };
        assert!(pushed < 6000, "after {pushed} bytes");
        assert_eq!(error.max_event_bytes(), 1000);
        assert_eq!(
            error.to_string(),
            "an event of the stream has more than 1000 bytes"
        );
        assert!(decoder.push(b"\n\ndata: a\n\n").is_err());
        decoder.reset();
        assert_eq!(datas(decoder.push(b"data: a\n\n").unwrap()), ["a"]);
    }
}

#[test]
fn many_events_of_just_the_bound_are_no_error() {
    let mut decoder = EventStreamDecoder::new().with_max_event_bytes(1000);
    let part = [b"data:".to_vec(), vec![b'x'; 1000], b"\n\n".to_vec()].concat();
    for _ in 0..100 {
        assert_eq!(decoder.push(&part).unwrap().len(), 1);
    }
}

#[test]
fn a_decoder_that_is_reset_keeps_the_last_event_id_as_a_client_that_reconnects_does() {
    let mut decoder = EventStreamDecoder::new().with_last_event_id("0");
    assert_eq!(decoder.last_event_id(), "0");
    decoder
        .push(b"retry: 5\nid: 1\ndata: a\n\nid: 2\nevent: x\ndata: cut")
        .unwrap();
    decoder.reset();
    let events = decoder.push("\u{feff}data: b\n\n".as_bytes()).unwrap();
    assert_eq!(
        events.into_iter().map(client_event).collect::<Vec<_>>(),
        [ClientEvent {
            event_type: "message".into(),
            data: "b".into(),
            last_event_id: "1".into(),
        }]
    );
    assert_eq!(decoder.reconnection_time().unwrap().as_millis(), 5);
}

/// A browser has no clock that measures a test this short.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn a_line_of_four_times_the_bytes_takes_about_four_times_as_long_in_single_bytes() {
    use std::time::{Duration, Instant};
    let time = |length: usize| {
        let mut decoder = EventStreamDecoder::new();
        let start = Instant::now();
        decoder.push(b"data: ").unwrap();
        for _ in 0..length {
            decoder.push(b"x").unwrap();
        }
        assert_eq!(decoder.push(b"\n\n").unwrap()[0].data.len(), length);
        start.elapsed().max(Duration::from_micros(100))
    };
    let ratios = (0..3).map(|_| time(1_000_000).as_secs_f64() / time(250_000).as_secs_f64());
    // Sixteen times, if it were quadratic.
    assert!(ratios.fold(f64::INFINITY, f64::min) < 10.0);
}

#[test]
fn data_is_read_as_json() {
    let events = EventStreamDecoder::new().push(b"data: {\"eur\":\ndata: 3.5}\n\ndata: x\n\n");
    let events = events.unwrap();
    assert_eq!(events[0].json::<Value>().unwrap()["eur"], 3.5);
    assert!(events[1].json::<Value>().is_err());
}
