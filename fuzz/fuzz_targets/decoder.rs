//! Any bytes, cut anywhere, are decoded as a decoder does that was written from the standard alone.
//!
//! A decoder with a small bound returns the same events up to the one that is too large.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use eric_sse::client::EventStreamDecoder;
use libfuzzer_sys::fuzz_target;

use model::{ClientEvent, decode};

#[path = "../../tests/suite/decoder.rs"]
mod model;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// The lengths of the first parts; the rest is one.
    lengths: Vec<u8>,
    bound: u8,
    stream: &'a [u8],
}

fuzz_target!(|input: Input| {
    let client = decode(input.stream);

    let mut decoder = EventStreamDecoder::new();
    let mut events = Vec::new();
    read(&input, &mut decoder, &mut events).expect("16 MiB are enough");
    assert_eq!(events, client.events);
    assert_eq!(decoder.last_event_id(), client.last_event_id);
    assert_eq!(
        decoder.reconnection_time(),
        client.reconnection_time.map(Duration::from_millis)
    );

    let bound = usize::from(input.bound);
    let mut bounded = EventStreamDecoder::new().with_max_event_bytes(bound);
    let mut first = Vec::new();
    let is_whole = read(&input, &mut bounded, &mut first).is_some();
    assert_eq!(first, events[..first.len()]);
    // What is invalid becomes longer as text.
    assert!(first.iter().all(|event| event.data.len() <= 3 * bound));
    assert!(!is_whole || first.len() == events.len());
    if is_whole {
        return;
    }
    assert!(bounded.push(b"\n").is_err(), "it decodes no more");
    bounded.reset();
    assert!(bounded.push(b":\n").is_ok() || bound == 0);
});

/// Reads the stream in its parts. Returns `None` when an event was too large.
fn read(
    input: &Input<'_>,
    decoder: &mut EventStreamDecoder,
    events: &mut Vec<ClientEvent>,
) -> Option<()> {
    let mut rest = input.stream;
    let lengths = input.lengths.iter().map(|length| usize::from(*length));
    for length in lengths.chain([usize::MAX]) {
        let (mut part, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        while let Some(event) = decoder.next_event(&mut part).ok()? {
            // The model counts these apart.
            if &*event.event_type == "_eric_position" && event.data.is_empty() {
                continue;
            }
            events.push(ClientEvent {
                event_type: event.event_type.to_string(),
                data: event.data,
                last_event_id: event.last_event_id.to_string(),
            });
        }
        assert!(part.is_empty());
    }
    Some(())
}
