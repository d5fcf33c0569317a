//! Resuming: after an event id in a channel's history, or at a listener that outlived its stream.

use std::task::Poll;

use eric_sse::{
    Delivered, GapReason, History, Message, MessageQueueListener, Overflow, Position, QueueLimit,
    RegisterOptions, SseChannel,
};

use super::bytes::{bytes, message, prelude};
use super::numbers::*;
use super::support::*;
use crate::suite::test;

/// A channel that has broadcast the numbers from 1 on, each the sequence number of its own
/// broadcast.
fn with_broadcasts(history: u64, count: usize) -> (Numbers, Vec<String>) {
    let channel = numbers(newest(history));
    let mut ids = vec![String::new()];
    for number in 1..=count {
        let position = channel.broadcast(Number(number, 1)).unwrap();
        ids.push(id(&channel, position));
    }
    ids[0] = ids[1].replace("-1", "-0");
    (channel, ids)
}

/// A gap whose end is a broadcast.
fn gap(read: &[Got]) -> (GapReason, Option<u64>, Option<String>, u64) {
    match &read[0] {
        Got::Gap(reason, missed, from, to) if !to.is_dispatch() => {
            (*reason, *missed, from.clone(), to.sequence())
        }
        other => panic!("no gap: {other:?}"),
    }
}

#[test]
fn messages_after_an_id_are_replayed_and_joined_with_live_ones() {
    let (channel, ids) = with_broadcasts(100, 10);
    for (after, id) in ids.iter().enumerate() {
        let mut stream = reader_after(&channel, ANY, id);
        assert_eq!(read(&mut stream), all(after + 1..=10));
    }
    let mut stream = reader_after(&channel, ANY, &ids[7]);
    broadcast(&channel, [11]);
    assert_eq!(read(&mut stream), all(8..=11));
    broadcast(&channel, [12]);
    assert_eq!(read(&mut stream), all([12]));
}

#[test]
fn the_id_of_a_dispatch_stands_for_the_broadcast_before_it() {
    let (channel, _) = with_broadcasts(100, 3);
    let own = channel.add_listener().unwrap();
    let direct = channel.dispatch(own.id(), Number(0, 1)).unwrap();
    broadcast(&channel, [4]);
    let mut stream = reader_after(&channel, ANY, &id(&channel, direct));
    assert_eq!(read(&mut stream), all([4]));
}

#[test]
fn a_gap_for_messages_no_longer_kept_comes_first() {
    let (channel, ids) = with_broadcasts(4, 10);
    let mut stream = reader_after(&channel, ANY, &ids[3]);
    let read = read(&mut stream);
    let expected = (GapReason::Expired, Some(3), Some(ids[3].clone()), 6);
    assert_eq!(gap(&read), expected);
    assert_eq!(read[1..], all(7..=10));
}

#[test]
fn a_client_that_reconnects_with_the_id_of_a_gap_does_not_receive_it_again() {
    let (channel, ids) = with_broadcasts(4, 10);
    let mut stream = reader_after(&channel, ANY, &ids[3]);
    let to = gap(&read(&mut stream)).3;
    let mut again = reader_after(&channel, ANY, &ids[to as usize]);
    assert_eq!(read(&mut again), all(7..=10));
}

#[test]
fn an_id_that_was_never_given_is_unknown() {
    let (channel, ids) = with_broadcasts(4, 10);
    let future = ids[10].replace("-10", "-11");
    for (unknown, from) in [
        (future.clone(), Some(future)),
        ("".into(), None),
        ("nonsense".into(), None),
        (format!("{} ", ids[3]), None),
        (format!("{}\n", ids[3]), None),
        (ids[3].replace("-3", "-03"), None),
        (ids[3].replace("-3", "-+3"), None),
        (format!("{}{}", ids[3], "0".repeat(100)), None),
        (format!("{}.x", ids[3]), None),
        ("é".repeat(10), None),
    ] {
        let mut stream = reader_after(&channel, ANY, &unknown);
        let read = read(&mut stream);
        let expected = (GapReason::Unknown, None, from, 6);
        assert_eq!(gap(&read), expected, "{unknown:?}");
        assert_eq!(read[1..], all(7..=10), "what the history has follows");
    }
}

#[test]
fn an_id_from_another_life_of_the_channel_leads_to_a_gap() {
    let (channel, _) = with_broadcasts(4, 10);
    let (_, others) = with_broadcasts(4, 10);
    let mut stream = reader_after(&channel, ANY, &others[9]);
    let read = read(&mut stream);
    let expected = (GapReason::Epoch, None, Some(others[9].clone()), 6);
    assert_eq!(gap(&read), expected);
    assert_eq!(read[1..], all(7..=10));
}

