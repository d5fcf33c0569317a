//! Clients that want too much: stopped at a limit, and the others are unharmed.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use super::support::*;

#[test]
fn a_request_has_a_greatest_length() {
    let daemon = Daemon::with(&["--max-request", "1000"]);
    let request = |length: usize| {
        let empty = r#"{"t":"t","p":""}"#;
        format!(r#"{{"t":"t","p":"{}"}}"#, "x".repeat(length - empty.len()))
    };
    assert_eq!(daemon.ask(request(1000)), "ack");
    assert_eq!(daemon.ask(format!("{}\n", request(1000))), "ack\n");
    for request in [request(1001), format!("{}\n", request(1001))] {
        let (code, message) = error(&daemon.ask(request));
        assert_eq!(code, "ERIC_LIMIT");
        assert!(message.contains("1000 bytes"), "{message}");
    }
}

#[test]
fn the_default_is_a_mebibyte() {
    let daemon = Daemon::new();
    let payload = "x".repeat(1024 * 1024 - 16);
    assert_eq!(daemon.ask(format!(r#"{{"t":"t","p":"{payload}"}}"#)), "ack");
}

#[test]
fn sixty_four_mebibytes_are_refused_and_not_kept() {
    let daemon = Daemon::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut stream = daemon.connect();
                let chunk = vec![b'x'; 1 << 20];
                for _ in 0..64 {
                    stream.write_all(&chunk).unwrap();
                }
                stream.shutdown(Shutdown::Write).unwrap();
                assert_eq!(error(&text(stream)).0, "ERIC_LIMIT");
            });
        }
        (0..20).for_each(|_| daemon.is_well());
    });
    if cfg!(target_os = "linux") {
        let most = daemon.memory("VmHWM");
        assert!(most < 48 * 1024, "{most} KiB");
    }
}

/// Writes until the server hangs up, and returns how much it took.
fn flood(mut stream: UnixStream) -> usize {
    let chunk = vec![b'['; 1 << 16];
    let mut written = 0;
    loop {
        match stream.write(&chunk) {
            Ok(count) => written += count,
            Err(error) => {
                assert!(matches!(
                    error.kind(),
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
                ));
                return written;
            }
        }
    }
}

#[test]
fn a_request_that_never_ends_is_hung_up_on() {
    let daemon = Daemon::with(&["--read-timeout", "2"]);
    let written = flood(daemon.connect());
    assert!(written <= 80 << 20, "{written}");
    daemon.is_well();
}

#[test]
fn a_request_of_a_byte_now_and_then_has_to_be_there_in_time() {
    let daemon = Daemon::with(&["--read-timeout", "1"]);
    let mut stream = daemon.connect();
    let start = Instant::now();
    let mut answer = String::new();
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    for byte in br#"{"v":"c"}"#.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        let mut buffer = [0; 1000];
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => answer.push_str(&String::from_utf8_lossy(&buffer[..read])),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // It came behind the answer.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
        assert!(start.elapsed() < PATIENCE);
    }
    assert!(start.elapsed() >= Duration::from_secs(1));
    let (code, message) = error(&answer);
    assert_eq!(code, "ERIC_LIMIT");
    assert!(message.contains("within 1 seconds"), "{message}");
}

#[test]
fn the_first_request_has_to_come_in_time_and_later_ones_may_take_theirs() {
    let daemon = Daemon::with(&["--read-timeout", "1"]);
    let silent = daemon.connect();
    let mut busy = daemon.connect();
    let mut ask = || {
        busy.write_all(b"{\"v\":\"s\"}\n").unwrap();
        let mut byte = [0];
        while byte != *b"\n" {
            busy.read_exact(&mut byte).unwrap();
        }
    };
    ask();
    assert_eq!(error(&text(silent)).0, "ERIC_LIMIT");
    sleep(Duration::from_millis(1500));
    ask();
}

#[test]
fn there_are_so_many_connections_and_no_more() {
    let daemon = Daemon::with(&["--max-connections", "10"]);
    daemon.ask(r#"{"v":"c","c":"a"}"#);
    let mut streams = Vec::new();
    eventually("the first connections have ended", || {
        streams.clear();
        streams.extend((0..10).map(|_| daemon.connect()));
        streams.iter_mut().all(|stream| {
            let mut line = vec![0; 8];
            stream
                .write_all(b"{\"v\":\"b\",\"c\":\"a\",\"t\":\"t\"}\n")
                .is_ok()
                && stream
                    .read(&mut line)
                    .is_ok_and(|read| line[..read] == *b"ack\n")
        })
    });
    let (code, message) = error(&text(daemon.connect()));
    assert_eq!(code, "ERIC_LIMIT");
    assert!(message.contains("10 connections"), "{message}");
    streams.pop();
    eventually("there is room again", || {
        let mut stream = daemon.connect();
        let asked = stream.write_all(br#"{"v":"b","c":"a","t":"t"}"#);
        asked
            .and_then(|()| stream.shutdown(Shutdown::Write))
            .is_ok()
            && {
                let mut answer = String::new();
                stream.read_to_string(&mut answer).is_ok() && answer == "ack"
            }
    });
}

#[test]
fn there_are_so_many_channels_and_listeners_and_no_more() {
    let daemon = Daemon::with(&["--max-channels", "2", "--max-listeners", "2"]);
    let channels = [daemon.channel(), daemon.channel()];
    assert_eq!(error(&daemon.ask(r#"{"v":"c"}"#)).0, "ERIC_LIMIT");
    daemon.listener(&channels[0]);
    let watcher = daemon.watch(&channels[0], 1);
    for verb in ["r", "w"] {
        let request = format!(r#"{{"v":"{verb}","c":"{}"}}"#, channels[0]);
        assert_eq!(error(&daemon.ask(request)).0, "ERIC_LIMIT");
    }
    drop(watcher);
    eventually("the watcher is gone", || {
        daemon.stats(&channels[0])["listeners"] == 1
    });
    assert_eq!(daemon.listener(&channels[0]).len(), 36);
    daemon.ask(format!(r#"{{"v":"rc","c":"{}"}}"#, channels[1]));
    assert_eq!(daemon.channel().len(), 36);
}

#[test]
fn a_client_that_reads_no_answers_is_disconnected() {
    let daemon = Daemon::with(&["--read-timeout", "1"]);
    let stream = daemon.connect();
    let requests = "{\"v\":\"s\"}\n".repeat(1000);
    let start = Instant::now();
    while (&stream).write_all(requests.as_bytes()).is_ok() {
        assert!(start.elapsed() < PATIENCE);
    }
    daemon.is_well();
}

#[test]
fn the_longest_times_and_numbers_are_as_good_as_none() {
    let year = "31536000";
    let most = u64::MAX.to_string();
    let daemon = Daemon::with(&[
        "--read-timeout",
        year,
        "--grace",
        year,
        "--retry",
        year,
        "--max-connections",
        &most,
        "--max-request",
        &most,
    ]);
    daemon.is_well();
    let mut slow = daemon.connect();
    slow.write_all(b"{").unwrap();
    daemon.is_well();
    drop(slow);
}
