//! The time of a connection.

use std::time::Duration;

use futures_timer::Delay;

use crate::platform::clock;

/// Tells a connection the time, and wakes it.
pub trait Clock {
    /// A sleep; dropping it ends it.
    type Sleep: Future<Output = ()>;

    /// Returns the time since some moment in the past. It never goes back.
    fn now(&self) -> Duration;

    /// Returns the time since the Unix epoch, which a `Retry-After` may name.
    fn unix_time(&self) -> Duration;

    /// Sleeps.
    fn sleep(&self, duration: Duration) -> Self::Sleep;
}

/// The clock of the system, for every executor: that of the browser on wasm32, and otherwise a
/// thread that all sleeps share.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    type Sleep = Delay;

    fn now(&self) -> Duration {
        Duration::from_secs_f64(clock::milliseconds() / 1000.0)
    }

    fn unix_time(&self) -> Duration {
        clock::unix_time()
    }

    fn sleep(&self, duration: Duration) -> Delay {
        Delay::new(duration)
    }
}
