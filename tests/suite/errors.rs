//! The exceptions: their codes, which programs branch on, and their texts, which people read.

use std::error::Error as _;

use eric_sse::*;

use super::support::*;
use crate::suite::test;

fn assert_error(error: impl Into<Error>, code: &str, text: &str) {
    let error = error.into();
    assert_eq!((error.code(), error.to_string().as_str()), (code, text));
}

#[test]
fn the_codes_are_constants_of_the_exceptions() {
    assert_eq!(InvalidChannelException::CODE, "ERIC_INVALID_CHANNEL");
    assert_eq!(InvalidListenerException::CODE, "ERIC_INVALID_LISTENER");
    assert_eq!(InvalidMessageFormat::CODE, "ERIC_INVALID_MESSAGE");
    assert_eq!(NoMessagesException::CODE, "ERIC_NO_MESSAGES");
}

#[test]
fn a_closed_channel_says_so() {
    let channel = Words::new();
    let listener = running(&channel);
    channel.close();
    let (code, text) = ("ERIC_INVALID_CHANNEL", "the channel is closed");
    assert_error(channel.broadcast("1").unwrap_err(), code, text);
    assert_error(
        channel.dispatch(listener.id(), "1").unwrap_err(),
        code,
        text,
    );
    assert_error(channel.add_listener().unwrap_err(), code, text);
    assert_error(channel.watch().unwrap_err(), code, text);
    assert_error(
        channel.deliver_next(listener.id()).unwrap_err(),
        "ERIC_NO_MESSAGES",
        "no message is waiting for the listener, and the channel is closed",
    );
}

#[test]
fn an_unknown_listener_is_named() {
    let channel = Words::new();
    let (code, text) = (
        "ERIC_INVALID_LISTENER",
        "no listener of the channel has the id \"nobody\"",
    );
    assert_error(channel.dispatch("nobody", "1").unwrap_err(), code, text);
    assert_error(channel.deliver_next("nobody").unwrap_err(), code, text);
    assert_error(channel.get_listener("nobody").unwrap_err(), code, text);
    assert_error(channel.remove_listener("nobody").unwrap_err(), code, text);
    assert_error(channel.waiting("nobody").unwrap_err(), code, text);
    let stranger = MessageQueueListener::with_id("nobody");
    assert_error(channel.message_stream(&stranger).unwrap_err(), code, text);
}

#[test]
fn a_listener_or_channel_that_is_registered_already_is_named() {
    let channel = Words::new();
    let listener = MessageQueueListener::with_id("alice");
    channel.register_listener(&listener).unwrap();
    let text = "a listener with the id \"alice\" is already registered";
    assert_error(
        channel.register_listener(&listener).unwrap_err(),
        "ERIC_INVALID_LISTENER",
        text,
    );

    let container = ChannelContainer::<SseChannel>::new();
    let news = || SseOptions {
        id: Some("news".into()),
        ..SseOptions::default()
    };
    container.add(news()).unwrap();
    let text = "a channel with the id \"news\" is already registered";
    assert_error(
        container.add(news()).unwrap_err(),
        "ERIC_INVALID_CHANNEL",
        text,
    );
    let text = "no channel has the id \"sports\"";
    assert_error(
        container.rm("sports").unwrap_err(),
        "ERIC_INVALID_CHANNEL",
        text,
    );
}

#[test]
fn an_id_in_an_error_is_cut_and_free_of_control_characters() {
    let channel = Words::new();
    let shown = |id: &str| {
        let text = channel.get_listener(id).unwrap_err().to_string();
        let shown = text.strip_prefix("no listener of the channel has the id ");
        shown.expect("the id at the end").to_string()
    };
    assert_eq!(shown("a\n\0b\u{1b}[31m"), "\"ab[31m\"");
    assert_eq!(shown(&"é".repeat(1000)), format!("\"{}\"", "é".repeat(80)));
}

#[test]
fn nothing_to_deliver_says_why() {
    let channel = Words::new();
    let listener = running(&channel);
    let empty = "no message is waiting for the listener";
    assert_error(
        channel.deliver_next(listener.id()).unwrap_err(),
        "ERIC_NO_MESSAGES",
        empty,
    );
    listener.stop_sync();
    let stopped = "the listener is stopped: start it to have its messages delivered";
    assert_error(
        channel.deliver_next(listener.id()).unwrap_err(),
        "ERIC_NO_MESSAGES",
        stopped,
    );
}

#[test]
fn a_message_that_does_not_fit_the_wire_says_why() {
    let code = "ERIC_INVALID_MESSAGE";
    let tail = "which does not fit in a line of an event stream";
    let of_type = |event_type| Message::signal(event_type).unwrap_err();
    assert_error(of_type(""), code, "the event type is empty");
    assert_error(
        of_type("a\n"),
        code,
        &format!("the event type contains a line feed, {tail}"),
    );
    assert_error(
        of_type("a\r"),
        code,
        &format!("the event type contains a carriage return, {tail}"),
    );
    assert_error(
        of_type("a\0"),
        code,
        &format!("the event type contains a NUL, {tail}"),
    );
    let of_id = EventId::new("7\0").unwrap_err();
    assert_error(of_id, code, &format!("the event id contains a NUL, {tail}"));
}

#[test]
fn a_payload_that_json_cannot_carry_is_refused_when_the_message_is_made() {
    let keyed_by_lists = std::collections::BTreeMap::from([([1, 2], 3)]);
    let error = Message::new("t", keyed_by_lists).unwrap_err();
    assert_eq!(error.code(), "ERIC_INVALID_MESSAGE");
    assert!(error.to_string().starts_with("the payload does not fit: "));
}

#[test]
fn an_error_of_a_callback_keeps_its_text_and_type() {
    #[derive(Debug, PartialEq)]
    struct Own(u32);
    impl std::fmt::Display for Own {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "error {}", self.0)
        }
    }
    impl std::error::Error for Own {}

    let channel = Words::new();
    let listener = running_with(&channel, |_| Err(Own(7).into()));
    channel.broadcast("1").unwrap();
    let error = channel.deliver_next(listener.id()).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("ERIC_CALLBACK", "error 7")
    );
    let Error::Callback(own) = error else {
        unreachable!("its code says so")
    };
    assert_eq!(own.downcast_ref(), Some(&Own(7)));
}

#[test]
fn texts_are_lower_case_and_end_without_a_full_stop() {
    let channel = Words::new();
    let listener = channel.add_listener().unwrap();
    let mut errors = vec![
        channel.deliver_next("nobody").unwrap_err(),
        channel.deliver_next(listener.id()).unwrap_err(),
        Message::signal("").unwrap_err().into(),
    ];
    channel.close();
    errors.push(channel.broadcast("1").unwrap_err().into());
    for error in errors {
        let text = error.to_string();
        assert!(
            text.starts_with(char::is_lowercase) && !text.ends_with('.'),
            "{text}"
        );
        assert!(error.source().is_none());
    }
}
