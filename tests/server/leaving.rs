//! Readers that leave: what they had not read is the next one's.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use super::support::*;

/// Reads so many lines byte by byte, so that nothing is taken from the socket that is not read.
fn read_exactly(stream: &mut UnixStream, lines: usize) -> Vec<u64> {
    let read_line = |_| {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            line.push(byte[0]);
        }
        let event: serde_json::Value = serde_json::from_slice(&line).unwrap();
        event["data"].as_u64().unwrap()
    };
    (0..lines).map(read_line).collect()
}

/// Reads until a number comes.
fn read_to(stream: &mut impl BufRead, last: u64) -> Vec<u64> {
    let mut all = Vec::new();
    while all.last() != Some(&last) {
        all.extend(numbers(stream, 1));
    }
    all
}

/// A server, a channel and a listener that so many numbers wait for.
fn queued(count: u64) -> (Daemon, String, String) {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    daemon.dispatch(&channel, &listener, 0..count);
    (daemon, channel, listener)
}

/// Waits until the server has seen that all readers have left. Another test's process that is just
/// being started may hold a copy of their sockets for a moment.
fn all_left(daemon: &Daemon) {
    eventually("all have left", || daemon.counters()["streams"] == 0);
}

#[test]
fn messages_that_a_reader_left_unread_go_to_the_next_one() {
    let (daemon, channel, listener) = queued(2000);
    let mut first = daemon.listen(&channel, &listener).into_inner();
    assert_eq!(read_exactly(&mut first, 20), Vec::from_iter(0..20));
    drop(first);
    all_left(&daemon);
    let mut second = daemon.listen(&channel, &listener);
    let got = read_to(&mut second, 1999);
    assert!(got[0] <= 20, "missing: 20 to {}", got[0]);
    assert_eq!(
        got,
        Vec::from_iter(got[0]..2000),
        "in order, none missing, none twice"
    );
    assert_eq!(daemon.stats(&channel)["queued"], 0);
}

#[test]
fn a_reader_with_a_buffer_of_its_own_leaves_what_its_buffer_has_not_taken() {
    let (daemon, channel, listener) = queued(2000);
    let stream = daemon.listen(&channel, &listener).into_inner();
    let mut first = BufReader::with_capacity(8192, stream);
    assert_eq!(numbers(&mut first, 20), Vec::from_iter(0..20));
    drop(first);
    all_left(&daemon);
    let got = read_to(&mut daemon.listen(&channel, &listener), 1999);
    assert!(got[0] <= 20 && got.len() as u64 == 2000 - got[0]);
}

#[test]
fn a_reader_that_shuts_down_and_keeps_its_socket_leaves_what_it_has_not_read() {
    let (daemon, channel, listener) = queued(2000);
    let mut first = daemon.listen(&channel, &listener).into_inner();
    assert_eq!(read_exactly(&mut first, 20), Vec::from_iter(0..20));
    first.shutdown(Shutdown::Both).unwrap();
    let mut second = daemon.listen(&channel, &listener);
    let got = read_to(&mut second, 1999);
    assert!(got[0] <= 20, "missing: 20 to {}", got[0]);
    assert_eq!(got, Vec::from_iter(got[0]..2000));
    drop(first);
}

#[test]
fn a_single_short_message_is_the_next_one_s_if_the_reader_closes_soon_after_it_has_shut_down() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    loop {
        let listener = daemon.listener(&channel);
        let first = daemon.listen(&channel, &listener).into_inner();
        eventually("it reads", || daemon.counters()["streams"] == 1);
        daemon.dispatch(&channel, &listener, 0..1);
        eventually("it lies in the socket", || {
            daemon.stats(&channel)["queued"] == 0
        });
        let start = Instant::now();
        first.shutdown(Shutdown::Both).unwrap();
        thread::sleep(Duration::from_millis(20));
        drop(first);
        // It has a tenth of a second, which a busy machine may let pass.
        let in_time = start.elapsed() < Duration::from_millis(60);
        all_left(&daemon);
        if in_time {
            let mut second = daemon.listen(&channel, &listener);
            assert_eq!(numbers(&mut second, 1), [0]);
            return;
        }
    }
}

