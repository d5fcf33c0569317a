//! A client reads exactly the messages that were sent: random Unicode, encoded by the crate and
//! decoded by the tests.

use eric_sse::{Event, EventId, EventType, Message, SseChannel};
use proptest::prelude::*;

use super::bytes::{bytes, last_bytes, message};
use super::decoder::{ClientEvent, decode};
use super::random::check;
use super::support::*;
use crate::suite::test;

/// Any text, rich in what an event stream gives a meaning to.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        4 => prop::sample::select(vec![
            "\r", "\n", "\r\n", "\n\r", " ", ":", "\0", "\u{feff}", "\u{2028}", "\u{85}", "\t", "\"", "\\",
            "data: x", "event: x", "id: x", "retry: 1", "data", ": comment", "😀", "é",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

/// Any text that fits a line.
fn any_line() -> impl Strategy<Value = String> {
    any_text().prop_map(|text| text.replace(['\r', '\n', '\0'], ""))
}

fn any_type() -> impl Strategy<Value = String> {
    any_line().prop_map(|line| if line.is_empty() { "t".into() } else { line })
}

/// The data as a client sees it: its lines joined with LF.
fn joined_lines(data: &str) -> String {
    data.replace("\r\n", "\n").replace('\r', "\n")
}

#[test]
fn any_event_is_read_as_it_was_written() {
    let inputs = (
        any_type(),
        any_line(),
        any_text(),
        prop::option::of(any::<u64>()),
    );
    check(2000, inputs, |(event_type, id, data, retry)| {
        let mut event = Event::new(EventType::new(event_type.as_str())?)
            .with_id(EventId::new(id.as_str())?)
            .with_data(data.as_str());
        if let Some(milliseconds) = retry {
            event = event.with_retry(milliseconds);
        }
        let mut block = Vec::new();
        event.encode(&mut block);
        let client = decode(&block);
        prop_assert_eq!(client.reconnection_time, retry);
        let expected = ClientEvent {
            event_type,
            data: joined_lines(&data),
            last_event_id: id,
        };
        prop_assert_eq!(client.events, [expected]);
        Ok(())
    });
}

#[test]
fn any_stream_is_read_as_it_was_sent() {
    let sends = prop::collection::vec(
        (any_type(), any_text(), any::<bool>(), any::<bool>()),
        0..12,
    );
    check(500, sends, |sends| {
        let channel = SseChannel::new();
        let mut stream = channel.watch_bytes()?;
        let mut written = String::new();
        let mut expected = Vec::new();
        for (event_type, data, is_dispatch, reads) in sends {
            let sent = message(&event_type, data.as_str());
            let position = match is_dispatch {
                true => channel.dispatch(stream.listener().id(), sent)?,
                false => channel.broadcast(sent)?,
            };
            expected.push(ClientEvent {
                event_type,
                data: joined_lines(&data),
                last_event_id: channel.event_id(position).as_str().into(),
            });
            if reads {
                written += &bytes(&mut stream);
            }
        }
        channel.close();
        written += &last_bytes(&mut stream);
        expected.push(ClientEvent {
            event_type: "_eric_channel_closed".into(),
            data: String::new(),
            // At first it is where the stream started.
            last_event_id: expected.last().map_or_else(
                || channel.last_event_id().as_str().into(),
                |event| event.last_event_id.clone(),
            ),
        });
        let client = decode(written.as_bytes());
        prop_assert_eq!(client.events, expected);
        prop_assert_eq!(client.reconnection_time, Some(15_000));
        Ok(())
    });
}

#[test]
fn any_text_that_ends_a_line_is_refused_as_a_type_and_as_an_id() {
    check(
        500,
        (any_line(), any_line(), 0usize..3),
        |(before, after, end)| {
            let text = format!("{before}{}{after}", ["\r", "\n", "\0"][end]);
            prop_assert!(EventType::new(text.as_str()).is_err());
            prop_assert!(EventId::new(text.as_str()).is_err());
            prop_assert!(Message::new(text.as_str(), 1).is_err());
            Ok(())
        },
    );
}

#[test]
fn any_payload_is_read_back_as_it_was_sent() {
    let numbers = prop::collection::vec(any::<i64>(), 0..4);
    check(
        500,
        (any_text(), numbers, any::<bool>()),
        |(text, numbers, flag)| {
            prop_assert_eq!(message("t", &text).payload::<String>()?, Some(text.clone()));
            let structure = (text, numbers, flag);
            let channel = SseChannel::new();
            let mut stream = channel.watch()?;
            channel.broadcast(message("t", &structure))?;
            let data = waiting(&mut stream).remove(0).data.data();
            prop_assert_eq!(
                serde_json::from_str::<(String, Vec<i64>, bool)>(&data)?,
                structure
            );
            Ok(())
        },
    );
}
