//! The order in which a listener gets what was sent to it.

use super::support::*;
use crate::suite::test;

#[test]
fn broadcasts_and_dispatches_interleave_in_the_order_in_which_they_were_sent() {
    let channel = Words::new();
    let (alice, bob) = (running(&channel), running(&channel));
    channel.dispatch(alice.id(), "1 to alice").unwrap();
    channel.broadcast("2 to all").unwrap();
    channel.dispatch(alice.id(), "3 to alice").unwrap();
    channel.dispatch(bob.id(), "4 to bob").unwrap();
    channel.dispatch(alice.id(), "5 to alice").unwrap();
    channel.broadcast("6 to all").unwrap();
    channel.broadcast("7 to all").unwrap();
    channel.dispatch(bob.id(), "8 to bob").unwrap();

    let alices = [
        "1 to alice",
        "2 to all",
        "3 to alice",
        "5 to alice",
        "6 to all",
        "7 to all",
    ];
    assert_eq!(deliver_all(&channel, alice.id()), alices);
    let bobs = ["2 to all", "4 to bob", "6 to all", "7 to all", "8 to bob"];
    assert_eq!(deliver_all(&channel, bob.id()), bobs);
}

#[test]
fn sends_between_two_deliveries_stay_in_order() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut stream = channel.message_stream(&listener).unwrap();
    channel.broadcast("1").unwrap();
    channel.dispatch(listener.id(), "2").unwrap();
    assert_eq!(words(&mut stream), ["1", "2"]);
    channel.dispatch(listener.id(), "3").unwrap();
    channel.broadcast("4").unwrap();
    channel.dispatch(listener.id(), "5").unwrap();
    assert_eq!(channel.deliver_next(listener.id()).unwrap(), "3");
    channel.broadcast("6").unwrap();
    assert_eq!(words(&mut stream), ["4", "5", "6"]);
}

#[test]
fn each_listener_reads_at_its_own_pace() {
    let channel = Words::new();
    let (fast, slow) = (running(&channel), running(&channel));
    channel.broadcast("1").unwrap();
    assert_eq!(deliver_all(&channel, fast.id()), ["1"]);
    channel.broadcast("2").unwrap();
    assert_eq!(deliver_all(&channel, fast.id()), ["2"]);
    channel.dispatch(slow.id(), "3").unwrap();
    assert_eq!(deliver_all(&channel, slow.id()), ["1", "2", "3"]);
}

#[test]
fn a_listener_gets_what_was_sent_before_it_was_started() {
    let channel = Words::new();
    let listener = channel.add_listener().unwrap();
    channel.broadcast("1").unwrap();
    channel.dispatch(listener.id(), "2").unwrap();
    listener.start_sync();
    assert_eq!(deliver_all(&channel, listener.id()), ["1", "2"]);
}

#[test]
fn a_listener_gets_what_was_sent_while_it_was_stopped() {
    let channel = Words::new();
    let listener = running(&channel);
    channel.broadcast("1").unwrap();
    listener.stop_sync();
    channel.broadcast("2").unwrap();
    channel.dispatch(listener.id(), "3").unwrap();
    assert!(channel.deliver_next(listener.id()).is_err());
    listener.start_sync();
    assert_eq!(deliver_all(&channel, listener.id()), ["1", "2", "3"]);
}

#[test]
fn a_listener_gets_nothing_that_was_sent_before_it_was_registered() {
    let channel = Words::new();
    let early = running(&channel);
    channel.broadcast("before").unwrap();
    let late = running(&channel);
    channel.broadcast("after").unwrap();
    assert_eq!(deliver_all(&channel, late.id()), ["after"]);
    assert_eq!(deliver_all(&channel, early.id()), ["before", "after"]);
}

