//! Chunks: shared by listeners with the same position, and bounded however long the backlog is.

use std::rc::Rc;
use std::task::Poll;

use eric_sse::{
    ByteStream, EventId, History, Message, MessageQueueListener, RegisterOptions, SseChannel,
    SseOptions,
};

use super::bytes::{bytes, message, prelude};
use super::support::*;
use crate::suite::test;

/// Opens a byte stream and reads its first bytes.
fn opened(channel: &SseChannel) -> ByteStream {
    // Backlogs here are longer than a client would be allowed.
    let unbounded = RegisterOptions::default();
    let mut stream = channel.watch_bytes_with(unbounded, None).unwrap();
    let newest = channel.last_event_id();
    let expected = format!(
        "retry: 15000\nevent: _eric_position\nid: {}\ndata:\n\n",
        newest.as_str()
    );
    assert_eq!(bytes(&mut stream), expected);
    stream
}

/// Reads the one chunk that is ready.
fn chunk(stream: &mut ByteStream) -> Rc<[u8]> {
    let mut chunks = waiting(stream);
    assert_eq!(chunks.len(), 1);
    chunks.remove(0)
}

#[test]
fn listeners_at_the_same_place_share_one_chunk() {
    let channel = SseChannel::new();
    let (mut first, mut second) = (opened(&channel), opened(&channel));
    for round in 0..3 {
        channel.broadcast(message("tick", round)).unwrap();
        channel.broadcast(message("tock", round)).unwrap();
        assert!(Rc::ptr_eq(&chunk(&mut first), &chunk(&mut second)));
    }
}

#[test]
fn a_listener_that_has_an_on_message_gets_bytes_of_its_own() {
    let channel = SseChannel::new();
    let seen = Seen::new();
    let record = seen.clone();
    let picky = running_with(&channel, move |message: &Message| {
        record.push(message.event_type().to_string());
        match message.event_type() {
            "tock" => Err("no tock".into()),
            _ => Ok(()),
        }
    });
    let mut own = channel.byte_stream(&picky).unwrap().on_error(|_| {});
    assert_eq!(bytes(&mut own), prelude(&channel, 0));
    let mut other = opened(&channel);

    channel.broadcast(message("tick", 1)).unwrap();
    let (of_other, of_own) = (chunk(&mut other), chunk(&mut own));
    assert!(!Rc::ptr_eq(&of_other, &of_own));
    assert_eq!(of_other, of_own);
    channel.broadcast(message("tock", 2)).unwrap();
    assert!(!bytes(&mut other).is_empty());
    assert_eq!(bytes(&mut own), "");
    assert_eq!(seen.take(), ["tick", "tock"]);
}

#[test]
fn a_listener_that_was_dispatched_something_gets_bytes_of_its_own_in_order() {
    let channel = SseChannel::new();
    let (mut own, mut other) = (opened(&channel), opened(&channel));
    channel.broadcast(message("tick", 1)).unwrap();
    channel
        .dispatch(own.listener().id(), message("for you", 2))
        .unwrap();
    channel.broadcast(message("tick", 3)).unwrap();
    let shared = bytes(&mut other);
    let (first, second) = shared.split_at(shared.len() / 2);
    let own_bytes = bytes(&mut own);
    let inside = own_bytes
        .strip_prefix(first)
        .and_then(|rest| rest.strip_suffix(second));
    let inside = inside.expect("the broadcasts, around the dispatch");
    assert!(inside.starts_with("event: for you\n") && inside.ends_with("-1.1\ndata: 2\n\n"));

    channel.broadcast(message("tick", 4)).unwrap();
    assert!(
        Rc::ptr_eq(&chunk(&mut own), &chunk(&mut other)),
        "and shares again"
    );
}

#[test]
fn a_listener_that_is_behind_gets_what_it_missed_and_then_shares_again() {
    let channel = SseChannel::new();
    let (mut fast, mut slow) = (opened(&channel), opened(&channel));
    let mut read_by_fast = String::new();
    for round in 0..5 {
        channel.broadcast(message("tick", round)).unwrap();
        read_by_fast += &bytes(&mut fast);
    }
    assert_eq!(bytes(&mut slow), read_by_fast);
    channel.broadcast(message("tick", 5)).unwrap();
    assert!(Rc::ptr_eq(&chunk(&mut fast), &chunk(&mut slow)));
}

#[test]
fn a_chunk_that_was_made_earlier_does_not_hide_what_came_after_it() {
    let channel = SseChannel::new();
    let (mut first, mut second) = (opened(&channel), opened(&channel));
    channel.broadcast(message("tick", 1)).unwrap();
    let one = chunk(&mut first);
    channel.broadcast(message("tick", 2)).unwrap();
    let both = chunk(&mut second);
    assert_eq!(*both, [one, chunk(&mut first)].concat());
}

