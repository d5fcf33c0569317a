//! A handle, by which other parts of the program reach a connection that a loop reads.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

/// Reaches a [`Connection`](crate::client::Connection) that a loop reads, as its clones do.
#[derive(Clone, Debug, Default)]
pub struct ConnectionHandle(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    orders: Orders,
    waker: Option<Waker>,
}

/// The calls since the connection was polled last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Orders {
    pub(super) closes: bool,
    pub(super) reconnects: bool,
    /// Whether the machine or the network was away for certain.
    pub(super) checks: Option<bool>,
}

impl ConnectionHandle {
    /// Ends the connection.
    pub fn close(&self) {
        self.order(|orders| orders.closes = true);
    }

    /// Makes a new request at once, for example when the headers are others now.
    pub fn reconnect(&self) {
        self.order(|orders| orders.reconnects = true);
    }

    /// Tells the connection that the machine or the network may have been away: `online`,
    /// `visibilitychange` or `pageshow` in a browser. A wait for the next attempt ends. An open
    /// connection that is late has three seconds to show that it lives.
    ///
    /// `was_away`: whether it was away for certain. A page that is seen again may have been awake.
    pub fn check(&self, was_away: bool) {
        self.order(|orders| orders.checks = Some(was_away || orders.checks == Some(true)));
    }

    fn order(&self, order: impl FnOnce(&mut Orders)) {
        let waker = {
            let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            order(&mut shared.orders);
            shared.waker.take()
        };
        // After the lock, because a waker may poll the connection.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes the orders, and has the next one wake the connection.
    pub(super) fn take(&self, waker: &Waker) -> Orders {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut shared.waker {
            Some(known) => known.clone_from(waker),
            unknown => *unknown = Some(waker.clone()),
        }
        std::mem::take(&mut shared.orders)
    }
}
