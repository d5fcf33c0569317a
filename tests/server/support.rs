//! Shared by the tests: a server in a process and a directory of its own, and raw connections to
//! it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use serde_json::Value;

/// How long anything may take that is to happen: far longer than it takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A directory that is removed when it is dropped.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("eric-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running `eric serve`, which is killed when it is dropped.
pub struct Daemon {
    pub socket: PathBuf,
    pub child: Child,
    log: PathBuf,
    directory: Directory,
}

/// Returns the command with a socket, and nothing of it from the environment.
pub fn eric(socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eric"));
    command.env("ERIC_SOCKET", socket).env_remove("ERIC_LOG");
    command
}

impl Daemon {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// Starts a server with arguments, and waits until it listens.
    pub fn with(arguments: &[&str]) -> Self {
        Self::at(Directory::new(), arguments)
    }

    fn at(directory: Directory, arguments: &[&str]) -> Self {
        let (socket, log) = (directory.0.join("socket"), directory.0.join("log"));
        let child = eric(&socket)
            .arg("serve")
            .args(arguments)
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let daemon = Self {
            socket,
            child,
            log,
            directory,
        };
        eventually("the server listens", || {
            UnixStream::connect(&daemon.socket).is_ok()
        });
        daemon
    }

    /// Kills the server at once, and starts another one in its place.
    pub fn kill_and_restart(mut self) -> Self {
        self.signal(Signal::KILL);
        self.wait();
        let other = Directory::new();
        let directory = std::mem::replace(&mut self.directory, other);
        Self::at(directory, &[])
    }

    /// Connects.
    pub fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends one request as the reference's client does, and returns the whole answer.
    pub fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_ref()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        text(stream)
    }

    /// Sends a request that opens a stream.
    pub fn open(&self, request: &str) -> BufReader<UnixStream> {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        BufReader::new(stream)
    }

    pub fn channel(&self) -> String {
        self.ask(r#"{"v":"c"}"#)
    }

    pub fn listener(&self, channel: &str) -> String {
        self.ask(format!(r#"{{"v":"r","c":"{channel}"}}"#))
    }

    /// Opens a stream of a listener.
    pub fn listen(&self, channel: &str, listener: &str) -> BufReader<UnixStream> {
        self.open(&format!(r#"{{"v":"l","c":"{channel}","r":"{listener}"}}"#))
    }

    /// Opens watchers of a channel, and waits until they watch.
    pub fn watch(&self, channel: &str, count: usize) -> Vec<BufReader<UnixStream>> {
        let request = format!(r#"{{"v":"w","c":"{channel}"}}"#);
        let before = self.stats(channel)["listeners"].as_u64().unwrap();
        let watchers = (0..count).map(|_| self.open(&request)).collect();
        let wanted = before + count as u64;
        eventually("the watchers watch", || {
            self.stats(channel)["listeners"] == wanted
        });
        watchers
    }

    /// Dispatches the numbers of a range, on one connection.
    pub fn dispatch(&self, channel: &str, listener: &str, numbers: std::ops::Range<u64>) {
        let request = |n| {
            format!(
                "{{\"v\":\"d\",\"c\":\"{channel}\",\"r\":\"{listener}\",\"t\":\"n\",\"p\":{n}}}\n"
            )
        };
        self.pipeline(numbers.map(request));
    }

    /// Broadcasts the numbers of a range, on one connection.
    pub fn broadcast(&self, channel: &str, numbers: std::ops::Range<u64>) {
        let request = |n| format!("{{\"v\":\"b\",\"c\":\"{channel}\",\"t\":\"n\",\"p\":{n}}}\n");
        self.pipeline(numbers.map(request));
    }

    fn pipeline(&self, requests: impl Iterator<Item = String>) {
        let requests: Vec<String> = requests.collect();
        let stream = self.connect();
        let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
        for some in requests.chunks(500) {
            (&stream).write_all(some.concat().as_bytes()).unwrap();
            for _ in some {
                assert_eq!(answers.next().unwrap().unwrap(), "ack");
            }
        }
    }

    /// Returns the counters of a channel.
    pub fn stats(&self, channel: &str) -> Value {
        let answer = self.ask(format!(r#"{{"v":"s","c":"{channel}"}}"#));
        serde_json::from_str(&answer).unwrap()
    }

    /// Returns the counters of the server.
    pub fn counters(&self) -> Value {
        serde_json::from_str(&self.ask(r#"{"v":"s"}"#)).unwrap()
    }

    /// Sees that the server does what it should, whatever happened to others.
    pub fn is_well(&self) {
        let channel = self.channel();
        let listener = self.listener(&channel);
        self.dispatch(&channel, &listener, 0..3);
        let mut stream = self.listen(&channel, &listener);
        assert_eq!(numbers(&mut stream, 3), [0, 1, 2]);
        let removed = self.ask(format!(r#"{{"v":"rc","c":"{channel}"}}"#));
        assert_eq!(removed, "ack");
    }

    /// Runs the command.
    pub fn eric(&self, arguments: &[&str]) -> Output {
        let mut command = eric(&self.socket);
        command.args(arguments).stdin(Stdio::null());
        command.output().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Returns what the server has said on standard error.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Returns a line of the server's `/proc/…/status`, in KiB.
    pub fn memory(&self, line: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).unwrap();
        let line = status.lines().find(|text| text.starts_with(line)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Returns for how long the server has used a core.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// Reads to the end.
pub fn text(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Reads the next event.
pub fn event(stream: &mut impl BufRead) -> Value {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

/// Reads so many events, and returns their data.
pub fn numbers(stream: &mut impl BufRead, count: usize) -> Vec<u64> {
    let mut number = || event(stream)["data"].as_u64().unwrap();
    (0..count).map(|_| number()).collect()
}

/// Returns the code and the text of an error.
#[track_caller]
pub fn error(answer: &str) -> (String, String) {
    let line = answer.strip_suffix('\n').expect("an error is a line");
    let value: Value = serde_json::from_str(line).expect(line);
    let [(key, error)] = &Vec::from_iter(value.as_object().unwrap())[..] else {
        panic!("{line}");
    };
    assert_eq!(*key, "error");
    let field = |name: &str| error[name].as_str().unwrap().to_owned();
    (field("code"), field("message"))
}

/// Allows this process enough descriptors for a thousand connections and their neighbours' in other
/// tests.
pub fn allow_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = Some(maximum.map_or(65_536, |maximum| maximum.min(65_536)));
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}