#[test]
fn a_channel_that_has_sent_nothing_knows_its_zeroth_id() {
    let channel = numbers(newest(4));
    let zeroth = id(&channel, channel.broadcast(Number(1, 1)).unwrap()).replace("-1", "-0");
    let mut stream = reader_after(&channel, ANY, &zeroth);
    assert_eq!(read(&mut stream), all([1]));
}

#[test]
fn a_replay_of_more_than_the_bound_is_no_overflow() {
    for overflow in [Overflow::DropOldest, Overflow::Disconnect, Overflow::Refuse] {
        let (channel, ids) = with_broadcasts(100, 50);
        let mut stream = reader_after(&channel, at_most(5, overflow), &ids[0]);
        let own = stream.listener().clone();
        broadcast(&channel, 51..=53);
        dispatch(&channel, &own, 54..=55);
        assert_eq!(channel.listener_count(), 1);
        assert_eq!(read(&mut stream), all(1..=55), "{overflow:?}");
    }
}

#[test]
fn the_bound_holds_again_once_the_replay_is_read() {
    let (channel, ids) = with_broadcasts(100, 50);
    let mut stream = reader_after(&channel, at_most(5, Overflow::DropOldest), &ids[0]);
    assert_eq!(read(&mut stream), all(1..=50));
    broadcast(&channel, 51..=60);
    let read = read(&mut stream);
    let expected = (GapReason::Overflow, Some(5), Some(ids[50].clone()), 55);
    assert_eq!(gap(&read), expected);
    assert_eq!(read[1..], all(56..=60));
}

#[test]
fn an_overflow_before_anything_was_read_names_the_id_that_the_client_presented() {
    let (channel, ids) = with_broadcasts(2, 5);
    let mut stream = reader_after(&channel, at_most(1, Overflow::DropOldest), &ids[5]);
    broadcast(&channel, 6..=10);
    let read = read(&mut stream);
    let expected = (GapReason::Overflow, Some(2), Some(ids[5].clone()), 7);
    assert_eq!(gap(&read), expected, "at most one message and the history");
    assert_eq!(read[1..], all(8..=10));
}

#[test]
fn messages_kept_for_slow_listeners_do_not_disconnect_a_reconnecting_client() {
    let channel = numbers(newest(2));
    let _slow = channel.add_listener().unwrap();
    let first = channel.broadcast(Number(1, 1)).unwrap();
    broadcast(&channel, 2..=100);
    let options = at_most(5, Overflow::Disconnect);
    let mut stream = reader_after(&channel, options, &id(&channel, first));
    broadcast(&channel, [101]);
    assert_eq!(read(&mut stream)[1..], all([99, 100, 101]));
}

#[test]
fn a_gap_stands_on_the_wire_with_the_id_where_it_ends() {
    let channel = SseChannel::new();
    let limit = QueueLimit {
        messages: 1,
        overflow: Overflow::DropOldest,
        ..QueueLimit::NETWORK
    };
    let own = MessageQueueListener::<Message>::new();
    let options = RegisterOptions {
        limit: Some(limit),
        resumable: false,
    };
    channel.register_with(&own, options).unwrap();
    own.start_sync();
    let mut stream = channel.byte_stream(&own).unwrap();
    let mut send = |number| {
        let position = channel.broadcast(message("tick", number)).unwrap();
        channel.event_id(position).as_str().to_string()
    };
    let ids = [0, 1, 2].map(&mut send);
    let expected = format!(
        "{prelude}\
         event: _eric_gap\nid: {to}\n\
         data: {{\"reason\":\"overflow\",\"missed\":2,\"from\":\"{from}\",\"to\":\"{to}\"}}\n\n\
         event: tick\nid: {last}\ndata: 2\n\n",
        prelude = prelude(&channel, 0),
        from = ids[0].replace("-1", "-0"),
        to = ids[1],
        last = ids[2],
    );
    assert_eq!(bytes(&mut stream), expected);
    let more = [3, 4].map(&mut send);
    let expected = format!(
        "event: _eric_gap\nid: {to}\n\
         data: {{\"reason\":\"overflow\",\"missed\":1,\"from\":\"{from}\",\"to\":\"{to}\"}}\n\n\
         event: tick\nid: {last}\ndata: 4\n\n",
        from = ids[2],
        to = more[0],
        last = more[1],
    );
    assert_eq!(bytes(&mut stream), expected);
}

