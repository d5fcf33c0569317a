//! The command, as a person and a script use it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Output, Stdio};

use super::support::*;

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Starts a command whose input and output are pipes.
fn start(daemon: &Daemon, arguments: &[&str]) -> Child {
    let mut command = eric(&daemon.socket);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn a_log_goes_line_by_line_through_broadcast_to_watch() {
    let daemon = Daemon::new();
    assert_eq!(stdout(&daemon.eric(&["create", "log"])), "log\n");
    let mut watch = start(&daemon, &["watch", "log"]);
    eventually("it watches", || daemon.stats("log")["listeners"] == 1);
    let mut broadcast = start(&daemon, &["broadcast", "log", "line", "--text"]);
    let log: Vec<String> = (0..1000)
        .map(|n| format!("{n} \"quoted\" ä {{}}"))
        .collect();
    let mut stdin = broadcast.stdin.take().unwrap();
    stdin.write_all(log.join("\n").as_bytes()).unwrap();
    drop(stdin);
    assert!(broadcast.wait().unwrap().success());
    assert_eq!(stdout(&daemon.eric(&["remove", "log"])), "");
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let events: Vec<serde_json::Value> = lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert!(watch.wait().unwrap().success());
    let data: Vec<&str> = events
        .iter()
        .filter_map(|event| event["data"].as_str())
        .collect();
    assert_eq!(data, log);
    assert_eq!(events.last().unwrap()["event"], "_eric_channel_closed");
}

#[test]
fn payloads_are_json_or_else_texts() {
    let daemon = Daemon::new();
    let channel = stdout(&daemon.eric(&["create"]));
    let channel = channel.trim_end();
    let listener = stdout(&daemon.eric(&["register", channel]));
    let listener = listener.trim_end();
    let sent: &[(&[&str], &str)] = &[
        (&["1.50"], "1.50"),
        (&["{\"a\":  [1]}"], "{\"a\":  [1]}"),
        (&["hello"], "\"hello\""),
        (&["\"hello\""], "\"hello\""),
        (&[""], "\"\""),
        (&["--text", "1.50"], "\"1.50\""),
        (&["null"], "null"),
        (&["-1"], "-1"),
        (&["-0.5e3"], "-0.5e3"),
        (&["--text", "-1"], "\"-1\""),
        (&["--", "-v"], "\"-v\""),
    ];
    for (arguments, _) in sent {
        let output = daemon.eric(&[&["send", channel, listener, "t"], *arguments].concat());
        assert_eq!(stdout(&output), "");
    }
    assert_eq!(stdout(&daemon.eric(&["announce", "t", "last"])), "");
    let mut listen = start(&daemon, &["listen", channel, listener]);
    let mut lines = BufReader::new(listen.stdout.take().unwrap()).lines();
    for (_, data) in sent.iter().chain([&(&[][..], "\"last\"")]) {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(&format!("\"data\":{data},")), "{line}");
    }
    assert_eq!(stdout(&daemon.eric(&["remove", channel, listener])), "");
    assert!(listen.wait().unwrap().success());
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let mut daemon = Daemon::new();
    let code = |daemon: &Daemon, arguments: &[&str], wanted| {
        let output = daemon.eric(arguments);
        assert_eq!(
            output.status.code(),
            Some(wanted),
            "{arguments:?}: {output:?}"
        );
        assert!(output.stdout.is_empty(), "{output:?}");
        assert!(!output.stderr.is_empty(), "{output:?}");
    };
    code(&daemon, &["stats", "nobody"], 1);
    code(&daemon, &["listen", "nobody", "at all"], 1);
    code(&daemon, &["watch", "nobody"], 1);
    code(&daemon, &["broadcast", "nobody", "t", "1"], 1);
    code(&daemon, &["broadcast"], 2);
    code(&daemon, &["no-such-command"], 2);
    code(&daemon, &["broadcast", "nobody", "t", "--tetx"], 2);
    for option in ["--read-timeout", "--grace", "--retry"] {
        for seconds in ["soon", "1e19", "31536001", "inf", "NaN", "-1"] {
            code(&daemon, &["serve", &format!("{option}={seconds}")], 2);
        }
    }
    let output = daemon.eric(&["serve", "--read-timeout", "1e19"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("at most a year"), "{said}");
    daemon.child.kill().unwrap();
    daemon.wait();
    code(&daemon, &["stats"], 3);
    code(&daemon, &["--socket", "/nowhere/at/all", "create"], 3);
}

#[test]
fn a_line_that_is_refused_is_named() {
    let daemon = Daemon::with(&["--queue-messages", "2", "--overflow", "refuse"]);
    let channel = daemon.channel();
    let _listener = daemon.listener(&channel);
    let mut command = eric(&daemon.socket);
    command
        .args(["broadcast", &channel, "t"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"1\n2\n3\n4\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("line 3: "),
        "{output:?}"
    );
}

#[test]
fn closing_standard_output_ends_the_command_quietly_and_loses_no_message() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    let mut command = eric(&daemon.socket);
    command.args(["listen", &channel, &listener]);
    let mut listen = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    daemon.dispatch(&channel, &listener, 0..1);
    let mut lines = BufReader::new(listen.stdout.take().unwrap());
    assert_eq!(numbers(&mut lines, 1), [0]);
    drop(lines);
    let output = listen.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    daemon.dispatch(&channel, &listener, 1..2);
    assert_eq!(numbers(&mut daemon.listen(&channel, &listener), 1), [1]);
}

#[test]
fn a_server_that_is_killed_is_a_connection_that_broke() {
    let mut daemon = Daemon::new();
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    let readers = [
        start(&daemon, &["watch", &channel]),
        start(&daemon, &["listen", &channel, &listener]),
    ];
    eventually("they read", || daemon.counters()["streams"] == 2);
    daemon.child.kill().unwrap();
    daemon.wait();
    for reader in readers {
        let output = reader.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        let wanted = "the connection broke: the server has ended\n";
        assert!(said.ends_with(wanted), "{said}");
    }
}

#[test]
fn a_server_that_is_started_again_without_the_channel_has_broken_too() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let watch = start(&daemon, &["watch", &channel]);
    eventually("it watches", || daemon.counters()["streams"] == 1);
    // Stopped, so that it asks the next server.
    let pid = rustix::process::Pid::from_child(&watch);
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let _daemon = daemon.kill_and_restart();
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    assert_eq!(watch.wait_with_output().unwrap().status.code(), Some(3));
}

