//! SocketServer: accepts connections until its end is requested.
//!
//! ## Ending
//!
//! 1. The server removes its socket file, so that another server may start in its place, and stops
//!    accepting.
//! 2. It closes its channels and waits for its connections. A stream delivers what is queued, says
//!    that the channel was closed, and ends. A connection between two requests is closed.
//! 3. A connection that has not ended within the grace period is cut off.

mod admit;
pub(crate) mod peers;
mod socket_file;

use std::io;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::rc::Rc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::timeout;
use tracing::info;

use crate::server::accept::admit::accept;
use crate::server::accept::socket_file::SocketFile;
use crate::server::hub::Hub;
use crate::server::options::ServerOptions;
use crate::server::report::Report;

/// A server on a Unix socket. See the [module](super).
#[derive(Debug)]
pub struct SocketServer {
    file: SocketFile,
    listener: UnixListener,
    options: ServerOptions,
    ending: watch::Sender<bool>,
}

/// Ends a server, from any thread.
#[derive(Clone, Debug)]
pub struct Shutdown {
    ending: watch::Sender<bool>,
}

impl Shutdown {
    /// Requests the server's end. A second request does nothing.
    pub fn shutdown(&self) {
        self.ending.send_replace(true);
    }
}

impl SocketServer {
    /// Creates the socket file and listens. Needs no runtime yet.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if a live server, or a file that is not a socket, is at the path. Otherwise the
    /// system's error.
    pub fn bind(path: impl AsRef<Path>, options: ServerOptions) -> io::Result<Self> {
        let (file, listener) = SocketFile::bind(path.as_ref(), options.peers.mode())?;
        Ok(Self {
            file,
            listener,
            options,
            ending: watch::Sender::new(false),
        })
    }

    /// Returns a handle that ends the server.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown {
            ending: self.ending.clone(),
        }
    }

    /// Serves at a path with the default options until SIGINT or SIGTERM.
    ///
    /// # Errors
    ///
    /// The errors of [`bind`](Self::bind) and [`run`](Self::run).
    pub fn start(path: impl AsRef<Path>) -> io::Result<Report> {
        Self::start_with(path, ServerOptions::default())
    }

    /// Serves at a path until SIGINT or SIGTERM, on a runtime of its own. A second signal ends the
    /// grace period.
    ///
    /// # Errors
    ///
    /// The errors of [`bind`](Self::bind) and [`run`](Self::run).
    pub fn start_with(path: impl AsRef<Path>, options: ServerOptions) -> io::Result<Report> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            // Installed before the socket file exists: a signal that kills the process would leave
            // the file behind.
            let (mut interrupt, mut terminate) = (
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            );
            let server = Self::bind(path, options)?;
            let shutdown = server.shutdown();
            let hurry = async {
                tokio::select! {
                    _ = interrupt.recv() => info!("SIGINT"),
                    _ = terminate.recv() => info!("SIGTERM"),
                }
                shutdown.shutdown();
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            server.run_with(hurry).await
        })
    }

    /// Serves until its end is [requested](Shutdown).
    ///
    /// # Errors
    ///
    /// The system's error if it cannot wait for connections on the socket.
    pub async fn run(self) -> io::Result<Report> {
        self.run_with(std::future::pending()).await
    }

    /// As [`run`](Self::run). The future `hurry` ends the grace period when it is ready.
    async fn run_with(self, hurry: impl Future<Output = ()>) -> io::Result<Report> {
        // Deprecated because a type might close or replace its descriptor, which a listener cannot
        // do. The replacement is unsafe to call.
        #[allow(deprecated)]
        let listener = AsyncFd::with_interest(self.listener, Interest::READABLE)?;
        let hub = Rc::new(Hub::new(self.options));
        info!(path = %self.file.path().display(), "listening");
        let serving = async {
            tokio::pin!(hurry);
            let mut connections = JoinSet::new();
            let mut ending = self.ending.subscribe();
            let accepting = accept(&hub, &listener, &mut connections, &self.ending);
            let hurried = tokio::select! {
                never = accepting => match never {},
                _ = ending.wait_for(|ending| *ending) => false,
                () = &mut hurry => true,
            };
            self.ending.send_replace(true);
            // In this order: while the socket is bound, no other file has its inode number.
            drop(self.file);
            drop(listener);
            let hurry = async {
                if !hurried {
                    hurry.await;
                }
            };
            let report = finish(&hub, connections, hurry).await;
            info!(%report, "ended");
            report
        };
        Ok(LocalSet::new().run_until(serving).await)
    }
}

/// Closes the channels and waits for the connections, at most for the grace period.
async fn finish(hub: &Hub, mut connections: JoinSet<()>, hurry: impl Future) -> Report {
    let (channels, streams) = (hub.channels(), hub.counters.streams.get());
    let discarded = || {
        channels
            .iter()
            .map(|channel| channel.stats().tally.discarded)
    };
    let before: u64 = discarded().sum();
    hub.close();
    let finished = async { while connections.join_next().await.is_some() {} };
    tokio::select! {
        biased;
        _ = timeout(hub.options.grace, finished) => {}
        _ = hurry => {}
    }
    let cut_off = hub.counters.streams.get();
    // Aborted: messages that their readers have not received are queued again, and counted below.
    connections.shutdown().await;
    let queued: u64 = channels.iter().map(|channel| channel.stats().queued).sum();
    Report {
        connections: hub.counters.admitted.get(),
        requests: hub.counters.requests.get(),
        refused: hub.counters.refused.get(),
        streams,
        cut_off,
        undelivered: queued + discarded().sum::<u64>() - before,
    }
}