#[test]
fn a_gap_of_unknown_size_says_nothing_of_it_on_the_wire() {
    let channel = SseChannel::new();
    let to = channel.broadcast(message("tick", 1)).unwrap();
    let zeroth = channel.event_id(to).as_str().replace("-1", "-0");
    // A client that needs a gap keeps the id that it came with until the gap arrives: it may
    // reconnect before.
    for (wrong, reason, kept, from) in [
        ("nonsense", "unknown", "", "null"),
        (
            "another-1",
            "epoch",
            "event: _eric_position\nid: another-1\ndata:\n",
            "\"another-1\"",
        ),
    ] {
        let own = MessageQueueListener::<Message>::new();
        channel.register_after(&own, ANY, wrong).unwrap();
        own.start_sync();
        let expected = format!(
            "retry: 15000\n{kept}\n\
             event: _eric_gap\nid: {zeroth}\n\
             data: {{\"reason\":\"{reason}\",\"from\":{from},\"to\":\"{zeroth}\"}}\n\n\
             event: tick\nid: {id}\ndata: 1\n\n",
            id = channel.event_id(to).as_str(),
        );
        assert_eq!(bytes(&mut channel.byte_stream(&own).unwrap()), expected);
    }
}

#[test]
fn a_gap_stands_in_an_event_as_well() {
    let channel = SseChannel::new();
    let own = MessageQueueListener::<Message>::new();
    channel.register_after(&own, ANY, "nonsense").unwrap();
    own.start_sync();
    let events = waiting(&mut channel.message_stream(&own).unwrap());
    assert_eq!(events[0].event.as_str(), "_eric_gap");
    let to = events[0].id.as_ref().unwrap().as_str();
    let data = format!("{{\"reason\":\"unknown\",\"from\":null,\"to\":\"{to}\"}}");
    assert_eq!(&*events[0].data.data(), data);
}

/// A resumable listener that has read broadcasts and dispatches by turns: their ids, and its
/// stream.
fn rewindable(options: RegisterOptions) -> (Numbers, eric_sse::MessageStream<Number>, Vec<String>) {
    let channel = numbers(newest(100));
    let mut stream = reader(&channel, options);
    let own = stream.listener().clone();
    let send = |number| match number % 3 {
        0 => channel.broadcast(Number(number, 1)),
        _ => channel.dispatch(own.id(), Number(number, 1)),
    };
    let ids: Vec<_> = (0..12)
        .map(|number| id(&channel, send(number).unwrap()))
        .collect();
    assert_eq!(read(&mut stream), all(0..12));
    (channel, stream, ids)
}

#[test]
fn a_rewound_listener_gets_again_what_followed_the_id_in_order() {
    let (channel, mut stream, ids) = rewindable(RESUMABLE);
    let own = stream.listener().clone();
    for after in (0..12).chain((0..12).rev()) {
        channel.rewind(own.id(), &ids[after]).unwrap();
        let expected = (11 - after) as u64;
        assert_eq!(channel.waiting(own.id()).unwrap(), expected);
        assert_eq!(read(&mut stream), all(after + 1..12));
    }
    channel.rewind(own.id(), &ids[5]).unwrap();
    dispatch(&channel, &own, [12]);
    broadcast(&channel, [13]);
    assert_eq!(read(&mut stream), all(6..=13));
}

#[test]
fn a_rewind_wakes_the_stream() {
    let (channel, mut stream, ids) = rewindable(RESUMABLE);
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut stream, &waker).is_pending());
    channel.rewind(stream.listener().id(), &ids[9]).unwrap();
    assert_eq!(wakes.count(), 1);
    assert_eq!(read(&mut stream), all(10..12));
}

#[test]
fn a_rewound_listener_is_still_excepted() {
    let channel = numbers(newest(100));
    let mut stream = reader(&channel, RESUMABLE);
    let own = stream.listener().clone();
    let first = channel.broadcast(Number(0, 1)).unwrap();
    for number in 1..7 {
        match number % 2 {
            0 => broadcast(&channel, [number]),
            _ => drop(channel.broadcast_except(Number(number, 1), &[own.id()])),
        }
    }
    assert_eq!(read(&mut stream), all([0, 2, 4, 6]));
    for _ in 0..3 {
        channel.rewind(own.id(), &id(&channel, first)).unwrap();
        assert_eq!(read(&mut stream), all([2, 4, 6]));
    }
}

#[test]
fn messages_given_back_are_not_delivered_twice_after_a_rewind() {
    let (channel, mut stream, ids) = rewindable(RESUMABLE);
    let own = stream.listener().clone();
    for number in [9, 10] {
        channel.rewind(own.id(), &ids[number - 1]).unwrap();
        match poll(&mut stream, std::task::Waker::noop()) {
            Poll::Ready(Some(Delivered::Message(first))) => stream.give_back(first),
            other => panic!("{other:?}"),
        }
        channel.rewind(own.id(), &ids[number - 2]).unwrap();
        assert_eq!(read(&mut stream), all(number - 1..12));
    }
}