#[test]
fn a_reader_of_a_full_listener_receives_the_error_even_if_it_reads_late() {
    let daemon = Daemon::with(&["--queue-messages", "10", "--overflow", "disconnect"]);
    let channel = daemon.channel();
    let watch = start(&daemon, &["watch", &channel]);
    eventually("it watches", || daemon.counters()["streams"] == 1);
    let pid = rustix::process::Pid::from_child(&watch);
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let mut sent = 0;
    while daemon.stats(&channel)["overflows"] == 0 {
        daemon.broadcast(&channel, sent..sent + 100);
        sent += 100;
    }
    eventually("the stream ends", || daemon.counters()["streams"] == 0);
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    let output = watch.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("the queues of these listeners are full: "),
        "{said}"
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    for (number, line) in lines.lines().enumerate() {
        assert!(line.contains(&format!("\"data\":{number},")), "{line}");
    }
}

#[test]
fn count_takes_that_number_of_events_and_no_more() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    daemon.dispatch(&channel, &listener, 0..50);
    let data = |output: &Output| -> Vec<u64> {
        let mut lines = BufReader::new(&output.stdout[..]);
        numbers(&mut lines, stdout(output).lines().count())
    };
    for start in [0, 2, 4] {
        let output = daemon.eric(&["listen", &channel, &listener, "--count", "2"]);
        assert_eq!(data(&output), [start, start + 1]);
    }
    let output = daemon.eric(&["listen", &channel, &listener, "--count", "44"]);
    assert_eq!(data(&output), Vec::from_iter(6..50));
    assert_eq!(daemon.stats(&channel)["queued"], 0);
    assert_eq!(daemon.counters()["given_back"], 0);

    let watch = start(&daemon, &["watch", &channel, "--count", "3"]);
    eventually("it watches", || daemon.stats(&channel)["listeners"] == 2);
    daemon.broadcast(&channel, 0..5);
    assert_eq!(data(&watch.wait_with_output().unwrap()), [0, 1, 2]);
    let output = daemon.eric(&["listen", &channel, &listener, "--count", "0"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_server_outlives_the_reader_of_its_log() {
    let mut daemon = Daemon::new();
    let directory = Directory::new();
    let path = directory.0.join("socket");
    let mut command = eric(&path);
    command.args(["serve", "--log", "debug"]);
    daemon.child.kill().unwrap();
    daemon.wait();
    daemon.child = command.stderr(Stdio::piped()).spawn().unwrap();
    daemon.socket = path;
    let mut log = BufReader::new(daemon.child.stderr.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    assert!(line.contains("listening"), "{line}");
    drop(log);
    daemon.is_well();
    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn a_failure_is_a_code_even_if_nobody_hears_why() {
    let directory = Directory::new();
    let mut command = eric(&directory.0.join("nobody"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = command.arg("stats").stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(3));
}

#[test]
fn counters_are_one_line_of_json() {
    let daemon = Daemon::new();
    let stats = stdout(&daemon.eric(&["stats"]));
    assert_eq!(stats.lines().count(), 1);
    let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
    assert_eq!(stats["channels"], serde_json::json!([]));
}

#[test]
fn help_has_examples_exit_codes_and_defaults() {
    let daemon = Daemon::new();
    let help = stdout(&daemon.eric(&["--help"]));
    for word in [
        "Examples:",
        "Exit codes:",
        "ERIC_SOCKET",
        "broadcast",
        "register",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let help = stdout(&daemon.eric(&["serve", "--help"]));
    for word in [
        "1048576",
        "4096",
        "drop-oldest",
        "same-user",
        "65536",
        "16777216",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
}