#[test]
fn a_listener_that_comes_late_does_not_get_the_chunk_of_the_others() {
    let channel = SseChannel::new();
    let mut early = opened(&channel);
    channel.broadcast(message("tick", 1)).unwrap();
    let mut late = opened(&channel);
    assert!(!bytes(&mut early).is_empty());
    assert_eq!(bytes(&mut late), "");
    channel.broadcast(message("tick", 2)).unwrap();
    assert!(Rc::ptr_eq(&chunk(&mut early), &chunk(&mut late)));
}

#[test]
fn two_byte_streams_of_one_listener_share_its_messages() {
    let channel = SseChannel::new();
    let listener = running(&channel);
    let mut first = channel.byte_stream(&listener).unwrap();
    let mut second = channel.byte_stream(&listener).unwrap();
    let prelude = bytes(&mut first);
    assert_eq!(bytes(&mut second), prelude);
    channel.broadcast(message("tick", 1)).unwrap();
    assert!(bytes(&mut first).contains("data: 1\n"));
    channel.broadcast(message("tick", 2)).unwrap();
    assert!(bytes(&mut second).contains("data: 2\n"));
    assert_eq!(bytes(&mut first), "");
}

#[test]
fn messages_of_two_channels_do_not_mix() {
    let (news, sports) = (SseChannel::new(), SseChannel::new());
    let (mut of_news, mut of_sports) = (opened(&news), opened(&sports));
    news.broadcast(message("news", 1)).unwrap();
    sports.broadcast(message("sports", 1)).unwrap();
    assert!(bytes(&mut of_news).starts_with("event: news\n"));
    assert!(bytes(&mut of_sports).starts_with("event: sports\n"));
}

#[test]
fn clients_that_reconnect_to_a_long_history_share_its_parts_wherever_they_were() {
    let channel = SseChannel::with_options(SseOptions {
        history: History {
            messages: 10_000,
            ..History::DEFAULT
        },
        ..SseOptions::default()
    });
    let start = channel.last_event_id();
    channel.broadcast(message("tick", 1)).unwrap();
    let behind = channel.last_event_id();
    for number in 2..=3000 {
        channel.broadcast(message("tick", number)).unwrap();
    }
    let parts = |id: &EventId| {
        let options = RegisterOptions::default();
        let mut stream = channel
            .watch_bytes_with(options, Some(id.as_str()))
            .unwrap();
        let mut parts = waiting(&mut stream);
        let start = format!(
            "retry: 15000\nevent: _eric_position\nid: {}\ndata:\n\n",
            id.as_str()
        );
        assert_eq!(*parts.remove(0), *start.as_bytes());
        assert_eq!(parts.len(), 3);
        (stream, parts)
    };
    // One listener is still behind meanwhile, and the chunks are kept for it.
    let slow = channel.watch_bytes_with(RegisterOptions::default(), Some(start.as_str()));
    let ((_first, ours), (_second, theirs)) = (parts(&start), parts(&behind));
    assert!(!Rc::ptr_eq(&ours[0], &theirs[0]));
    assert!(Rc::ptr_eq(&ours[1], &theirs[1]) && Rc::ptr_eq(&ours[2], &theirs[2]));
    for (parts, numbers) in [(ours, 1..=3000), (theirs, 2..=3000)] {
        let text = String::from_utf8(parts.concat()).unwrap();
        let data: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .collect();
        assert!(
            data.iter().eq(numbers
                .map(|number: u32| number.to_string())
                .collect::<Vec<_>>()
                .iter())
        );
    }
    drop(slow);
}

#[test]
fn clients_that_reconnect_one_by_one_share_the_parts_of_a_long_history_as_long_as_a_stream_is_open()
{
    let channel = SseChannel::with_options(SseOptions {
        history: History {
            messages: 40_000,
            bytes: u64::MAX,
            ..History::DEFAULT
        },
        ..SseOptions::default()
    });
    let here = opened(&channel);
    let start = channel.last_event_id();
    // As many parts as are kept, the last of which is not full.
    for number in 0..16_000 {
        channel.broadcast(message("tick", number)).unwrap();
    }
    drop(here);
    let here = opened(&channel);
    let come_back = || {
        let options = RegisterOptions::default();
        let stream = channel.watch_bytes_with(options, Some(start.as_str()));
        waiting(&mut stream.unwrap())
    };
    let (first, second) = (come_back(), come_back());
    assert_eq!(first, second);
    assert_eq!(first.len(), 1 + 16);
    let shared = |(one, other): &(&Rc<[u8]>, &Rc<[u8]>)| Rc::ptr_eq(one, other);
    assert_eq!(first.iter().zip(&second).filter(shared).count(), 16);
    let held = || {
        let is_held = |part: &&Rc<[u8]>| Rc::strong_count(part) > 2;
        first[1..].iter().filter(is_held).count()
    };
    assert_eq!(held(), 16);
    drop(here);
    assert_eq!(held(), 0, "nobody is here");
}

