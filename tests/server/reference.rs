//! The reference pages of the protocol and the command: their examples run, and their tables are
//! those of the sources.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::support::*;

const PROTOCOL: &str = include_str!("../../docs/reference/socket-protocol.md");
const COMMAND: &str = include_str!("../../docs/reference/command.md");
const DOCS: &str = include_str!("../../src/server/mod.rs");

/// Returns the lines of a terminal.
fn terminal(name: &str) -> Vec<&'static str> {
    let start = format!("<!-- terminal: {name} -->\n```console\n");
    let (_, rest) = COMMAND.split_once(&*start).expect(name);
    let (lines, _) = rest.split_once("```").expect("it ends");
    lines.lines().collect()
}

/// Returns a terminal's commands, each with what it prints.
fn commands(name: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in terminal(name) {
        match line.strip_prefix("$ ") {
            Some(command) => commands.push((command, Vec::new())),
            None => commands.last_mut().expect("a command").1.push(line),
        }
    }
    commands
}

/// A shell that finds `eric`, with the socket of the page in a directory of the test.
fn shell(script: &str, directory: &Directory) -> Command {
    let socket = directory.0.join("socket");
    let script = script.replace("/tmp/eric.sock", socket.to_str().unwrap());
    let eric = std::path::Path::new(env!("CARGO_BIN_EXE_eric"));
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-euc", &script])
        .env(
            "PATH",
            format!("{}:{path}", eric.parent().unwrap().display()),
        )
        .env_remove("ERIC_LOG");
    command
}

/// Replaces the epoch of an event's id, which is random.
fn without_epoch(line: &str) -> String {
    match line.split_once(",\"id\":\"") {
        Some((head, id)) => format!("{head},\"id\":\"…{}", &id[12..]),
        None => line.into(),
    }
}

#[test]
fn the_two_terminals_of_the_page_do_what_it_shows() {
    let directory = Directory::new();
    let server = commands("server");
    let script: Vec<&str> = server.iter().map(|(command, _)| *command).collect();
    // The server takes the place of the shell, so that it is the process that is ended.
    let script = script.join("\n").replace("eric serve", "exec eric serve");
    let mut server_shell = shell(&script, &directory)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(server_shell.stderr.take().unwrap());
    let mut said = String::new();
    log.read_line(&mut said).unwrap();
    let shown = server.last().unwrap().1[0];
    let behind_time = |line: &str| line.split_once("Z ").unwrap().1.to_owned();
    let said = said.replace(
        directory.0.join("socket").to_str().unwrap(),
        "/tmp/eric.sock",
    );
    assert_eq!(behind_time(said.trim_end()), behind_time(shown));

    let clients = commands("clients");
    assert!(
        clients
            .iter()
            .filter(|(command, _)| command.contains("eric "))
            .count()
            >= 5
    );
    // A line separates what two commands print.
    let script: Vec<String> = clients
        .iter()
        .map(|(command, _)| format!("{command}\necho --"))
        .collect();
    let output = shell(&script.join("\n"), &directory).output().unwrap();
    server_shell.kill().unwrap();
    server_shell.wait().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<String> = printed.lines().map(without_epoch).collect();
    let shown: Vec<String> = clients
        .iter()
        .flat_map(|(_, lines)| lines.iter().chain([&"--"]))
        .map(|line| without_epoch(line))
        .collect();
    assert_eq!(printed, shown);
}

#[test]
fn the_page_has_the_protocol_of_the_sources() {
    let rows = DOCS.lines().filter(|line| line.starts_with("//! | "));
    let rows: Vec<&str> = rows.map(|line| &line["//! ".len()..]).collect();
    assert!(rows.len() > 10);
    for row in rows {
        assert!(PROTOCOL.lines().any(|line| line == row), "{row}");
    }
}

#[test]
fn the_page_has_every_option_with_its_default() {
    let output = eric(std::path::Path::new("nowhere"))
        .args(["serve", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let mut options: Vec<(String, String)> = Vec::new();
    for line in help.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("--") {
            let name = name.split(' ').next().unwrap();
            options.push((format!("--{name}"), String::new()));
        }
        if let Some((_, default)) = line.split_once("[default: ") {
            options.last_mut().unwrap().1 = default.trim_end_matches(']').into();
        }
    }
    options.retain(|(name, _)| !matches!(&**name, "--socket" | "--log"));
    assert_eq!(options.len(), 11, "{options:?}");
    for (name, default) in options {
        let start = format!("| `{name}` | ");
        let row = COMMAND.lines().find_map(|line| line.strip_prefix(&*start));
        let shown = row.expect(&name).split(" | ").next().unwrap();
        assert_eq!(shown.replace(',', ""), default, "{name}");
    }
}

#[test]
fn the_exchange_of_the_page_is_what_the_server_answers() {
    let (_, rest) = PROTOCOL.split_once("<!-- exchange -->\n```\n").unwrap();
    let (lines, _) = rest.split_once("```").unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    let daemon = Daemon::new();
    for exchange in lines.chunks(2) {
        let request = exchange[0].strip_prefix("> ").unwrap();
        let answer = exchange[1].strip_prefix("< ").unwrap();
        assert_eq!(daemon.ask(request).trim_end(), answer, "{request}");
    }
    assert!(lines.len() >= 12);
}

#[test]
fn the_page_has_every_verb_and_no_other() {
    let daemon = Daemon::new();
    let (_, unknown) = error(&daemon.ask(r#"{"v":"x"}"#));
    let (_, verbs) = unknown.split_once("it is one of ").unwrap();
    let mut verbs: Vec<&str> = verbs
        .split(", ")
        .flat_map(|verb| verb.split(" and "))
        .collect();
    let rows = DOCS.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let mut shown: Vec<&str> = rows.map(|row| row.split('`').next().unwrap()).collect();
    verbs.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, verbs);
}

#[test]
fn the_page_has_every_command() {
    let output = eric(std::path::Path::new("nowhere"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\nOptions:").unwrap();
    let names = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = names
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 9, "{commands}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let row = format!("| `eric {name}");
        assert!(COMMAND.lines().any(|line| line.starts_with(&row)), "{name}");
    }
}
