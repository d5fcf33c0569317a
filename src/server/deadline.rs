//! Patience: when a time-out is over, however long it is.

use std::time::Duration;

use tokio::time::Instant;

/// What cannot be added to the time of day is as good as never.
const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// Returns when a time from now on is over.
pub(crate) fn deadline_in(patience: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(patience.min(NEVER)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_time_is_never() {
        let in_a_year = deadline_in(Duration::from_secs(60 * 60 * 24 * 365));
        assert!(deadline_in(Duration::MAX) > in_a_year);
        assert!(in_a_year > deadline_in(Duration::ZERO));
    }
}