#[test]
fn a_rewind_further_than_the_history_says_what_is_missing() {
    let channel = numbers(newest(2));
    let mut stream = reader(&channel, RESUMABLE);
    let own = stream.listener().clone();
    let first = channel.broadcast(Number(0, 1)).unwrap();
    dispatch(&channel, &own, [1]);
    broadcast(&channel, 2..6);
    dispatch(&channel, &own, [6]);
    assert_eq!(read(&mut stream), all(0..=6));
    let first = id(&channel, first);
    // As often as it is asked for.
    for _ in 0..3 {
        channel.rewind(own.id(), &first).unwrap();
        let read = read(&mut stream);
        // The dispatch is older than a broadcast that is missing, and therefore missing too.
        let expected = (GapReason::Expired, Some(3), Some(first.clone()), 3);
        assert_eq!(gap(&read), expected);
        assert_eq!(read[1..], all([4, 5, 6]));
    }
}

#[test]
fn a_rewind_to_dispatches_that_are_forgotten_says_so() {
    let options = RegisterOptions {
        resumable: true,
        ..at_most(2, Overflow::DropOldest)
    };
    let channel = numbers(newest(100));
    let mut stream = reader(&channel, options);
    let own = stream.listener().clone();
    let mut ids = Vec::new();
    for number in 0..4 {
        let position = channel.dispatch(own.id(), Number(number, 1)).unwrap();
        ids.push(position);
        assert_eq!(read(&mut stream), all([number]));
    }
    channel.rewind(own.id(), &id(&channel, ids[1])).unwrap();
    assert_eq!(read(&mut stream), all([2, 3]));
    let first = id(&channel, ids[0]);
    channel.rewind(own.id(), &first).unwrap();
    let gap = Got::Gap(GapReason::Forgotten, None, Some(first), ids[1]);
    assert_eq!(read(&mut stream), [gap, Got::Number(2), Got::Number(3)]);
}

#[test]
fn a_rewind_to_an_invalid_id_goes_on_where_the_listener_is() {
    let (channel, mut stream, ids) = rewindable(RESUMABLE);
    let own = stream.listener().clone();
    let end: Position = channel.broadcast(Number(12, 1)).unwrap();
    let future = id(&channel, end).replace("-5", "-6");
    for (wrong, reason, from) in [
        ("nonsense", GapReason::Unknown, None),
        ("another-1", GapReason::Epoch, Some("another-1".to_string())),
        (&future, GapReason::Unknown, Some(future.clone())),
    ] {
        channel.rewind(own.id(), wrong).unwrap();
        let got = read(&mut stream);
        let Got::Gap(its_reason, None, its_from, to) = &got[0] else {
            panic!("{got:?}");
        };
        assert_eq!((*its_reason, its_from.clone()), (reason, from));
        // A client that reconnects with the gap's id gets nothing twice.
        channel.rewind(own.id(), &id(&channel, *to)).unwrap();
        assert_eq!(read(&mut stream), got[1..]);
    }
    channel.rewind(own.id(), &ids[11]).unwrap();
    assert_eq!(read(&mut stream), all([12]));
    assert_eq!(
        channel.rewind("nobody", &ids[0]).unwrap_err().code(),
        "ERIC_INVALID_LISTENER"
    );
}

#[test]
fn without_a_history_only_what_is_unread_can_be_come_back_to() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, RESUMABLE);
    let own = stream.listener().clone();
    let first = channel.broadcast(Number(0, 1)).unwrap();
    assert_eq!(read(&mut stream), all([0]));
    broadcast(&channel, 1..3);
    channel.rewind(own.id(), &id(&channel, first)).unwrap();
    assert_eq!(read(&mut stream), all(1..3));
}

/// Reconnects a client after its resumable listener is gone. Returns the client's last id, its new
/// stream, and the former listener's dispatch between them, which it never got.
fn come_back_too_late(
    history: u64,
) -> (Numbers, eric_sse::MessageStream<Number>, String, Vec<Got>) {
    let channel = numbers(newest(history));
    broadcast(&channel, 0..2);
    let last = channel.last_event_id().as_str().to_string();
    let former = listener(&channel, RESUMABLE);
    broadcast(&channel, [2]);
    dispatch(&channel, &former, [100]);
    broadcast(&channel, [3]);
    channel.remove_listener(former.id()).unwrap();
    let stream = reader_after(&channel, RESUMABLE, &last);
    (channel, stream, last, all(2..4))
}

