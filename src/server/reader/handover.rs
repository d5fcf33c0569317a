//! Readers: the sockets that read for each listener, and the handover between them.
//!
//! A reader may arrive right after another one has left. It must not receive a message before the
//! ones that the former reader gives back. So it waits until every reader that has left has given
//! back its messages. With readers that are still there it shares the listener. A reader is there
//! as long as any process has its socket, including a child that has inherited it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::net::UnixStream;
use tokio::sync::Notify;

/// The sockets of the readers, by their listener's id.
#[derive(Default)]
pub(crate) struct Readers {
    by_listener: RefCell<HashMap<String, Vec<Rc<UnixStream>>>>,
    left: Notify,
}

impl Readers {
    /// Adds a reader, once all readers that have left have given back their messages.
    pub(crate) async fn enter(&self, listener_id: &str, socket: &Rc<UnixStream>) {
        while self.has_one_that_left(listener_id) {
            self.left.notified().await;
        }
        let mut by_listener = self.by_listener.borrow_mut();
        let sockets = by_listener.entry(listener_id.to_owned()).or_default();
        sockets.push(socket.clone());
    }

    /// Removes a reader, which has given back the messages that it had not read.
    pub(crate) fn leave(&self, listener_id: &str, socket: &Rc<UnixStream>) {
        let mut by_listener = self.by_listener.borrow_mut();
        if let Some(sockets) = by_listener.get_mut(listener_id) {
            sockets.retain(|other| !Rc::ptr_eq(other, socket));
            if sockets.is_empty() {
                by_listener.remove(listener_id);
            }
        }
        self.left.notify_waiters();
    }

    fn has_one_that_left(&self, listener_id: &str) -> bool {
        let by_listener = self.by_listener.borrow();
        let mut sockets = by_listener.get(listener_id).into_iter().flatten();
        sockets.any(|socket| has_left(socket))
    }
}

/// Returns the present state of a socket: whether it has room, and whether its peer is there.
pub(crate) fn state(socket: &UnixStream) -> PollFlags {
    let mut asked = [PollFd::new(socket, PollFlags::OUT)];
    match poll(&mut asked, Some(&Timespec::default())) {
        Ok(_) => asked[0].revents(),
        Err(_) => PollFlags::empty(),
    }
}

/// The state of a socket whose peer has left.
pub(crate) const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR);

/// Returns whether the peer has left.
pub(crate) fn has_left(socket: &UnixStream) -> bool {
    state(socket).intersects(GONE)
}
