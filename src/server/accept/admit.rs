//! Accepting: which connections are served, and the answers to the others.

use std::convert::Infallible;
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::server::accept::peers::Gate;
use crate::server::connection::at_once;
use crate::server::hub::Hub;
use crate::server::protocol::refusal::Refusal;
use crate::server::report::count;

/// Accepts connections, and serves them as tasks of a set.
pub(super) async fn accept(
    hub: &Rc<Hub>,
    listener: &AsyncFd<UnixListener>,
    connections: &mut JoinSet<()>,
    ending: &watch::Sender<bool>,
) -> Infallible {
    /// Other tasks get their turn after this number of connections.
    const TURN: usize = 16;
    let gate = Gate::new(hub.options.peers);
    loop {
        let ready = tokio::select! {
            ready = listener.readable() => ready,
            // Finished tasks are taken out as they finish. Otherwise the set would grow.
            Some(_) = connections.join_next() => continue,
        };
        let accepted = ready.and_then(|mut ready| {
            for _ in 0..TURN {
                match ready.try_io(|listener| accept_one(listener.get_ref())) {
                    Ok(Ok(socket)) => admit(hub, &gate, socket, connections, ending),
                    Ok(Err(error)) => return Err(error),
                    // No connection is left.
                    Err(_) => break,
                }
            }
            Ok(())
        });
        if let Err(error) = accepted {
            // Most likely no descriptor is left. Connections that have one continue.
            warn!(%error, "cannot accept");
            sleep(Duration::from_millis(50)).await;
        }
        while connections.try_join_next().is_some() {}
        tokio::task::yield_now().await;
    }
}

/// Accepts a connection, without asking for its address: clients have none.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn accept_one(listener: &UnixListener) -> io::Result<UnixStream> {
    use rustix::net::{SocketFlags, accept_with};
    Ok(accept_with(listener, SocketFlags::CLOEXEC)?.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn accept_one(listener: &UnixListener) -> io::Result<UnixStream> {
    Ok(listener.accept()?.0)
}

/// Serves a connection: at once or, if it continues, as a task.
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
        // The process has closed the connection.
        Err(_) => return,
    }
    let open = &hub.counters.connections;
    let most = hub.options.connections;
    if open.get() >= most as u64 {
        warn!(most, "refused a connection");
        let refusal = Refusal::limit(format_args!(
            "the server has {most} connections, the most that it allows: try again later"
        ));
        return turn_away(hub, socket, &refusal, connections);
    }
    count(&hub.counters.admitted, 1);
    let open = Open::new(hub);
    let opened = match at_once::answer(hub, socket) {
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

/// Tells a client why it is turned away, and keeps its socket for a moment. Without that, a client
/// that is just about to write would learn that the connection broke, and not why. The number of
/// sockets that are kept is limited.
fn turn_away(hub: &Hub, socket: UnixStream, refusal: &Refusal, connections: &mut JoinSet<()>) {
    const KEPT: usize = 64;
    const MOMENT: Duration = Duration::from_millis(200);
    at_once::refuse(hub, &socket, refusal);
    let _ = socket.shutdown(std::net::Shutdown::Write);
    if connections.len() < hub.options.connections.saturating_add(KEPT) {
        connections.spawn_local(async move {
            sleep(MOMENT).await;
            drop(socket);
        });
    }
}

/// Counts a connection while it is open.
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