/// The end of a gap that says that dispatches may be missing since an id, and not how many.
fn forgotten(got: &Got, last: &str) -> Position {
    match got {
        Got::Gap(GapReason::Forgotten, None, Some(from), to) if from == last => *to,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_resumable_listener_that_had_left_receives_a_gap_for_its_own_queue() {
    let (channel, mut stream, last, replayed) = come_back_too_late(10);
    let own = stream.listener().clone();
    let got = read(&mut stream);
    assert_eq!(got[..2], replayed, "broadcasts are replayed all the same");
    let to = forgotten(&got[2], &last);
    assert_eq!(got.len(), 3);
    channel.rewind(own.id(), &id(&channel, to)).unwrap();
    assert_eq!(read(&mut stream), [], "once is enough");
}

#[test]
fn a_client_that_loses_its_connection_before_the_gap_arrives_receives_the_gap_again() {
    for reads in 0..4 {
        let (channel, mut stream, last, replayed) = come_back_too_late(10);
        let own = stream.listener().clone();
        let newest = channel.last_event_id().as_str().to_string();
        for _ in 0..3 {
            // Read here, and lost on its way.
            for _ in 0..reads {
                drop(poll(&mut stream, std::task::Waker::noop()));
            }
            channel.rewind(own.id(), &last).unwrap();
        }
        let got = read(&mut stream);
        assert_eq!(got[..2], replayed);
        let to = forgotten(&got[2], &last);
        // The same holds for a client that has everything except the gap.
        channel.rewind(own.id(), &newest).unwrap();
        assert!(matches!(read(&mut stream)[..], [Got::Gap(..)]));
        channel.rewind(own.id(), &id(&channel, to)).unwrap();
        assert_eq!(read(&mut stream), []);
    }
}

#[test]
fn dispatches_that_are_gone_are_in_no_count() {
    let (channel, mut stream, last, _) = come_back_too_late(1);
    let own = stream.listener().clone();
    for _ in 0..2 {
        let got = read(&mut stream);
        let expected = (GapReason::Expired, Some(1), Some(last.clone()), 3);
        assert_eq!(gap(&got), expected);
        assert_eq!(got[1..2], all([3]));
        forgotten(&got[2], &last);
        channel.rewind(own.id(), &last).unwrap();
    }
}

#[test]
fn missing_broadcasts_and_lost_dispatches_with_nothing_between_them_are_one_gap() {
    let (channel, mut stream, last, _) = come_back_too_late(0);
    let own = stream.listener().clone();
    // The new listener is told as the one that is rewound: once, without a count.
    for _ in 0..2 {
        let got = read(&mut stream);
        assert_eq!(got.len(), 1);
        let Got::Gap(GapReason::Expired, None, Some(from), to) = &got[0] else {
            panic!("{got:?}");
        };
        assert_eq!(*from, last);
        assert!(to.is_dispatch() && to.sequence() == 4, "{to}");
        channel.rewind(own.id(), &last).unwrap();
    }
}

#[test]
fn an_id_that_a_client_has_is_not_issued_again_to_the_listener_that_it_reconnects_with() {
    let channel = numbers(newest(10));
    broadcast(&channel, [0]);
    let former = listener(&channel, RESUMABLE);
    dispatch(&channel, &former, [1]);
    let last = channel.dispatch(former.id(), Number(2, 1)).unwrap();
    channel.remove_listener(former.id()).unwrap();

    let mut stream = reader_after(&channel, RESUMABLE, &id(&channel, last));
    let own = stream.listener().clone();
    let got = read(&mut stream);
    let to = forgotten(&got[0], &id(&channel, last));
    let next = channel.dispatch(own.id(), Number(3, 1)).unwrap();
    assert!(last < to && to < next);
    // The client has lost its connection before it got that.
    channel.rewind(own.id(), &id(&channel, to)).unwrap();
    assert_eq!(read(&mut stream), all([3]));
}

#[test]
fn an_id_of_a_former_listener_is_unknown_to_one_that_came_without_an_id() {
    let channel = numbers(newest(10));
    let former = listener(&channel, RESUMABLE);
    dispatch(&channel, &former, 0..2);
    let laptop = channel.dispatch(former.id(), Number(2, 1)).unwrap();
    dispatch(&channel, &former, [3]);
    channel.remove_listener(former.id()).unwrap();

    // Another device, which has no id.
    let mut phone = reader(&channel, RESUMABLE);
    let own = phone.listener().clone();
    dispatch(&channel, &own, 10..13);
    assert_eq!(read(&mut phone), all(10..13));
    channel.rewind(own.id(), &id(&channel, laptop)).unwrap();
    let got = read(&mut phone);
    forgotten(&got[0], &id(&channel, laptop));
    assert_eq!(got[1..], all(10..13));
}

#[test]
fn a_dispatch_that_was_not_sent_yet_is_in_no_id() {
    let channel = numbers(newest(10));
    let mut stream = reader(&channel, RESUMABLE);
    let own = stream.listener().clone();
    let position = channel.dispatch(own.id(), Number(1, 1)).unwrap();
    let later = id(&channel, position).replace("-0.1", "-0.7");
    channel.rewind(own.id(), &later).unwrap();
    let got = read(&mut stream);
    assert!(matches!(got[0], Got::Gap(GapReason::Unknown, None, _, _)));
    assert_eq!(got[1..], all([1]));
    let mut other = reader_after(&channel, RESUMABLE, &later);
    assert!(matches!(
        read(&mut other)[0],
        Got::Gap(GapReason::Unknown, ..)
    ));
}

#[test]
fn messages_that_a_client_claims_and_was_never_sent_are_missing() {
    let channel = numbers(newest(10));
    let mut stream = reader(&channel, RESUMABLE);
    let own = stream.listener().clone();
    dispatch(&channel, &own, 1..3);
    // An id of another stream of the channel, which its client has had before.
    let last = id(&channel, channel.broadcast(Number(3, 1)).unwrap());
    broadcast(&channel, [4]);
    channel.rewind(own.id(), &last).unwrap();
    let got = read(&mut stream);
    let expected = (GapReason::Forgotten, Some(2), Some(last), 1);
    assert_eq!(gap(&got), expected);
    assert_eq!(got[1..], all([4]));
}

#[test]
fn remembered_messages_are_within_the_bound_together_with_waiting_ones() {
    let options = RegisterOptions {
        resumable: true,
        ..at_most(4, Overflow::DropOldest)
    };
    let channel = numbers(newest(10));
    let mut stream = reader(&channel, options);
    let own = stream.listener().clone();
    let start = channel.last_event_id().as_str().to_string();
    dispatch(&channel, &own, 0..4);
    assert_eq!(read(&mut stream), all(0..4));
    let stats = || channel.listener_stats(own.id()).unwrap();
    assert_eq!((stats().bytes, stats().remembered), (0, 4));
    dispatch(&channel, &own, 4..7);
    assert_eq!((stats().bytes, stats().remembered), (3, 1));
    assert_eq!(channel.stats().remembered, 1);
    channel.rewind(own.id(), &start).unwrap();
    let got = read(&mut stream);
    forgotten(&got[0], &start);
    assert_eq!(got[1..], all(3..7));
}

#[test]
fn the_bound_holds_for_a_rewound_lane_and_what_is_dropped_is_the_oldest() {
    let options = RegisterOptions {
        resumable: true,
        ..at_most(3, Overflow::DropOldest)
    };
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, options);
    let own = stream.listener().clone();
    let start = channel.last_event_id().as_str().to_string();
    dispatch(&channel, &own, 0..3);
    assert_eq!(read(&mut stream), all(0..3));
    channel.rewind(own.id(), &start).unwrap();
    // Three on top of the bound, which are the oldest.
    broadcast(&channel, 3..9);
    assert_eq!(channel.waiting(own.id()).unwrap(), 3);
    let got = read(&mut stream);
    let expected = (GapReason::Overflow, Some(6), Some(start), 3);
    assert_eq!(
        gap(&got),
        expected,
        "nothing comes behind a gap that is older"
    );
    assert_eq!(got[1..], all(6..9));
}

#[test]
fn a_reconnecting_client_is_not_disconnected_for_messages_that_are_set_back() {
    let options = RegisterOptions {
        resumable: true,
        ..at_most(3, Overflow::Disconnect)
    };
    let channel = numbers(newest(10));
    let mut stream = reader(&channel, options);
    let own = stream.listener().clone();
    let start = channel.last_event_id().as_str().to_string();
    dispatch(&channel, &own, 0..3);
    assert_eq!(read(&mut stream), all(0..3));
    // However often.
    for _ in 0..5 {
        channel.rewind(own.id(), &start).unwrap();
        assert_eq!(channel.deliver_next(own.id()).unwrap(), Number(0, 1));
    }
    channel.rewind(own.id(), &start).unwrap();
    broadcast(&channel, 3..6);
    assert_eq!(channel.listener_count(), 1);
    assert_eq!(read(&mut stream), all(0..6));
    broadcast(&channel, 6..10);
    assert_eq!(channel.listener_count(), 0, "the bound holds again");
}

#[test]
fn a_listener_that_is_not_resumable_receives_a_gap_for_dispatches_it_cannot_be_set_back_to() {
    let channel = numbers(newest(10));
    let mut stream = reader(&channel, ANY);
    let own = stream.listener().clone();
    let start = channel.last_event_id().as_str().to_string();
    broadcast(&channel, [0]);
    dispatch(&channel, &own, [1]);
    broadcast(&channel, [2]);
    assert_eq!(read(&mut stream), all(0..3));
    channel.rewind(own.id(), &start).unwrap();
    let got = read(&mut stream);
    assert_eq!(got[..1], all([0]));
    assert!(matches!(&got[1], Got::Gap(GapReason::Forgotten, None, ..)));
    assert_eq!(got[2..], all([2]));
}

#[test]
fn messages_given_back_after_newer_ones_were_dropped_are_missing_with_them() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most(1, Overflow::DropOldest));
    let start = channel.last_event_id().as_str().to_string();
    broadcast(&channel, [1]);
    let taken = poll(&mut stream, std::task::Waker::noop());
    broadcast(&channel, 2..5);
    match taken {
        Poll::Ready(Some(Delivered::Message(first))) => stream.give_back(first),
        other => panic!("{other:?}"),
    }
    let got = read(&mut stream);
    assert_eq!(gap(&got), (GapReason::Overflow, Some(3), Some(start), 3));
    assert_eq!(got[1..], all([4]));
    let stats = channel.listener_stats(stream.listener().id()).unwrap();
    assert_eq!((stats.tally.delivered, stats.tally.dropped), (1, 3));
}

