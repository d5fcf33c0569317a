//! Pace: a least time between deliveries.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_timer::Delay;

/// Keeps a least time between deliveries. Without one it never waits.
#[derive(Debug)]
pub(crate) struct Pace {
    delay: Duration,
    /// Runs from a delivery until the next one is due.
    due: Option<Delay>,
}

impl Pace {
    pub(crate) fn new(delay: Duration) -> Self {
        Self { delay, due: None }
    }

    /// Waits until the next delivery is due.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.due {
            Some(due) => Pin::new(due).poll(context).map(|()| self.due = None),
            None => Poll::Ready(()),
        }
    }

    /// Starts the time until the next delivery is due.
    pub(crate) fn delivered(&mut self) {
        self.due = (!self.delay.is_zero()).then(|| Delay::new(self.delay));
    }
}
