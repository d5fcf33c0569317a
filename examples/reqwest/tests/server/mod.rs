//! A server of one channel, which cuts its connections at random bytes.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use eric_sse::{History, QueueLimit, RegisterOptions, SseChannel, SseOptions};
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
    Transfer-Encoding: chunked\r\n\r\n";
const SEED: u64 = 0x5eed;

/// A channel that keeps all that a test sends.
pub fn channel() -> SseChannel {
    let history = History {
        messages: 1_000_000,
        bytes: 1 << 30,
        milliseconds: f64::INFINITY,
    };
    SseChannel::with_options(SseOptions {
        retry_timeout: Duration::from_millis(1),
        history,
        ..SseOptions::default()
    })
}

pub struct Server {
    url: String,
    inner: Rc<Inner>,
}

struct Inner {
    channel: SseChannel,
    /// How many connections are still to be cut; `None` for a server that cuts none.
    to_cut: Cell<usize>,
    cuts: Cell<usize>,
    random: Cell<u64>,
    requests: RefCell<Vec<String>>,
}

impl Server {
    /// Serves a channel, in the local tasks of this thread.
    pub async fn start(channel: SseChannel, cuts: Option<usize>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let inner = Rc::new(Inner {
            channel,
            to_cut: Cell::new(cuts.unwrap_or(0)),
            cuts: Cell::new(0),
            random: Cell::new(SEED),
            requests: RefCell::default(),
        });
        let server = inner.clone();
        spawn_local(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let server = server.clone();
                // A client that leaves is no failure of the server.
                spawn_local(async move { server.answer(socket).await.ok() });
            }
        });
        Self { url, inner }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many connections were cut.
    pub fn cuts(&self) -> usize {
        self.inner.cuts.get()
    }

    /// The first lines of all requests.
    pub fn requests(&self) -> Vec<String> {
        self.inner.requests.borrow().clone()
    }
}

impl Inner {
    async fn answer(&self, mut socket: TcpStream) -> io::Result<()> {
        let head = read_head(&mut socket).await?;
        let (line, headers) = head.split_once("\r\n").unwrap_or_default();
        self.requests.borrow_mut().push(line.to_owned());
        // reqwest writes names in lower case.
        let id = headers
            .lines()
            .find_map(|line| line.strip_prefix("last-event-id: "));
        let options = RegisterOptions {
            limit: Some(QueueLimit::NETWORK),
            ..RegisterOptions::default()
        };
        let Ok(mut body) = self.channel.watch_bytes_with(options, id) else {
            // The channel is closed, and its last event has been sent.
            return socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        };
        let mut left = self.bytes_to_cut_after();
        let mut part = HEAD.as_bytes().to_vec();
        loop {
            if let Some(left) = &mut left {
                if *left <= part.len() {
                    socket.write_all(&part[..*left]).await?;
                    return self.cut(socket);
                }
                *left -= part.len();
            }
            socket.write_all(&part).await?;
            let Some(chunk) = body.next().await else {
                return socket.write_all(b"0\r\n\r\n").await;
            };
            part = format!("{:x}\r\n", chunk.len()).into_bytes();
            part.extend_from_slice(&chunk);
            part.extend_from_slice(b"\r\n");
        }
    }

    /// Decides whether a connection is to be cut, and after how many bytes.
    fn bytes_to_cut_after(&self) -> Option<usize> {
        let to_cut = self.to_cut.get().checked_sub(1)?;
        self.to_cut.set(to_cut);
        Some(self.below(2000))
    }

    /// Cuts a connection: half of them by a FIN, the others by an RST.
    fn cut(&self, socket: TcpStream) -> io::Result<()> {
        self.cuts.set(self.cuts.get() + 1);
        if self.below(2) == 0 {
            socket.set_zero_linger()?;
        }
        Ok(())
    }

    /// A random number below a bound (xorshift).
    fn below(&self, bound: u64) -> usize {
        let mut number = self.random.get();
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        self.random.set(number);
        (number % bound) as usize
    }
}

async fn read_head(socket: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if socket.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