#[test]
fn messages_given_back_come_again_in_their_order_gaps_included() {
    let channel = numbers(newest(2));
    let mut stream = reader(&channel, at_most(4, Overflow::DropOldest));
    let own = stream.listener().clone();
    let start = channel.last_event_id().as_str().to_string();
    broadcast(&channel, 1..=5);
    let mut taken = waiting(&mut stream);
    broadcast(&channel, 6..=11);
    taken.extend(waiting(&mut stream));
    let before: Vec<_> = taken.iter().cloned().map(got).collect();
    assert!(matches!(
        before[0],
        Got::Gap(GapReason::Overflow, Some(1), ..)
    ));
    assert_eq!(before[1..5], all(2..=5));
    assert!(matches!(
        before[5],
        Got::Gap(GapReason::Overflow, Some(2), ..)
    ));
    assert_eq!(before[6..], all(8..=11));
    // By halves as well as whole.
    for behind in [6, 5, 3, 0] {
        for delivered in taken.drain(behind..).rev() {
            match delivered {
                Delivered::Message(message) => stream.give_back(message),
                Delivered::Gap(gap) => stream.give_back_gap(gap),
                Delivered::Closed => panic!("it is open"),
            }
        }
        taken.extend(waiting(&mut stream));
        let again: Vec<_> = taken.iter().cloned().map(got).collect();
        assert_eq!(again, before, "from {behind}");
    }
    // A gap for messages dropped then begins where the oldest gap that was given back begins.
    for delivered in taken.drain(..).rev() {
        match delivered {
            Delivered::Message(message) => stream.give_back(message),
            Delivered::Gap(gap) => stream.give_back_gap(gap),
            Delivered::Closed => panic!("it is open"),
        }
    }
    broadcast(&channel, 12..=13);
    assert_eq!(channel.waiting(own.id()).unwrap(), 4);
    let got = read(&mut stream);
    let expected = (GapReason::Overflow, Some(9), Some(start), 9);
    assert_eq!(gap(&got), expected);
    assert_eq!(got[1..], all(10..=13));
}

