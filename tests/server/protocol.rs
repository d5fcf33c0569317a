//! The protocol, byte for byte.

use std::io::{BufRead, Write};
use std::net::Shutdown;

use super::support::*;

#[test]
fn a_request_and_the_end_of_the_writing_side_are_answered_as_by_the_reference() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    assert_eq!(channel.len(), 36, "a bare id: {channel:?}");
    let listener = daemon.listener(&channel);
    assert_eq!(listener.len(), 36, "a bare id: {listener:?}");
    let fill = |request: &str| request.replace("$c", &channel).replace("$r", &listener);
    for request in [
        r#"{"v": "d", "c": "$c", "r": "$r", "t": "type", "p": {"a": 1}}"#,
        r#"{"v": "d", "c": "$c", "r": "$r", "t": "type"}"#,
        r#"{"c": "$c", "v": "b", "t": "type", "p": null}"#,
        r#"{"c": "$c", "v": "b", "t": "type", "p": "text", "r": null}"#,
        r#"{"t": "type", "p": 1}"#,
        r#"{"v": "rl", "c": "$c", "r": "$r"}"#,
        r#"{"v": "rc", "c": "$c"}"#,
    ] {
        assert_eq!(daemon.ask(fill(request)), "ack", "{request}");
    }
}

#[test]
fn a_channel_may_have_a_chosen_id_once() {
    let daemon = Daemon::new();
    assert_eq!(daemon.ask(r#"{"v":"c","c":"news"}"#), "news");
    let (code, message) = error(&daemon.ask(r#"{"v":"c","c":"news"}"#));
    assert_eq!(code, "ERIC_INVALID_CHANNEL");
    assert!(
        message.starts_with("InvalidChannelException: "),
        "{message}"
    );
    for id in ["", "a b", "a\\n", "ä", "{}", &"a".repeat(65)] {
        let (code, _) = error(&daemon.ask(format!(r#"{{"v":"c","c":"{id}"}}"#)));
        assert_eq!(code, "ERIC_INVALID_MESSAGE", "{id:?}");
    }
    assert_eq!(daemon.ask(r#"{"v":"c","c":null}"#).len(), 36);
}

#[test]
fn an_unknown_channel_or_listener_is_refused_by_the_exception_s_name() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let table = [
        (r#"{"v":"r","c":"x"}"#, "InvalidChannelException"),
        (
            r#"{"v":"d","c":"x","r":"y","t":"t"}"#,
            "InvalidChannelException",
        ),
        (r#"{"v":"b","c":"x","t":"t"}"#, "InvalidChannelException"),
        (r#"{"v":"l","c":"x","r":"y"}"#, "InvalidChannelException"),
        (r#"{"v":"w","c":"x"}"#, "InvalidChannelException"),
        (r#"{"v":"rl","c":"x","r":"y"}"#, "InvalidChannelException"),
        (r#"{"v":"rc","c":"x"}"#, "InvalidChannelException"),
        (r#"{"v":"s","c":"x"}"#, "InvalidChannelException"),
        (
            r#"{"v":"d","c":"$c","r":"y","t":"t"}"#,
            "InvalidListenerException",
        ),
        (r#"{"v":"l","c":"$c","r":"y"}"#, "InvalidListenerException"),
        (r#"{"v":"rl","c":"$c","r":"y"}"#, "InvalidListenerException"),
        (r#"{"v":"x"}"#, "InvalidMessageFormat"),
    ];
    for (request, name) in table {
        let (_, message) = error(&daemon.ask(request.replace("$c", &channel)));
        assert!(
            message.starts_with(&format!("{name}: ")),
            "{request}: {message}"
        );
    }
}

#[test]
fn requests_on_one_connection_are_answered_in_order_a_line_each() {
    let daemon = Daemon::new();
    let mut stream = daemon.connect();
    let requests = concat!(
        "{\"v\":\"c\",\"c\":\"a\"}\n",
        "\r\n",
        "{\"v\":\"c\",\"c\":\"b\"}\r\n",
        "no request\n",
        "{\"v\":\"b\",\"c\":\"a\",\"t\":\"t\"}\n",
        "{\"v\":\"c\",\"c\":\"d\"}",
    );
    for byte in requests.bytes() {
        stream.write_all(&[byte]).unwrap();
    }
    stream.shutdown(Shutdown::Write).unwrap();
    let answers = text(stream);
    let lines: Vec<&str> = answers.split('\n').collect();
    assert_eq!(
        (lines[0], lines[1], lines[3], lines[4]),
        ("a", "b", "ack", "d")
    );
    assert_eq!(error(&format!("{}\n", lines[2])).0, "ERIC_INVALID_MESSAGE");
    assert_eq!(lines.len(), 5);
}

#[test]
fn an_answer_comes_before_the_next_request_is_sent() {
    let daemon = Daemon::new();
    let stream = daemon.connect();
    let mut answers = std::io::BufReader::new(stream.try_clone().unwrap()).lines();
    for number in 0..100 {
        writeln!(&stream, r#"{{"v":"c","c":"{number}"}}"#).unwrap();
        assert_eq!(answers.next().unwrap().unwrap(), number.to_string());
    }
}

#[test]
fn a_stream_has_one_line_per_message_with_the_payload_as_it_was_sent() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    let payloads = [
        "1.50",
        "1E+2",
        "-0",
        "12345678901234567890123",
        "null",
        "true",
        r#""""#,
        r#""a\u0041\/\n""#,
        r#"{"b" : [1,  2 ],"a":{}}"#,
        r#""😀""#,
        r#""\ud83d\ude00""#,
    ];
    for payload in payloads {
        let request = format!(
            r#"{{"v":"d","c":"{channel}","r":"{listener}","t":"a \"b\"","p": {payload} }}"#
        );
        assert_eq!(daemon.ask(request), "ack", "{payload}");
    }
    let mut lines = daemon.listen(&channel, &listener).lines();
    for (number, payload) in (1..).zip(payloads) {
        let line = lines.next().unwrap().unwrap();
        let head = format!(r#"{{"event":"a \"b\"","retry":15000,"data":{payload},"id":""#);
        let id = line.strip_prefix(&head).expect(&line);
        assert!(id.ends_with(&format!("-0.{number}\"}}")), "{line}");
    }
}

#[test]
fn streams_end_with_their_listener_and_their_channel() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let (alice, bob) = (daemon.listener(&channel), daemon.listener(&channel));
    let (mut alices, mut bobs) = (
        daemon.listen(&channel, &alice),
        daemon.listen(&channel, &bob),
    );
    let mut watched = daemon.watch(&channel, 1).remove(0);
    daemon.broadcast(&channel, 0..2);
    for stream in [&mut alices, &mut bobs, &mut watched] {
        assert_eq!(numbers(stream, 2), [0, 1]);
    }
    daemon.ask(format!(r#"{{"v":"rl","c":"{channel}","r":"{alice}"}}"#));
    assert_eq!(text(alices), "");
    assert_eq!(
        daemon.ask(format!(r#"{{"v":"rc","c":"{channel}"}}"#)),
        "ack"
    );
    let closed = "{\"event\":\"_eric_channel_closed\",\"retry\":15000,\"data\":null,\"id\":null}\n";
    assert_eq!(text(bobs), closed);
    assert_eq!(text(watched), closed);
}

#[test]
fn a_message_without_a_verb_goes_to_every_channel() {
    let daemon = Daemon::new();
    let channels = [daemon.channel(), daemon.channel()];
    let mut watchers: Vec<_> = channels
        .iter()
        .map(|channel| daemon.watch(channel, 1).remove(0))
        .collect();
    assert_eq!(daemon.ask(r#"{"t":"n","p":7}"#), "ack");
    for watcher in &mut watchers {
        assert_eq!(numbers(watcher, 1), [7]);
    }
    let (code, message) = error(&daemon.ask(r#"{"t":"n","p":7,"c":"x"}"#));
    assert_eq!(code, "ERIC_INVALID_MESSAGE");
    assert!(message.contains("verb"), "{message}");
}

#[test]
fn a_stream_is_the_last_answer_of_its_connection() {
    let daemon = Daemon::new();
    assert_eq!(daemon.ask(r#"{"v":"c","c":"a"}"#), "a");
    let mut stream = daemon.connect();
    stream
        .write_all(
            b"{\"v\":\"c\",\"c\":\"b\"}\n{\"v\":\"w\",\"c\":\"a\"}\n{\"v\":\"c\",\"c\":\"d\"}\n",
        )
        .unwrap();
    eventually("it watches", || daemon.stats("a")["listeners"] == 1);
    daemon.broadcast("a", 0..1);
    let mut lines = std::io::BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "b\n");
    assert_eq!(numbers(&mut lines, 1), [0]);
    assert_eq!(
        daemon.ask(r#"{"v":"c","c":"d"}"#),
        "d",
        "nobody has created it"
    );
}

#[test]
fn counters_are_one_line() {
    let daemon = Daemon::new();
    daemon.ask(r#"{"v":"c","c":"a"}"#);
    let listener = daemon.listener("a");
    daemon.broadcast("a", 0..3);
    let stats = daemon.stats("a");
    assert_eq!(
        (&stats["queued"], &stats["broadcasts"]),
        (&3.into(), &3.into())
    );
    let by = &stats["by_listener"][0];
    assert_eq!(
        (by["id"].as_str(), by["queued"].as_u64()),
        (Some(&*listener), Some(3))
    );
    let all = daemon.counters();
    assert_eq!(all["channels"][0]["id"], "a");
    // The one that asks, once those that have left are seen to have.
    eventually("one connection", || daemon.counters()["connections"] == 1);
}

#[test]
fn counters_of_many_are_those_of_the_first_thousand_and_their_number() {
    let daemon = Daemon::new();
    let requests: String = (0..1500)
        .map(|n| format!("{{\"v\":\"c\",\"c\":\"{n}\"}}\n"))
        .collect();
    assert_eq!(daemon.ask(requests).lines().count(), 1500);
    let all = daemon.counters();
    assert_eq!(all["channel_count"], 1500);
    let listed = all["channels"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[999]["id"]), (1000, &"999".into()));

    let requests = "{\"v\":\"r\",\"c\":\"0\"}\n".repeat(1200);
    assert_eq!(daemon.ask(requests).lines().count(), 1200);
    let stats = daemon.stats("0");
    assert_eq!(stats["listeners"], 1200);
    assert_eq!(stats["by_listener"].as_array().unwrap().len(), 1000);
}
