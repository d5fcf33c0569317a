//! The clock that sends are stamped with, for a history that is bounded in time.

/// Returns milliseconds since some moment in the past. It never goes back.
///
/// It is the system's clock of a few milliseconds' resolution: to read the exact one would take
/// longer than all else that a broadcast does.
#[cfg(target_os = "linux")]
pub(crate) fn milliseconds() -> f64 {
    use nix::time::{ClockId, clock_gettime};
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE).expect("every Linux has this clock");
    now.tv_sec() as f64 * 1e3 + now.tv_nsec() as f64 / 1e6
}

/// Returns milliseconds since some moment in the past. It never goes back.
#[cfg(not(target_os = "linux"))]
pub(crate) fn milliseconds() -> f64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1000.0
}

/// Returns the time since the Unix epoch.
#[cfg(feature = "client")]
pub(crate) fn unix_time() -> std::time::Duration {
    use std::time::SystemTime;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default()
}
