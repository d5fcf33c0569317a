//! Load for a socket server, ours or another one that speaks its protocol. `npm run bench:socket`
//! runs it.
//!
//! `socket-load requests PATH COUNT AT-ONCE` dispatches, one connection for each request;
//! `socket-load pipelined PATH COUNT` does so on one connection;
//! `socket-load fan-out PATH COUNT WATCHERS`, and `fan-out-pipelined`, broadcast to watchers. Each
//! prints how many requests, or messages that arrived, there were per second.

#[cfg(unix)]
mod load {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use rustix::net::{RecvFlags, recv};

    /// Ends the process if it takes longer: a server that hangs is found out.
    pub fn watch_over(patience: Duration) {
        thread::spawn(move || {
            thread::sleep(patience);
            eprintln!("not done within {} seconds", patience.as_secs());
            std::process::exit(1);
        });
    }

    fn connect(path: &str) -> UnixStream {
        UnixStream::connect(path).expect("the server is there")
    }

    /// Asks as the Python client does: one connection, one request, the end of the writing side.
    fn begin(path: &str, request: &str) -> UnixStream {
        let mut stream = connect(path);
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        stream
    }

    fn ask(path: &str, request: &str) -> String {
        let mut answer = String::new();
        begin(path, request).read_to_string(&mut answer).unwrap();
        answer
    }

    fn per_second(count: u64, start: Instant) -> f64 {
        count as f64 / start.elapsed().as_secs_f64()
    }