#[test]
fn a_dispatch_reaches_nobody_else() {
    let channel = Words::new();
    let (alice, bob) = (running(&channel), running(&channel));
    channel.dispatch(alice.id(), "to alice").unwrap();
    assert_eq!(channel.waiting(alice.id()).unwrap(), 1);
    assert_eq!(channel.waiting(bob.id()).unwrap(), 0);
    assert!(deliver_all(&channel, bob.id()).is_empty());
}

#[test]
fn waiting_counts_broadcasts_and_dispatches() {
    let channel = Words::new();
    let listener = running(&channel);
    channel.broadcast("1").unwrap();
    channel.dispatch(listener.id(), "2").unwrap();
    assert_eq!(channel.waiting(listener.id()).unwrap(), 2);
    channel.deliver_next(listener.id()).unwrap();
    assert_eq!(channel.waiting(listener.id()).unwrap(), 1);
}

#[test]
fn a_listener_that_is_registered_again_starts_with_nothing() {
    let channel = Words::new();
    let listener = running(&channel);
    channel.broadcast("1").unwrap();
    channel.dispatch(listener.id(), "2").unwrap();
    channel.remove_listener(listener.id()).unwrap();
    channel.broadcast("3").unwrap();
    channel.register_listener(&listener).unwrap();
    channel.broadcast("4").unwrap();
    assert_eq!(deliver_all(&channel, listener.id()), ["4"]);
}

#[test]
fn a_listener_of_two_channels_gets_the_messages_of_each_there() {
    let (news, sports) = (Words::new(), Words::new());
    let listener = running(&news);
    sports.register_listener(&listener).unwrap();
    news.broadcast("news").unwrap();
    sports.dispatch(listener.id(), "sports").unwrap();
    assert_eq!(deliver_all(&news, listener.id()), ["news"]);
    assert_eq!(deliver_all(&sports, listener.id()), ["sports"]);
}

#[test]
fn positions_rise_in_the_order_of_sending() {
    let channel = Words::new();
    let listener = running(&channel);
    let mut positions = vec![channel.dispatch(listener.id(), "0.1").unwrap()];
    positions.push(channel.broadcast("1").unwrap());
    positions.push(channel.dispatch(listener.id(), "1.2").unwrap());
    positions.push(channel.dispatch(listener.id(), "1.3").unwrap());
    positions.push(channel.broadcast("2").unwrap());
    assert!(positions.is_sorted_by(|a, b| a < b));
    let texts: Vec<_> = positions.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["0.1", "1", "1.2", "1.3", "2"]);
    let dispatches: Vec<_> = positions
        .iter()
        .map(|position| position.is_dispatch())
        .collect();
    assert_eq!(dispatches, [true, false, true, true, false]);
}

#[test]
fn a_position_is_used_once_even_if_nobody_is_there_to_read() {
    let channel = Words::new();
    let mut positions = vec![channel.broadcast("to nobody").unwrap()];
    positions.push(channel.broadcast("to nobody").unwrap());
    let listener = running(&channel);
    positions.push(channel.broadcast("to somebody").unwrap());
    channel.remove_listener(listener.id()).unwrap();
    positions.push(channel.broadcast("to nobody").unwrap());
    assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
}

#[test]
fn a_delivery_names_the_position_that_its_send_returned() {
    let channel = Words::new();
    let mut stream = channel.watch().unwrap();
    let id = stream.listener().id().to_string();
    let sent = [
        channel.broadcast("1").unwrap(),
        channel.dispatch(&id, "2").unwrap(),
    ];
    let got: Vec<_> = waiting(&mut stream).into_iter().map(position).collect();
    assert_eq!(got, sent);
}

fn position(delivered: eric_sse::Delivered<&'static str>) -> eric_sse::Position {
    match delivered {
        eric_sse::Delivered::Message(delivery) => delivery.position(),
        eric_sse::Delivered::Gap(gap) => panic!("nothing can be missing: {gap:?}"),
        eric_sse::Delivered::Closed => panic!("the channel was closed"),
    }
}
