//! When a connection is tried again.

use std::time::{Duration, UNIX_EPOCH};

use super::headers::Headers;

/// A server that sets a reconnection time of 0 must not make its clients a storm.
pub(super) const LEAST: Duration = Duration::from_millis(100);

/// The longest wait. A server may ask for more than a timer can.
const LONGEST: Duration = Duration::from_secs(24 * 24 * 60 * 60);

/// Returns how long to wait: at random up to the reconnection time, which doubles with each retry.
/// Clients that were cut together thereby do not reconnect together ("full jitter").
///
/// `fraction` is the random number, from 0 up to 1. `at_least` is the time that a `Retry-After`
/// asks for.
pub(super) fn delay(
    base: Duration,
    retries: u32,
    most: Duration,
    at_least: Duration,
    fraction: f64,
) -> Duration {
    let from = base.max(LEAST);
    let factor = 1u32.checked_shl(retries).unwrap_or(u32::MAX);
    let bound = from.saturating_mul(factor).min(most.max(from)).min(LONGEST);
    at_least
        .saturating_add(bound.mul_f64(fraction))
        .min(LONGEST)
}

/// Returns the time of a `Retry-After`, which has seconds or a date; zero without one.
pub(super) fn retry_after(headers: &Headers, unix_time: Duration) -> Duration {
    let value = headers.get("retry-after").unwrap_or_default().trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Duration::from_secs(value.parse().unwrap_or(u64::MAX));
    }
    let date = httpdate::parse_http_date(value).ok();
    let at = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
    at.unwrap_or_default().saturating_sub(unix_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_delay_doubles_up_to_its_bound_and_is_at_random_below_it() {
        let delays = |fraction| {
            [0, 1, 2, 4, 5, 40].map(|retries| {
                delay(SECOND, retries, 30 * SECOND, Duration::ZERO, fraction).as_secs_f64()
            })
        };
        assert_eq!(delays(1.0), [1.0, 2.0, 4.0, 16.0, 30.0, 30.0]);
        assert_eq!(delays(0.5), [0.5, 1.0, 2.0, 8.0, 15.0, 15.0]);
        assert_eq!(delays(0.0), [0.0; 6]);
    }

    #[test]
    fn a_reconnection_time_of_zero_is_a_tenth_of_a_second_and_one_above_the_bound_is_kept() {
        let of = |base| delay(base, 0, SECOND, Duration::ZERO, 1.0);
        assert_eq!(of(Duration::ZERO), LEAST);
        assert_eq!(of(5 * SECOND), 5 * SECOND);
        assert_eq!(of(Duration::MAX), LONGEST);
    }

    #[test]
    fn retry_after_is_the_least_delay() {
        assert_eq!(
            delay(SECOND, 0, SECOND, 7 * SECOND, 0.25).as_secs_f64(),
            7.25
        );
        assert_eq!(delay(SECOND, 0, SECOND, Duration::MAX, 1.0), LONGEST);
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = Duration::from_secs(784_111_770);
        let of = |value: &str| retry_after(&[("Retry-After", value)].into_iter().collect(), now);
        assert_eq!(of("120"), 120 * SECOND);
        assert_eq!(of(" 0 "), Duration::ZERO);
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT"), 7 * SECOND);
        assert_eq!(of("Sun, 06 Nov 1994 08:49:00 GMT"), Duration::ZERO);
        for invalid in ["", "-1", "1.5", "soon", "120 s"] {
            assert_eq!(of(invalid), Duration::ZERO, "{invalid}");
        }
        assert_eq!(retry_after(&Headers::default(), now), Duration::ZERO);
    }
}
