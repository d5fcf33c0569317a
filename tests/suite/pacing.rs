//! `stream_delay`: the least time between two deliveries of one stream.
//!
//! Time is measured by racing the stream against a timer that is looked at first, so that a machine
//! that stalls delays a test and does not fail it.

use std::future::Future;
use std::time::Duration;

use eric_sse::{Message, SseChannel, SseOptions};
use futures::StreamExt;
use futures::future::{Either, select};
use futures_timer::Delay;

use super::bytes::message;
use super::support::*;
use crate::suite::test;

const DELAY: Duration = Duration::from_millis(200);
/// Longer than any test: what arrives in a test with this delay has not waited for it.
const FOREVER: Duration = Duration::from_secs(3600);

fn paced(stream_delay: Duration) -> SseChannel {
    SseChannel::with_options(SseOptions {
        stream_delay,
        ..SseOptions::default()
    })
}

/// Returns whether the future is ready in less than a time.
async fn is_ready_within(time: Duration, future: impl Future + Unpin) -> bool {
    matches!(select(Delay::new(time), future).await, Either::Right(_))
}

fn broadcast(channel: &SseChannel, numbers: std::ops::Range<u32>) {
    for number in numbers {
        channel.broadcast(message("tick", number)).unwrap();
    }
}

async_test!(deliveries_of_a_stream_are_spaced_by_the_delay, async {
    let channel = paced(DELAY);
    let mut stream = channel.watch().unwrap();
    broadcast(&channel, 0..3);
    assert!(
        poll(&mut stream, std::task::Waker::noop()).is_ready(),
        "the first one comes at once"
    );
    for _ in 0..2 {
        assert!(
            !is_ready_within(DELAY * 4 / 5, stream.next()).await,
            "too early"
        );
        assert!(is_ready_within(FOREVER, stream.next()).await);
    }
});

async_test!(blocks_of_a_byte_stream_are_spaced_by_the_delay, async {
    let channel = paced(DELAY);
    let mut stream = channel.watch_bytes().unwrap();
    broadcast(&channel, 0..2);
    let chunk =
        |chunk: Option<std::rc::Rc<[u8]>>| String::from_utf8(chunk.unwrap().to_vec()).unwrap();
    assert_eq!(
        chunk(stream.next().await),
        super::bytes::prelude(&channel, 0),
        "which is no delivery"
    );
    let first = poll(&mut stream, std::task::Waker::noop());
    assert!(first.is_ready(), "the first block comes at once");
    assert!(
        !is_ready_within(DELAY * 4 / 5, stream.next()).await,
        "too early"
    );
    assert!(chunk(stream.next().await).ends_with("data: 1\n\n"));
});

async_test!(
    a_message_sent_long_after_the_last_delivery_comes_at_once,
    async {
        let channel = paced(DELAY);
        let mut stream = channel.watch().unwrap();
        broadcast(&channel, 0..1);
        assert!(stream.next().await.is_some());
        Delay::new(DELAY * 3 / 2).await;
        assert!(is_waiting(&mut stream));
        broadcast(&channel, 1..2);
        assert!(poll(&mut stream, std::task::Waker::noop()).is_ready());
    }
);

async_test!(
    a_close_during_the_delay_leaves_the_delay_and_the_order,
    async {
        let channel = paced(DELAY);
        let mut stream = channel.watch().unwrap();
        broadcast(&channel, 0..2);
        assert!(stream.next().await.is_some());
        channel.close();
        assert!(
            !is_ready_within(DELAY * 4 / 5, stream.next()).await,
            "too early"
        );
        let rest: Vec<_> = stream
            .map(|event| event.event.as_str().to_string())
            .collect()
            .await;
        assert_eq!(rest, ["tick", "_eric_channel_closed"]);
    }
);

