//! The socket file: private, and nobody else's.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use eric_sse::server::{Peers, ServerOptions, SocketServer};

use super::support::*;

fn mode(path: &std::path::Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_file_is_private_from_its_first_instant() {
    let directory = Directory::new();
    let path = directory.0.join("socket");
    let (done, seen) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if let Ok(metadata) = fs::symlink_metadata(&path) {
                    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
                    seen.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let mut rounds = 0;
        eventually("the file is seen often", || {
            drop(SocketServer::bind(&path, ServerOptions::default()).unwrap());
            rounds += 1;
            rounds >= 300 && seen.load(Ordering::Relaxed) >= 20
        });
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn the_mode_is_that_of_who_may_connect() {
    let directory = Directory::new();
    let path = directory.0.join("socket");
    for (peers, wanted) in [
        (Peers::SameUser, 0o600),
        (Peers::SameGroup, 0o660),
        (Peers::Everybody, 0o666),
    ] {
        let options = ServerOptions {
            peers,
            ..ServerOptions::default()
        };
        let _server = SocketServer::bind(&path, options).unwrap();
        assert_eq!(mode(&path), wanted, "{peers:?}");
    }
}

#[test]
fn a_live_server_is_not_taken_over() {
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let output = daemon.eric(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another server"));
    assert_eq!(daemon.listener(&channel).len(), 36);
}

#[test]
fn a_server_that_accepts_nobody_is_alive_all_the_same() {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};
    let directory = Directory::new();
    let path = directory.0.join("socket");
    let hung = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&hung, &SocketAddrUnix::new(&path).unwrap()).unwrap();
    listen(&hung, 0).unwrap();
    // The one that waits to be accepted; a second one would block.
    let _waiting = UnixStream::connect(&path).unwrap();
    let error = SocketServer::bind(&path, ServerOptions::default()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(path.exists());
}

#[test]
fn of_servers_that_start_at_once_one_serves() {
    let directory = Directory::new();
    let path = directory.0.join("socket");
    // A dead server's file, which all of them want to replace.
    drop(UnixListener::bind(&path).unwrap());
    let mut children: Vec<_> = (0..8)
        .map(|_| {
            eric(&path)
                .arg("serve")
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut running = Vec::new();
    let start = std::time::Instant::now();
    while children.len() > 1 && start.elapsed() < PATIENCE {
        for mut child in std::mem::take(&mut children) {
            match child.try_wait().unwrap() {
                Some(status) => assert_eq!(status.code(), Some(1)),
                None => running.push(child),
            }
        }
        children.append(&mut running);
        thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(children.len(), 1);
    UnixStream::connect(&path).unwrap();
    children[0].kill().unwrap();
    children[0].wait().unwrap();
}

#[test]
fn a_dead_server_s_file_is_replaced() {
    let directory = Directory::new();
    let path = directory.0.join("socket");
    drop(UnixListener::bind(&path).unwrap());
    let server = SocketServer::bind(&path, ServerOptions::default()).unwrap();
    UnixStream::connect(&path).unwrap();
    drop(server);
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_not_a_socket_is_left_alone() {
    let directory = Directory::new();
    let [file, folder, link] = ["file", "folder", "link"].map(|name| directory.0.join(name));
    fs::write(&file, "precious").unwrap();
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for path in [&file, &folder, &link] {
        let output = eric(path).arg("serve").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("not a socket"));
    }
    assert_eq!(fs::read_to_string(&link).unwrap(), "precious");
    assert!(folder.is_dir());
}

#[test]
fn another_server_s_file_is_not_removed_at_the_end() {
    let directory = Directory::new();
    let path = directory.0.join("socket");
    let server = SocketServer::bind(&path, ServerOptions::default()).unwrap();
    fs::rename(&path, directory.0.join("old")).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(server);
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
}

/// The number of a file that was removed is given to the next one, as a rule: it is not to be taken
/// for the same.
#[test]
fn a_file_in_place_of_one_that_was_removed_by_hand_is_not_removed_at_the_end() {
    for _ in 0..10 {
        let mut daemon = Daemon::new();
        fs::remove_file(&daemon.socket).unwrap();
        let _other = UnixListener::bind(&daemon.socket).unwrap();
        daemon.signal(rustix::process::Signal::TERM);
        assert!(daemon.wait().success());
        assert!(daemon.socket.exists());
    }
}

#[test]
fn another_server_may_start_while_this_one_sees_its_readers_off() {
    let mut daemon = Daemon::with(&["--grace", "50"]);
    let channel = daemon.channel();
    let stalled = daemon.watch(&channel, 1);
    let payload = "x".repeat(900_000);
    daemon.ask(format!(r#"{{"t":"t","p":"{payload}"}}"#));
    daemon.signal(rustix::process::Signal::TERM);
    eventually("the path is free", || !daemon.socket.exists());
    let next = SocketServer::bind(&daemon.socket, ServerOptions::default()).unwrap();
    daemon.signal(rustix::process::Signal::TERM);
    assert!(daemon.wait().success());
    assert_eq!(mode(&daemon.socket), 0o600, "it is the next server's");
    drop((stalled, next));
}