#[test]
fn readers_that_come_and_go_lose_nothing_of_broadcasts_and_dispatches() {
    const COUNT: u64 = 20_000;
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    thread::scope(|scope| {
        scope.spawn(|| {
            for start in (0..COUNT).step_by(1000) {
                daemon.dispatch(&channel, &listener, start..start + 500);
                daemon.broadcast(&channel, start + 500..start + 1000);
            }
        });
        // In any order: a reader whose socket is copied, see `all_left`, gives back after the next
        // one has come.
        let mut missing = BTreeSet::from_iter(0..COUNT);
        for round in 0.. {
            let mut reader = daemon.listen(&channel, &listener).into_inner();
            for _ in 0..(round * 37) % 400 + 1 {
                missing.remove(&read_exactly(&mut reader, 1)[0]);
                if missing.is_empty() {
                    return;
                }
            }
            if round % 2 == 0 {
                reader.shutdown(Shutdown::Both).unwrap();
            }
        }
    });
}

#[test]
fn a_reader_that_has_read_everything_leaves_nothing_behind() {
    let (daemon, channel, listener) = queued(100);
    let mut first = daemon.listen(&channel, &listener).into_inner();
    read_exactly(&mut first, 100);
    drop(first);
    all_left(&daemon);
    daemon.dispatch(&channel, &listener, 100..101);
    assert_eq!(numbers(&mut daemon.listen(&channel, &listener), 1), [100]);
}