async_test!(
    a_stream_in_its_delay_is_woken_when_the_delay_is_over,
    async {
        let channel = paced(DELAY);
        let mut streams = [channel.watch().unwrap(), channel.watch().unwrap()];
        broadcast(&channel, 0..2);
        let all = streams.each_mut().map(|stream| async move {
            [stream.next().await.is_some(), stream.next().await.is_some()]
        });
        assert_eq!(futures::future::join_all(all).await, [[true; 2]; 2]);
    }
);

#[test]
fn without_a_delay_everything_is_ready_at_once() {
    let channel = paced(Duration::ZERO);
    let mut stream = channel.watch().unwrap();
    broadcast(&channel, 0..1000);
    assert_eq!(waiting(&mut stream).len(), 1000);
}

#[test]
fn a_clone_of_a_channel_has_its_delay() {
    let channel = paced(FOREVER).clone();
    let (mut events, mut bytes) = (channel.watch().unwrap(), channel.watch_bytes().unwrap());
    broadcast(&channel, 0..2);
    assert_eq!(
        (waiting(&mut events).len(), waiting(&mut bytes).len()),
        (1, 2)
    );
}

#[test]
fn each_stream_has_a_delay_of_its_own() {
    let channel = paced(FOREVER);
    let (mut first, mut second) = (channel.watch().unwrap(), channel.watch().unwrap());
    broadcast(&channel, 0..2);
    assert_eq!(
        (waiting(&mut first).len(), waiting(&mut second).len()),
        (1, 1)
    );
}

/// Brings a stream into a delay that does not end, with one message waiting, and returns it with
/// the count of its wake-ups.
macro_rules! in_delay {
    ($stream:expr, $deliveries:literal) => {{
        let mut stream = $stream;
        broadcast_two(&stream);
        assert_eq!(waiting(&mut stream.0).len(), $deliveries);
        let (wakes, waker) = Wakes::new();
        assert!(poll(&mut stream.0, &waker).is_pending());
        (stream.0, wakes)
    }};
}

fn broadcast_two<S>((_, channel): &(S, SseChannel)) {
    broadcast(channel, 0..2);
}

#[test]
fn a_stop_during_the_delay_ends_a_stream_at_once() {
    let channel = paced(FOREVER);
    let (mut events, event_wakes) = in_delay!((channel.watch().unwrap(), channel.clone()), 1);
    let (mut bytes, byte_wakes) = in_delay!((channel.watch_bytes().unwrap(), channel.clone()), 2);
    events.listener().stop_sync();
    bytes.listener().stop_sync();
    assert!(event_wakes.count() >= 1 && byte_wakes.count() >= 1);
    assert!(is_ended(&mut events));
    assert!(is_ended(&mut bytes));
    assert_eq!(channel.listener_count(), 0);
}

#[test]
fn a_removal_during_the_delay_ends_a_stream_at_once() {
    let channel = paced(FOREVER);
    let (mut events, event_wakes) = in_delay!((channel.watch().unwrap(), channel.clone()), 1);
    let (mut bytes, byte_wakes) = in_delay!((channel.watch_bytes().unwrap(), channel.clone()), 2);
    channel.remove_listener(events.listener().id()).unwrap();
    channel.remove_listener(bytes.listener().id()).unwrap();
    assert!(event_wakes.count() >= 1 && byte_wakes.count() >= 1);
    assert!(is_ended(&mut events));
    assert!(is_ended(&mut bytes));
}

#[test]
fn a_drop_during_the_delay_removes_the_listener_of_a_watch() {
    let channel = paced(FOREVER);
    let (events, _) = in_delay!((channel.watch().unwrap(), channel.clone()), 1);
    drop(events);
    assert_eq!(channel.listener_count(), 0);
}

#[test]
fn a_stream_of_messages_has_no_delay() {
    let channel = paced(FOREVER);
    let listener = running(&channel);
    let mut stream =
        eric_sse::AbstractChannel::<Message>::message_stream(&channel, &listener).unwrap();
    broadcast(&channel, 0..10);
    assert_eq!(waiting(&mut stream).len(), 10);
}