#[test]
fn a_message_given_back_twice_comes_once() {
    let channel = numbers(newest(10));
    let mut stream = reader(&channel, ANY);
    let own = stream.listener().clone();
    broadcast(&channel, [1]);
    dispatch(&channel, &own, [2]);
    broadcast(&channel, [3]);
    for number in 1..4 {
        match poll(&mut stream, std::task::Waker::noop()) {
            Poll::Ready(Some(Delivered::Message(taken))) => {
                stream.give_back(taken.clone());
                stream.give_back(taken);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(channel.waiting(own.id()).unwrap(), 4 - number);
        assert!(poll(&mut stream, std::task::Waker::noop()).is_ready());
    }
    assert_eq!(channel.listener_stats(own.id()).unwrap().tally.delivered, 3);
}

#[test]
fn messages_given_back_to_a_listener_that_left_are_counted_as_left_behind() {
    let channel = numbers(newest(10));
    let mut stream = reader(&channel, ANY);
    broadcast(&channel, 0..3);
    let taken = poll(&mut stream, std::task::Waker::noop());
    channel.remove_listener(stream.listener().id()).unwrap();
    match taken {
        Poll::Ready(Some(Delivered::Message(first))) => stream.give_back(first),
        other => panic!("{other:?}"),
    }
    let tally = channel.stats().tally;
    assert_eq!((tally.delivered, tally.discarded), (0, 3));
}

#[test]
fn messages_given_back_to_a_queue_that_was_set_back_before_come_once() {
    let (channel, mut stream, ids) = rewindable(RESUMABLE);
    let own = stream.listener().clone();
    channel.rewind(own.id(), &ids[8]).unwrap();
    let taken = poll(&mut stream, std::task::Waker::noop());
    channel.rewind(own.id(), &ids[7]).unwrap();
    match taken {
        Poll::Ready(Some(Delivered::Message(ninth))) => stream.give_back(ninth),
        other => panic!("{other:?}"),
    }
    assert_eq!(read(&mut stream), all(8..12));
}

#[test]
fn messages_given_back_and_then_dropped_are_missing_behind_those_read_before() {
    let channel = numbers(History::NONE);
    let mut stream = reader(&channel, at_most(1, Overflow::DropOldest));
    let first = channel.broadcast(Number(0, 1)).unwrap();
    assert_eq!(read(&mut stream), all([0]));
    broadcast(&channel, [1]);
    match poll(&mut stream, std::task::Waker::noop()) {
        Poll::Ready(Some(Delivered::Message(second))) => stream.give_back(second),
        other => panic!("{other:?}"),
    }
    broadcast(&channel, [2]);
    let got = read(&mut stream);
    let expected = (GapReason::Overflow, Some(1), Some(id(&channel, first)), 2);
    assert_eq!(gap(&got), expected);
    assert_eq!(got[1..], all([2]));
}

#[test]
fn no_client_is_assumed_to_have_messages_that_were_given_back() {
    // With something in the lane and without, and with something behind that is not for it.
    for (dispatches, excepted) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let channel = numbers(newest(10));
        let mut stream = reader(&channel, RESUMABLE);
        let own = stream.listener().clone();
        broadcast(&channel, [0]);
        dispatch(&channel, &own, 1..1 + dispatches);
        let kept = waiting(&mut stream);
        assert_eq!(kept.len(), 1 + dispatches);
        let last = match kept.last() {
            Some(Delivered::Message(message)) => message.position(),
            other => panic!("{other:?}"),
        };
        broadcast(&channel, [2, 3]);
        for number in 4..4 + excepted {
            let sent = channel.broadcast_except(Number(number, 1), &[own.id()]);
            sent.unwrap();
        }
        for delivered in waiting(&mut stream).into_iter().rev() {
            match delivered {
                Delivered::Message(message) => stream.give_back(message),
                other => panic!("{other:?}"),
            }
        }
        drop(stream);
        // A stream of bytes begins with the id up to which its client has everything.
        let mut bytes = channel.byte_stream(&own).unwrap();
        let chunk = match poll(&mut bytes, std::task::Waker::noop()) {
            Poll::Ready(Some(chunk)) => String::from_utf8(chunk.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        };
        let start = format!("id: {}\ndata:\n\n", id(&channel, last));
        assert!(chunk.contains(&start), "{chunk}");
    }
}

#[test]
fn a_client_that_was_shown_the_state_as_of_an_id_misses_nothing_after_it() {
    let channel = numbers(newest(10));
    broadcast(&channel, 0..3);
    let shown = channel.last_event_id();
    broadcast(&channel, 3..5);
    let mut stream = reader_after(&channel, ANY, shown.as_str());
    assert_eq!(read(&mut stream), all(3..5));
}

#[test]
fn a_client_that_lost_its_connection_before_its_first_event_misses_nothing() {
    let channel = SseChannel::new();
    let mut stream = channel.watch_bytes().unwrap();
    let first = super::decoder::decode(bytes(&mut stream).as_bytes());
    drop(stream);
    channel.broadcast(message("tick", 1)).unwrap();
    let own = MessageQueueListener::<Message>::new();
    channel
        .register_after(&own, ANY, &first.last_event_id)
        .unwrap();
    own.start_sync();
    let bytes = bytes(&mut channel.byte_stream(&own).unwrap());
    let again = super::decoder::decode(bytes.as_bytes());
    assert_eq!(again.events.len(), 1);
    assert_eq!(again.events[0].data, "1");
}
