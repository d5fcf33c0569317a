//! SocketServer: accepts connections until it is told to end.
//!
//! ## Ending
//!
//! The server removes its socket file, so that another one may start in its place, and stops to accept. It closes its channels
//! and waits for its connections: streams pass on what is queued, say that the channel was closed, and end; who is between
//! two requests is hung up on. Who has not ended within the grace period is cut off.

pub(crate) mod peers;
mod socket_file;

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use crate::server::accept::peers::Gate;
use crate::server::accept::socket_file::SocketFile;
use crate::server::connection;
use crate::server::hub::Hub;
use crate::server::options::ServerOptions;
use crate::server::protocol::refusal::Refusal;
use crate::server::report::Report;
use crate::server::report::count;

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
    /// Tells the server to end. Does nothing if it has been told before.
    pub fn shutdown(&self) {
        self.ending.send_replace(true);
    }
}

impl SocketServer {
    /// Makes the socket file and listens. Needs no runtime yet.
    ///
    /// # Errors
    ///
    /// `AddrInUse` when a live server or something that is no socket is at the path; whatever the system says otherwise.
    pub fn bind(path: impl AsRef<Path>, options: ServerOptions) -> io::Result<Self> {
        let (file, listener) = SocketFile::bind(path.as_ref(), options.peers.mode())?;
        Ok(Self {
            file,
            listener,
            options,
            ending: watch::Sender::new(false),
        })
    }

    /// Returns what ends the server.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown {
            ending: self.ending.clone(),
        }
    }

    /// Serves at a path with the default options until SIGINT or SIGTERM.
    ///
    /// # Errors
    ///
    /// As those of [`bind`](Self::bind) and [`run`](Self::run).
    pub fn start(path: impl AsRef<Path>) -> io::Result<Report> {
        Self::start_with(path, ServerOptions::default())
    }

    /// Serves at a path until SIGINT or SIGTERM, on a runtime of its own. A second signal ends the grace period.
    ///
    /// # Errors
    ///
    /// As those of [`bind`](Self::bind) and [`run`](Self::run).
    pub fn start_with(path: impl AsRef<Path>, options: ServerOptions) -> io::Result<Report> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            // Heard before there is a socket file, which a process that they kill would leave behind.
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

    /// Serves until it is [told](Shutdown) to end.
    ///
    /// # Errors
    ///
    /// What the system says when the socket cannot be listened to.
    pub async fn run(self) -> io::Result<Report> {
        self.run_with(std::future::pending()).await
    }

    /// As [`run`](Self::run), with something that ends the grace period early.
    async fn run_with(self, hurry: impl Future<Output = ()>) -> io::Result<Report> {
        // Deprecated for what could close its descriptor or change it, which a listener cannot; what is to replace it is
        // unsafe to call.
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
            // In this order: while a socket is bound no other file has its number.
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

/// Nothing comes of accepting.
enum Never {}

async fn accept(
    hub: &Rc<Hub>,
    listener: &AsyncFd<UnixListener>,
    connections: &mut JoinSet<()>,
    ending: &watch::Sender<bool>,
) -> Never {
    /// Others get their turn after so many connections.
    const TURN: usize = 16;
    let gate = Gate::new(hub.options.peers);
    loop {
        let ready = tokio::select! {
            ready = listener.readable() => ready,
            // The finished ones are taken out as they finish, or the set would grow.
            Some(_) = connections.join_next() => continue,
        };
        let accepted = ready.and_then(|mut ready| {
            for _ in 0..TURN {
                match ready.try_io(|listener| accept_one(listener.get_ref())) {
                    Ok(Ok(socket)) => admit(hub, &gate, socket, connections, ending),
                    Ok(Err(error)) => return Err(error),
                    // Nobody is left.
                    Err(_) => break,
                }
            }
            Ok(())
        });
        if let Err(error) = accepted {
            // Out of descriptors, most likely: those who have one go on.
            warn!(%error, "cannot accept");
            sleep(Duration::from_millis(50)).await;
        }
        while connections.try_join_next().is_some() {}
        tokio::task::yield_now().await;
    }
}

/// Accepts a connection, without asking where it comes from: clients have no address.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn accept_one(listener: &UnixListener) -> io::Result<UnixStream> {
    use rustix::net::{SocketFlags, accept_with};
    Ok(accept_with(listener, SocketFlags::CLOEXEC)?.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn accept_one(listener: &UnixListener) -> io::Result<UnixStream> {
    Ok(listener.accept()?.0)
}

/// Serves a connection: at once or, if it is not over then, by a task.
fn admit(
    hub: &Rc<Hub>,
    gate: &Gate,
    socket: UnixStream,
    connections: &mut JoinSet<()>,
    ending: &watch::Sender<bool>,
) {
    match gate.admits(&socket) {
        Ok(true) => {}
        Ok(false) => {
            warn!("refused a process of another user");
            return turn_away(hub, socket, &Refusal::forbidden(), connections);
        }
        // It has left.
        Err(_) => return,
    }
    let open = &hub.counters.connections;
    let most = hub.options.connections;
    if open.get() >= most as u64 {
        warn!(most, "refused a connection");
        let refusal = Refusal::limit(format_args!("there are {most} connections"));
        return turn_away(hub, socket, &refusal, connections);
    }
    count(&hub.counters.admitted, 1);
    let open = Open::new(hub);
    let opened = match connection::answer_at_once(hub, socket) {
        Ok(Some(opened)) => opened,
        Ok(None) => return,
        Err(error) => return debug!(%error, "connection failed"),
    };
    let ending = ending.subscribe();
    connections.spawn_local(async move {
        if let Err(error) = opened.serve(ending).await {
            debug!(%error, "connection failed");
        }
        drop(open);
    });
}

/// Says why a client is turned away, and keeps its socket for a moment: a client that was just about to write would be told that
/// the connection broke, and not why. Only so many are kept.
fn turn_away(hub: &Hub, socket: UnixStream, refusal: &Refusal, connections: &mut JoinSet<()>) {
    const KEPT: usize = 64;
    const MOMENT: Duration = Duration::from_millis(200);
    connection::turn_away(hub, &socket, refusal);
    let _ = socket.shutdown(std::net::Shutdown::Write);
    if connections.len() < hub.options.connections.saturating_add(KEPT) {
        connections.spawn_local(async move {
            sleep(MOMENT).await;
            drop(socket);
        });
    }
}

/// Counts a connection for as long as it is open.
struct Open(Rc<Hub>);

impl Open {
    fn new(hub: &Rc<Hub>) -> Self {
        count(&hub.counters.connections, 1);
        Self(hub.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let open = &self.0.counters.connections;
        open.set(open.get() - 1);
    }
}

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
    // Aborted: what their readers have not got is given back, and counted below.
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
