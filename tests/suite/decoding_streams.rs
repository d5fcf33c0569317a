//! Streams of bytes, which are read event by event.

use std::convert::Infallible;

use eric_sse::client::{EventStream, EventStreamDecoder, EventStreamError, EventTooLarge};
use futures::stream;

use super::support::rest;
use crate::suite::test;

#[test]
fn a_stream_of_bytes_is_read_event_by_event_and_its_comments_are_reported() {
    let chunks = [
        "data: a\n\n: c\ndata: b",
        "",
        "\n\nid: 1\ndata: c\n\ndata: cut",
    ];
    let mut comments = Vec::new();
    let mut events =
        EventStream::new(stream::iter(chunks.map(Ok::<_, Infallible>))).on_comment(|comment| {
            comments.push(comment.to_owned());
        });
    let read = rest(&mut events)
        .into_iter()
        .map(|event| event.unwrap().data);
    assert_eq!(read.collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(events.last_event_id(), "1");
    assert_eq!(comments, [" c"]);
}

#[test]
fn an_error_of_the_bytes_is_the_last_item() {
    let chunks = [Ok("data: a\n\n"), Err("gone"), Ok("data: b\n\n")];
    let mut events = EventStream::new(stream::iter(chunks));
    let items = rest(&mut events);
    assert_eq!(items[0].as_ref().unwrap().data, "a");
    assert_eq!(items[1..], [Err(EventStreamError::Bytes("gone"))]);
}

#[test]
fn an_event_that_is_too_large_ends_the_stream_behind_the_events_before_it() {
    let chunks = ["data: a\n\ndata: 12345678\n\n", "data: b\n\n"].map(Ok::<_, Infallible>);
    let decoder = EventStreamDecoder::new().with_max_event_bytes(7);
    let mut events = EventStream::with_decoder(stream::iter(chunks), decoder);
    let items = rest(&mut events);
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].as_ref().unwrap().data, "a");
    let is_too_large = |error: &EventTooLarge| error.max_event_bytes() == 7;
    assert!(
        matches!(&items[1], Err(EventStreamError::EventTooLarge(error)) if is_too_large(error))
    );
}