#[test]
fn a_chunk_that_ends_where_the_log_has_ended_is_kept_for_no_listener_that_is_behind() {
    let channel = SseChannel::new();
    let mut here = opened(&channel);
    let behind = MessageQueueListener::new();
    channel
        .register_with(&behind, RegisterOptions::default())
        .unwrap();
    let mut chunk_of = |number: u32| {
        channel.broadcast(message("tick", number)).unwrap();
        chunk(&mut here)
    };
    let (first, second) = (chunk_of(1), chunk_of(2));
    assert_eq!([&first, &second].map(Rc::strong_count), [1, 2]);
}

#[test]
fn messages_that_no_client_can_resume_after_are_not_kept() {
    let channel = SseChannel::with_options(SseOptions {
        history: History::NONE,
        ..SseOptions::default()
    });
    let mut here = opened(&channel);
    for number in 0..1000 {
        channel.broadcast(message("tick", number)).unwrap();
    }
    let chunk = chunk(&mut here);
    assert_eq!(Rc::strong_count(&chunk), 1);
}

/// The limit that the documentation of `ByteStream` names.
const LIMIT: usize = 256 * 1024;

/// The payload of the long backlogs: a block is a little longer.
const PAYLOAD: usize = 1024;
const LONGEST_BLOCK: usize = PAYLOAD + 64;

/// Broadcasts 2,000 blocks.
fn long_backlog(channel: &SseChannel) {
    let payload = "x".repeat(PAYLOAD);
    for _ in 0..2000 {
        channel.broadcast(message("t", &payload)).unwrap();
    }
}

/// Sees that chunks hold the long backlog: none more than it may, few less, and whole blocks.
fn assert_bounded(chunks: &[Rc<[u8]>]) {
    let full = chunks.iter().filter(|chunk| chunk.len() > LIMIT).count();
    assert!(
        full >= 6 && chunks.len() <= full + 3,
        "{full} of {}",
        chunks.len()
    );
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.len() <= LIMIT + LONGEST_BLOCK)
    );
    let is_start = |chunk: &Rc<[u8]>| chunk.starts_with(b"retry: ") && chunk.len() < 100;
    let blocks = chunks.iter().skip(usize::from(is_start(&chunks[0])));
    assert!(blocks.clone().all(|chunk| chunk.ends_with(b"x\n\n")));
    let text = String::from_utf8(chunks.concat()).unwrap();
    assert_eq!(text.matches("\ndata: x").count(), 2000);
}

#[test]
fn a_long_backlog_goes_out_in_chunks_of_a_bounded_size() {
    let channel = SseChannel::new();
    // Backlogs here are longer than a client would be allowed.
    let unbounded = RegisterOptions::default();
    let mut stream = channel.watch_bytes_with(unbounded, None).unwrap();
    long_backlog(&channel);
    assert_bounded(&waiting(&mut stream));
}

#[test]
fn a_long_backlog_of_one_listener_alone_goes_out_in_chunks_of_a_bounded_size() {
    let channel = SseChannel::new();
    let listener = running_with(&channel, |_| Ok(()));
    let mut stream = channel.byte_stream(&listener).unwrap();
    long_backlog(&channel);
    assert_bounded(&waiting(&mut stream));
}

#[test]
fn the_chunks_of_a_long_backlog_are_shared() {
    let channel = SseChannel::new();
    let (mut first, mut second) = (opened(&channel), opened(&channel));
    long_backlog(&channel);
    let ours = waiting(&mut first);
    assert_bounded(&ours);
    let (mut third, mut fourth) = (opened(&channel), opened(&channel));
    long_backlog(&channel);
    // In turn, as an executor reads them: one chunk at a time.
    loop {
        let next = |stream: &mut ByteStream| poll(stream, std::task::Waker::noop());
        match (next(&mut third), next(&mut fourth)) {
            (Poll::Ready(Some(ours)), Poll::Ready(Some(theirs))) => {
                assert!(Rc::ptr_eq(&ours, &theirs))
            }
            (ours, theirs) => break assert!(ours.is_pending() && theirs.is_pending()),
        }
    }
    assert_eq!(bytes(&mut second).matches("\ndata: x").count(), 4000);
}

#[test]
fn a_backlog_of_many_small_blocks_is_delivered_whole() {
    let channel = SseChannel::new();
    let mut stream = opened(&channel);
    let mut expected = String::new();
    for number in 0..20_000 {
        let id = channel.event_id(channel.broadcast(message("t", number)).unwrap());
        expected += &format!("event: t\nid: {}\ndata: {number}\n\n", id.as_str());
    }
    assert_eq!(bytes(&mut stream), expected);
}
