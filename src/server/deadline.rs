//! Deadlines: the instant at which a time-out ends, however long the time-out is.

use std::time::Duration;

use tokio::time::Instant;

/// Stands for any longer time, which might not fit in an `Instant`.
const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// Returns the instant at which a time-out that starts now ends.
pub(crate) fn deadline_in(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time.min(NEVER)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_time_ends_later_than_any_other() {
        let in_a_year = deadline_in(Duration::from_secs(60 * 60 * 24 * 365));
        assert!(deadline_in(Duration::MAX) > in_a_year);
        assert!(in_a_year > deadline_in(Duration::ZERO));
    }
}
