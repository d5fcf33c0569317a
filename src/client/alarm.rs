//! The one timer of a connection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::clock::Clock;

/// A clock sleeps no longer at once: some cannot. A longer wait is several sleeps.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Alarm<C: Clock> {
    clock: C,
    /// A sleep, and when it ends.
    sleep: Option<(Duration, Pin<Box<C::Sleep>>)>,
}

impl<C: Clock> Alarm<C> {
    pub(super) fn new(clock: C) -> Self {
        Self { clock, sleep: None }
    }

    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    pub(super) fn unix_time(&self) -> Duration {
        self.clock.unix_time()
    }

    /// Is ready at a time of the clock.
    ///
    /// A sleep that ends before is kept: signs of life move the time many times a second, and most
    /// sleeps would be for nothing.
    pub(super) fn poll(&mut self, until: Duration, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = self.clock.now();
            if now >= until {
                return Poll::Ready(());
            }
            let kept = self.sleep.take().filter(|(end, _)| *end <= until);
            let (end, sleep) = kept.unwrap_or_else(|| {
                let time = (until - now).min(LONGEST);
                (now + time, Box::pin(self.clock.sleep(time)))
            });
            let (_, sleep) = self.sleep.insert((end, sleep));
            ready!(sleep.as_mut().poll(context));
            self.sleep = None;
        }
    }
}

impl<C: Clock> fmt::Debug for Alarm<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Alarm").finish_non_exhaustive()
    }
}
