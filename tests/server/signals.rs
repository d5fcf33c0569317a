//! Signals: every stream receives the end, no file is left behind, and the end is quick.

use std::io::Read;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::support::*;

const CLOSED: &str =
    "{\"event\":\"_eric_channel_closed\",\"retry\":15000,\"data\":null,\"id\":null}\n";

fn ends_well(signal: Signal) {
    let mut daemon = Daemon::new();
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    let mut streams = daemon.watch(&channel, 99);
    streams.push(daemon.listen(&channel, &listener));
    eventually("all are streams", || daemon.counters()["streams"] == 100);
    let between = daemon.connect();
    daemon.broadcast(&channel, 0..100);
    daemon.signal(signal);
    let start = Instant::now();
    assert!(daemon.wait().success());
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert!(!daemon.socket.exists());
    for mut stream in streams {
        assert_eq!(numbers(&mut stream, 100), Vec::from_iter(0..100));
        assert_eq!(text(stream), CLOSED);
    }
    assert_eq!(text(between), "");
    let said = daemon.said();
    let report = said.lines().last().unwrap();
    assert!(report.starts_with("eric: "), "{said}");
    let end = "100 streams open at the end, 0 of them cut off; 0 messages undelivered";
    assert!(report.ends_with(end), "{said}");
}

#[test]
fn sigterm_flushes_and_reports() {
    ends_well(Signal::TERM);
}

#[test]
fn sigint_flushes_and_reports() {
    ends_well(Signal::INT);
}

#[test]
fn readers_that_do_not_read_are_cut_off_in_time() {
    let mut daemon = Daemon::new();
    let channel = daemon.channel();
    let streams = daemon.watch(&channel, 100);
    let payload = "x".repeat(500_000);
    for _ in 0..4 {
        let request = format!(r#"{{"v":"b","c":"{channel}","t":"t","p":"{payload}"}}"#);
        assert_eq!(daemon.ask(request), "ack");
    }
    daemon.signal(Signal::TERM);
    let start = Instant::now();
    assert!(daemon.wait().success());
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert!(!daemon.socket.exists());
    let said = daemon.said();
    assert!(said.contains("100 of them cut off"), "{said}");
    for mut stream in streams {
        let mut some = Vec::new();
        stream.read_to_end(&mut some).unwrap();
        assert!(some.starts_with(b"{\"event\":\"t\""));
    }
}

#[test]
fn a_second_signal_ends_the_grace_period() {
    let mut daemon = Daemon::with(&["--grace", "50"]);
    let channel = daemon.channel();
    let _stalled = daemon.watch(&channel, 1);
    let payload = "x".repeat(900_000);
    daemon.ask(format!(r#"{{"t":"t","p":"{payload}"}}"#));
    daemon.signal(Signal::TERM);
    eventually("it has heard", || daemon.said().contains("SIGTERM"));
    let start = Instant::now();
    daemon.signal(Signal::INT);
    assert!(daemon.wait().success());
    assert!(
        start.elapsed() < Duration::from_secs(25),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_killed_server_can_be_started_again() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let daemon = daemon.kill_and_restart();
    assert_eq!(
        error(&daemon.ask(format!(r#"{{"v":"r","c":"{channel}"}}"#))).0,
        "ERIC_INVALID_CHANNEL"
    );
    daemon.is_well();
}

#[test]
fn logs_have_no_payloads() {
    let mut daemon = Daemon::with(&["--log", "trace"]);
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    for payload in [r#""SECRET""#, r#"SECRET"#] {
        daemon.ask(format!(
            r#"{{"v":"d","c":"{channel}","r":"{listener}","t":"t","p":{payload}}}"#
        ));
    }
    drop(daemon.listen(&channel, &listener));
    daemon.signal(Signal::TERM);
    daemon.wait();
    let said = daemon.said();
    assert!(
        said.contains("verb=\"d\"") && !said.contains("SECRET"),
        "{said}"
    );
}