#[test]
fn a_watcher_that_leaves_is_removed_within_a_second() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let watchers = daemon.watch(&channel, 50);
    let start = Instant::now();
    drop(watchers);
    eventually("they are removed", || {
        daemon.stats(&channel)["listeners"] == 0
    });
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_reader_that_keeps_its_writing_side_open_is_served_and_missed_alike() {
    use std::io::Write;
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let mut stream = daemon.connect();
    writeln!(stream, r#"{{"v":"w","c":"{channel}"}}"#).unwrap();
    eventually("it watches", || daemon.stats(&channel)["listeners"] == 1);
    daemon.broadcast(&channel, 0..2);
    assert_eq!(read_exactly(&mut stream, 2), [0, 1]);
    drop(stream);
    eventually("it is removed", || daemon.stats(&channel)["listeners"] == 0);
}

#[test]
fn a_slow_reader_delays_no_other_and_receives_a_gap() {
    const COUNT: u64 = 50_000;
    let daemon = Daemon::with(&["--queue-messages", "1000"]);
    let channel = daemon.channel();
    let mut slow = daemon.watch(&channel, 1).remove(0);
    for start in (0..COUNT).step_by(1000) {
        daemon.broadcast(&channel, start..start + 1000);
    }
    let stats = daemon.stats(&channel);
    assert!(stats["queued"].as_u64().unwrap() <= 1000, "{stats}");
    let (mut got, mut missed, mut last) = (0, 0, None);
    while last != Some(COUNT - 1) {
        let event = event(&mut slow);
        if event["event"] == "_eric_gap" {
            missed += event["data"]["missed"].as_u64().unwrap();
        } else {
            got += 1;
            last = event["data"].as_u64();
        }
    }
    assert_eq!(got + missed, COUNT);
    assert!(missed > 0);
}

/// Sends until the reader's socket is full and messages wait, on top of those.
fn stall(daemon: &Daemon, channel: &str) {
    let request = |n: u64| {
        let payload = "x".repeat(10_000);
        format!(r#"{{"v":"b","c":"{channel}","t":"n","p":[{n},"{payload}"]}}"#)
    };
    let mut number = 0;
    while daemon.stats(channel)["queued"].as_u64().unwrap() < 5 {
        daemon.ask(request(number));
        number += 1;
    }
}

#[test]
fn a_stalled_reader_s_stream_ends_when_its_listener_is_removed() {
    let daemon = Daemon::with(&["--grace", "0.5"]);
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    let reader = daemon.listen(&channel, &listener);
    eventually("it reads", || daemon.counters()["streams"] == 1);
    stall(&daemon, &channel);
    let start = Instant::now();
    daemon.ask(format!(r#"{{"v":"rl","c":"{channel}","r":"{listener}"}}"#));
    eventually("it ends", || daemon.counters()["streams"] == 0);
    assert!(start.elapsed() < Duration::from_secs(3));
    let lines = text(reader.into_inner());
    for (number, line) in lines.lines().enumerate() {
        assert!(line.contains(&format!("\"data\":[{number},")));
    }
    assert!(lines.ends_with("}\n"), "the last one is whole");
}

#[test]
fn a_reader_that_has_no_room_at_all_is_cut_off_in_time() {
    let daemon = Daemon::with(&["--grace", "0.5"]);
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    let reader = daemon.listen(&channel, &listener);
    eventually("it reads", || daemon.counters()["streams"] == 1);
    let payload = "x".repeat(1_000_000);
    for _ in 0..2 {
        daemon.ask(format!(
            r#"{{"v":"b","c":"{channel}","t":"n","p":"{payload}"}}"#
        ));
    }
    let cpu = daemon.cpu();
    daemon.ask(format!(r#"{{"v":"rl","c":"{channel}","r":"{listener}"}}"#));
    let start = Instant::now();
    eventually("it ends", || daemon.counters()["streams"] == 0);
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(300), "{took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(daemon.cpu() - cpu < Duration::from_millis(250));
    drop(reader);
}

#[test]
fn the_stream_of_a_listener_that_was_full_ends_with_an_error() {
    let daemon = Daemon::with(&["--queue-messages", "5", "--overflow", "disconnect"]);
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    let mut readers = vec![daemon.listen(&channel, &listener)];
    readers.extend(daemon.watch(&channel, 1));
    eventually("they read", || daemon.counters()["streams"] == 2);
    let payload = "x".repeat(10_000);
    for number in 0..200 {
        daemon.ask(format!(
            r#"{{"v":"b","c":"{channel}","t":"n","p":[{number},"{payload}"]}}"#
        ));
    }
    assert_eq!(daemon.stats(&channel)["overflows"], 2);
    eventually("they end", || daemon.counters()["streams"] == 0);
    for reader in readers {
        let lines = text(reader.into_inner());
        let last = lines.lines().last().unwrap();
        let (code, message) = error(&format!("{last}\n"));
        assert_eq!(code, "ERIC_QUEUE_FULL");
        assert!(message.starts_with("QueueFullException: "), "{message}");
        for (number, line) in lines
            .lines()
            .rev()
            .skip(1)
            .collect::<Vec<_>>()
            .iter()
            .rev()
            .enumerate()
        {
            assert!(line.contains(&format!("\"data\":[{number},")));
        }
    }
}

#[test]
fn a_slow_reader_of_a_channel_that_was_removed_costs_nothing_while_it_waits() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    let mut reader = daemon.listen(&channel, &listener).into_inner();
    eventually("it reads", || daemon.counters()["streams"] == 1);
    let payload = "x".repeat(1_000_000);
    for _ in 0..3 {
        daemon.ask(format!(
            r#"{{"v":"b","c":"{channel}","t":"n","p":"{payload}"}}"#
        ));
    }
    daemon.ask(format!(r#"{{"v":"rc","c":"{channel}"}}"#));
    let mut some = vec![0; 600_000];
    reader.read_exact(&mut some).unwrap();
    thread::sleep(Duration::from_millis(100));
    let cpu = daemon.cpu();
    thread::sleep(Duration::from_millis(500));
    assert!(daemon.cpu() - cpu < Duration::from_millis(100));
    let rest = text(reader);
    assert!(rest.contains("_eric_channel_closed") && rest.len() > 2_400_000);
}

#[test]
fn the_next_reader_receives_a_gap_that_a_reader_left_unread() {
    let daemon = Daemon::with(&["--queue-messages", "10"]);
    let channel = daemon.channel();
    for reads in [false, true] {
        let listener = daemon.listener(&channel);
        daemon.broadcast(&channel, 0..100);
        // More than one reader that leaves, and more that is dropped between them.
        for _ in 0..2 {
            let mut first = daemon.listen(&channel, &listener);
            if reads {
                // Byte by byte, so that the rest stays unread.
                let mut first = BufReader::with_capacity(1, first.get_mut());
                assert_eq!(event(&mut first)["event"], "_eric_gap");
            } else {
                eventually("it has come", || daemon.counters()["streams"] == 1);
                eventually("all was taken", || daemon.stats(&channel)["queued"] == 0);
            }
            drop(first);
            all_left(&daemon);
        }
        let mut second = daemon.listen(&channel, &listener);
        let gap = event(&mut second);
        assert_eq!(gap["event"], "_eric_gap", "{gap}");
        assert_eq!(gap["data"]["missed"], 90);
        assert_eq!(numbers(&mut second, 10), Vec::from_iter(90..100));
        drop(second);
        all_left(&daemon);

        // Messages are dropped behind those that were given back.
        let listener = daemon.listener(&channel);
        daemon.broadcast(&channel, 0..30);
        let first = daemon.listen(&channel, &listener);
        eventually("it has come", || daemon.counters()["streams"] == 1);
        drop(first);
        all_left(&daemon);
        daemon.broadcast(&channel, 30..100);
        let mut second = daemon.listen(&channel, &listener);
        let (mut missed, mut got) = (0, Vec::new());
        while got.last() != Some(&99) {
            let event = event(&mut second);
            match event["event"] == "_eric_gap" {
                true => missed += event["data"]["missed"].as_u64().unwrap(),
                false => got.push(event["data"].as_u64().unwrap()),
            }
        }
        assert!(got.is_sorted(), "{got:?}");
        assert_eq!(missed as usize + got.len(), 100, "{got:?}");
        drop(second);
        all_left(&daemon);
    }
}

#[test]
fn a_reader_that_asks_for_some_gets_them_once_if_it_has_read_them() {
    let (daemon, channel, listener) = queued(10);
    let request = format!(r#"{{"v":"l","c":"{channel}","r":"{listener}","n":3}}"#);
    let mut first = daemon.open(&request).into_inner();
    assert_eq!(read_exactly(&mut first, 3), [0, 1, 2]);
    assert_eq!(daemon.stats(&channel)["queued"], 7);
    drop(first);
    all_left(&daemon);
    // A reader that has not read them gives them back.
    let mut second = daemon.open(&request).into_inner();
    assert_eq!(read_exactly(&mut second, 1), [3]);
    drop(second);
    all_left(&daemon);
    let mut third = daemon.listen(&channel, &listener);
    assert_eq!(read_to(&mut third, 9), Vec::from_iter(3..10));
    drop(third);

    for verb in ["l", "w"] {
        for count in ["0", "-1", "1.5", "\"1\"", "99999999999999999999"] {
            let request =
                format!(r#"{{"v":"{verb}","c":"{channel}","r":"{listener}","n":{count}}}"#);
            let (code, message) = error(&daemon.ask(request));
            assert_eq!(code, "ERIC_INVALID_MESSAGE");
            assert!(message.contains("\"n\""), "{message}");
        }
    }
    // It ends with its listener, which waits for nothing more.
    let request = format!(r#"{{"v":"l","c":"{channel}","r":"{listener}","n":1}}"#);
    daemon.dispatch(&channel, &listener, 10..12);
    let mut last = daemon.open(&request);
    assert!(numbers(&mut last, 1)[0] < 12);
    daemon.ask(format!(r#"{{"v":"rl","c":"{channel}","r":"{listener}"}}"#));
    assert_eq!(text(last), "");
}

#[test]
fn a_full_listener_refuses_or_is_disconnected_as_the_options_say() {
    let daemon = Daemon::with(&["--queue-messages", "2", "--overflow", "refuse"]);
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    daemon.dispatch(&channel, &listener, 0..2);
    let request = format!(r#"{{"v":"b","c":"{channel}","t":"n"}}"#);
    let (code, message) = error(&daemon.ask(&request));
    assert_eq!(code, "ERIC_QUEUE_FULL");
    assert!(message.starts_with("QueueFullException: ") && message.contains(&listener));

    let daemon = Daemon::with(&["--queue-messages", "2", "--overflow", "disconnect"]);
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    daemon.dispatch(&channel, &listener, 0..3);
    assert_eq!(daemon.stats(&channel)["listeners"], 0);
}