    /// A request that dispatches to a new listener.
    fn dispatch(path: &str) -> String {
        let channel = ask(path, r#"{"v":"c"}"#);
        let listener = ask(path, &format!(r#"{{"v":"r","c":"{channel}"}}"#));
        format!(
            r#"{{"v":"d","c":"{channel}","r":"{listener}","t":"price","p":{{"symbol":"ABC","value":12.5}}}}"#
        )
    }

    /// Asks from as many threads as the server leaves processors, up to two: more than a client and
    /// a server at once only take turns.
    pub fn requests(path: &str, count: u64, at_once: u64) -> f64 {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let threads = processors.saturating_sub(1).clamp(1, 2) as u64;
        let request = dispatch(path);
        let rounds = count / at_once / threads;
        let start = Instant::now();
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| ask_in_groups(path, &request, rounds, at_once));
            }
        });
        per_second(rounds * at_once * threads, start)
    }

    /// Begins a group before it reads the answers of the one before: so neither the client nor the
    /// server waits for the other to be woken.
    fn ask_in_groups(path: &str, request: &str, rounds: u64, at_once: u64) {
        let mut asked = Vec::new();
        for _ in 0..rounds {
            let next = (0..at_once).map(|_| begin(path, request)).collect();
            std::mem::replace(&mut asked, next)
                .iter()
                .for_each(read_ack);
        }
        asked.iter().for_each(read_ack);
    }

    /// Reads to the end.
    fn read_ack(stream: &UnixStream) {
        let mut answer = [0; 64];
        // In one call: what comes is shorter than the buffer, so that the call returns at the end.
        let (length, _) = recv(stream, &mut answer[..], RecvFlags::WAITALL).unwrap();
        assert_eq!(&answer[..length], b"ack");
    }

    pub fn pipelined(path: &str, count: u64) -> f64 {
        let request = format!("{}\n", dispatch(path));
        let start = Instant::now();
        send_all(path, &request, count);
        per_second(count, start)
    }

    /// Sends on one connection, and reads every answer.
    fn send_all(path: &str, request: &str, count: u64) {
        const AT_ONCE: usize = 256;
        let mut writer = connect(path);
        let reader = BufReader::with_capacity(64 * 1024, writer.try_clone().unwrap());
        thread::scope(|scope| {
            scope.spawn(move || {
                let many = request.repeat(AT_ONCE);
                let mut left = count as usize;
                while left > 0 {
                    let now = left.min(AT_ONCE);
                    writer
                        .write_all(&many.as_bytes()[..now * request.len()])
                        .unwrap();
                    left -= now;
                }
                writer.shutdown(Shutdown::Write).unwrap();
            });
            let mut answers = 0;
            for line in reader.lines() {
                assert_eq!(line.unwrap(), "ack");
                answers += 1;
            }
            assert_eq!(answers, count);
        });
    }

    pub fn fan_out(path: &str, watchers: usize, count: u64, on_one_connection: bool) -> f64 {
        let channel = ask(path, r#"{"v":"c"}"#);
        let request = format!(
            r#"{{"v":"b","c":"{channel}","t":"price","p":{{"symbol":"ABC","value":12.5}}}}"#
        );
        let counts: Vec<Arc<AtomicU64>> = (0..watchers).map(|_| Arc::default()).collect();
        let streams: Vec<UnixStream> = counts
            .iter()
            .map(|count| watch(path, &channel, count.clone()))
            .collect();
        let least = || {
            counts
                .iter()
                .map(|count| count.load(Ordering::Relaxed))
                .min()
                .unwrap()
        };
        let most = || {
            counts
                .iter()
                .map(|count| count.load(Ordering::Relaxed))
                .max()
                .unwrap()
        };

        // A watcher is not told when it is one: they are once each has got something. Then all are
        // to be quiet.
        while least() == 0 {
            assert_eq!(ask(path, &request), "ack");
            thread::sleep(Duration::from_millis(50));
        }
        let mut seen = most();
        loop {
            thread::sleep(Duration::from_millis(500));
            if most() == seen {
                break;
            }
            seen = most();
        }
        let before: Vec<u64> = counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect();

        let start = Instant::now();
        if on_one_connection {
            send_all(path, &format!("{request}\n"), count);
        } else {
            for _ in 0..count {
                assert_eq!(ask(path, &request), "ack");
            }
        }
        for (now, before) in counts.iter().zip(before) {
            while now.load(Ordering::Relaxed) < before + count {
                thread::sleep(Duration::from_micros(200));
            }
        }
        let rate = per_second(count * watchers as u64, start);
        for stream in streams {
            let _ = stream.shutdown(Shutdown::Both);
        }
        rate
    }

    /// Counts the lines that a watcher gets.
    fn watch(path: &str, channel: &str, count: Arc<AtomicU64>) -> UnixStream {
        let stream = begin(path, &format!(r#"{{"v":"w","c":"{channel}"}}"#));
        let mut reader = stream.try_clone().unwrap();
        thread::Builder::new()
            .stack_size(256 * 1024)
            .spawn(move || {
                let mut bytes = vec![0; 64 * 1024];
                while let Ok(read @ 1..) = reader.read(&mut bytes) {
                    let lines = bytes[..read].iter().filter(|byte| **byte == b'\n').count();
                    count.fetch_add(lines as u64, Ordering::Relaxed);
                }
            })
            .unwrap();
        stream
    }
}

#[cfg(unix)]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // The shorter the path, the less of each connection is looking it up.
    let path = std::path::Path::new(arguments[1]);
    std::env::set_current_dir(path.parent().expect("it is absolute")).expect("it is there");
    let file = path.file_name().and_then(|name| name.to_str());
    let path = file.expect("it has a name");
    load::watch_over(std::time::Duration::from_secs(60));
    let number = |text: &str| text.parse().expect("a number");
    let rate = match arguments[..] {
        ["requests", _, count, at_once, ..] => load::requests(path, number(count), number(at_once)),
        ["pipelined", _, count, ..] => load::pipelined(path, number(count)),
        ["fan-out", _, count, watchers, ..] => {
            load::fan_out(path, number(watchers) as usize, number(count), false)
        }
        ["fan-out-pipelined", _, count, watchers, ..] => {
            load::fan_out(path, number(watchers) as usize, number(count), true)
        }
        _ => panic!("the arguments are those that `npm run bench:socket` gives"),
    };
    println!("{rate:.0}");
}

#[cfg(not(unix))]
fn main() {}
