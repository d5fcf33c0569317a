//! The README's section on the server: its commands run, and its tables are those of the sources.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::support::*;

const README: &str = include_str!("../../README.md");
const DOCS: &str = include_str!("../../src/server/mod.rs");

/// Returns the lines of a terminal.
fn terminal(name: &str) -> Vec<&'static str> {
    let start = format!("<!-- terminal: {name} -->\n```console\n");
    let (_, rest) = README.split_once(&*start).expect(name);
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

/// A shell that finds `eric`, with the socket of the README in a directory of the test.
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

/// Makes the epoch of an event's id, which is random, that of all.
fn without_epoch(line: &str) -> String {
    match line.split_once(",\"id\":\"") {
        Some((head, id)) => format!("{head},\"id\":\"…{}", &id[12..]),
        None => line.into(),
    }
}

#[test]
fn the_two_terminals_of_the_readme_do_what_it_shows() {
    let directory = Directory::new();
    let server = commands("server");
    let script: Vec<&str> = server.iter().map(|(command, _)| *command).collect();
    // In place of the shell, so that it is the one that is ended.
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
    // A line between what two of them print.
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
fn the_readme_has_the_protocol_of_the_sources() {
    let rows = DOCS.lines().filter(|line| line.starts_with("//! | "));
    let rows: Vec<&str> = rows.map(|line| &line["//! ".len()..]).collect();
    assert!(rows.len() > 10);
    for row in rows {
        assert!(README.lines().any(|line| line == row), "{row}");
    }
}

#[test]
fn the_readme_has_every_option_with_its_default() {
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
        let row = README.lines().find_map(|line| line.strip_prefix(&*start));
        let shown = row.expect(&name).split(" | ").next().unwrap();
        assert_eq!(shown.replace(',', ""), default, "{name}");
    }
}
