//! The clock that sends are stamped with, for a history that is bounded in time.

use std::sync::OnceLock;
use std::time::Instant;

/// Returns milliseconds since some moment in the past. It never goes back.
pub(crate) fn milliseconds() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1000.0
}
