//! The processes that are served, by their user and group. Tests that need two users run as root.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::thread::yield_now;

use super::support::*;

const OTHER: u32 = 65_534;

/// Asks for the counters as somebody else, of a group of their own or of another one.
fn ask_as_nobody(daemon: &Daemon, group: u32) -> (Option<i32>, String) {
    let directory = Directory::new();
    let copy = directory.0.join("eric");
    fs::copy(env!("CARGO_BIN_EXE_eric"), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = std::process::Command::new(&copy);
    command.arg("stats").env("ERIC_SOCKET", &daemon.socket);
    command.uid(65_534).gid(group);
    // Busy for as long as another test's process that is just being started has a copy of what
    // wrote it.
    let output = loop {
        match command.output() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => yield_now(),
            output => break output.unwrap(),
        }
    };
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn other_users_are_refused_unless_everybody_may_come() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let daemon = Daemon::new();
    assert_eq!(
        ask_as_nobody(&daemon, OTHER).0,
        Some(3),
        "by the mode of the file"
    );
    fs::set_permissions(&daemon.socket, fs::Permissions::from_mode(0o666)).unwrap();
    let (code, said) = ask_as_nobody(&daemon, OTHER);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("ForbiddenException"), "{said}");
    daemon.is_well();

    let daemon = Daemon::with(&["--peers", "everybody"]);
    let (code, said) = ask_as_nobody(&daemon, OTHER);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn the_server_s_group_is_served_where_it_may_come_and_no_other_is() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let own = rustix::process::getegid().as_raw();
    let daemon = Daemon::with(&["--peers", "same-group"]);
    let (code, said) = ask_as_nobody(&daemon, own);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(ask_as_nobody(&daemon, OTHER).0, Some(3), "by the mode");
    fs::set_permissions(&daemon.socket, fs::Permissions::from_mode(0o666)).unwrap();
    let (code, said) = ask_as_nobody(&daemon, OTHER);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("ForbiddenException"), "{said}");

    let daemon = Daemon::new();
    fs::set_permissions(&daemon.socket, fs::Permissions::from_mode(0o666)).unwrap();
    let (code, said) = ask_as_nobody(&daemon, own);
    assert_eq!(code, Some(1), "the group alone is not enough: {said}");
}

#[test]
fn the_server_s_own_user_is_always_served() {
    for peers in ["same-user", "same-group", "everybody"] {
        Daemon::with(&["--peers", peers]).is_well();
    }
}
