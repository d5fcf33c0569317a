//! Signs of life: which connections are given up although nobody has closed them.
//!
//! A server that sends heartbeats is never silent for longer than the time between two of them. The
//! program states that time, or the server does in a comment `heartbeat: <seconds>`. Otherwise
//! three comments in a row show it, if the two times between them are about the same.

use std::time::Duration;

use super::options::Heartbeat;

/// How long a connection has for a sign of life, after the machine has slept.
const GRACE: Duration = Duration::from_secs(3);
/// Comments that follow each other faster are no heartbeats.
const LEAST: Duration = Duration::from_secs(1);

/// All times are those of one clock.
#[derive(Debug)]
pub(super) struct Liveness {
    /// The time between two heartbeats; `None` while it is unknown.
    heartbeat: Option<Duration>,
    /// The program or the server has stated the time, or has stated that heartbeats are not sent.
    is_stated: bool,
    /// When the wait for bytes began; `None` while nobody waits.
    waits_since: Option<Duration>,
    /// Until when a connection that may be dead has time to show that it lives.
    grace_until: Option<Duration>,
    /// When the last comment came, and how long after the one before; `None` after an event.
    comment_at: Option<Duration>,
    interval: Option<Duration>,
}

impl Liveness {
    pub(super) fn new(heartbeat: Heartbeat) -> Self {
        Self {
            heartbeat: match heartbeat {
                Heartbeat::Every(time) if !time.is_zero() => Some(time),
                _ => None,
            },
            is_stated: heartbeat != Heartbeat::Learned,
            waits_since: None,
            grace_until: None,
            comment_at: None,
            interval: None,
        }
    }

    /// The reader waits for bytes from now on, if it has not waited before.
    pub(super) fn waits(&mut self, now: Duration) {
        self.waits_since.get_or_insert(now);
    }

    /// Bytes have come.
    pub(super) fn came(&mut self) {
        self.waits_since = None;
        self.grace_until = None;
    }

    /// A comment has come.
    pub(super) fn comment(&mut self, text: &str, now: Duration) {
        if self.is_stated {
            return;
        }
        if let Some(seconds) = stated_seconds(text) {
            self.is_stated = true;
            self.heartbeat = (!seconds.is_zero()).then_some(seconds);
            return;
        }
        let before = self.comment_at.replace(now);
        let Some(interval) = before.map(|before| now - before) else {
            return;
        };
        if interval < LEAST {
            return;
        }
        if let Some(other) = self.interval
            && interval.abs_diff(other) < other / 2
        {
            self.heartbeat = Some(interval.max(other));
        }
        self.interval = Some(interval);
    }

    /// An event has come: the comments before it and behind it say nothing about heartbeats.
    pub(super) fn event(&mut self) {
        self.comment_at = None;
        self.interval = None;
    }

    /// The connection has ended. The time between heartbeats stays known.
    pub(super) fn end(&mut self) {
        self.came();
        self.event();
    }

    /// The machine or the network may have been away: a connection that is late has to show that it
    /// lives.
    pub(super) fn check(&mut self, was_away: bool, now: Duration) {
        let Some(since) = self.waits_since else {
            return;
        };
        let is_late = match self.heartbeat {
            Some(heartbeat) => now - since > heartbeat,
            None => was_away && !self.is_stated,
        };
        if is_late {
            self.grace_until = Some(now + GRACE);
        }
    }

    /// Returns when to look whether the connection lives; `None` for never.
    pub(super) fn due(&self) -> Option<Duration> {
        let since = self.waits_since?;
        // After two and a half heartbeats that did not come.
        let due = || Some(since.saturating_add(self.heartbeat?.saturating_mul(5) / 2));
        self.grace_until.or_else(due)
    }

    /// Returns for how long the connection has been silent, if it is to be given up. Called when it
    /// is due.
    pub(super) fn silent(&mut self, now: Duration) -> Option<Duration> {
        let due = self.due().filter(|due| now >= *due)?;
        // A machine that has slept has not looked at what has come meanwhile.
        if self.grace_until.is_none() && now > due + GRACE {
            self.grace_until = Some(now + GRACE);
            return None;
        }
        Some(now - self.waits_since?)
    }
}

/// Returns the time of a comment `heartbeat: <seconds>`.
fn stated_seconds(text: &str) -> Option<Duration> {
    let seconds = text.trim().strip_prefix("heartbeat:")?.trim();
    let is_number = seconds.starts_with(|first: char| first.is_ascii_digit())
        && seconds.ends_with(|last: char| last.is_ascii_digit())
        && seconds
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = is_number.then(|| seconds.parse().ok())??;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn waiting(heartbeat: Heartbeat) -> Liveness {
        let mut liveness = Liveness::new(heartbeat);
        liveness.waits(100 * SECOND);
        liveness
    }

    #[test]
    fn a_connection_is_given_up_after_two_and_a_half_heartbeats_without_bytes() {
        let mut liveness = waiting(Heartbeat::Every(10 * SECOND));
        assert_eq!(liveness.due(), Some(125 * SECOND));
        assert_eq!(liveness.silent(124 * SECOND), None);
        assert_eq!(liveness.silent(125 * SECOND), Some(25 * SECOND));
        liveness.came();
        assert_eq!(liveness.due(), None);
        assert_eq!(waiting(Heartbeat::Never).due(), None);
        assert_eq!(waiting(Heartbeat::Learned).due(), None);
    }

    #[test]
    fn the_server_states_its_heartbeat_in_a_comment() {
        for (comment, due) in [
            (" heartbeat: 4", Some(110 * SECOND)),
            ("heartbeat:0.4 ", Some(101 * SECOND)),
            ("heartbeat: 0", None),
            ("heartbeat: -4", None),
            ("heartbeat: .4", None),
            ("heartbeat: 1.2.3", None),
            ("heartbeat: inf", None),
            ("heartbeat", None),
        ] {
            let mut liveness = waiting(Heartbeat::Learned);
            liveness.comment(comment, 100 * SECOND);
            assert_eq!(liveness.due(), due, "{comment}");
        }
        let mut stated = waiting(Heartbeat::Every(2 * SECOND));
        stated.comment("heartbeat: 60", 100 * SECOND);
        assert_eq!(stated.due(), Some(105 * SECOND));
    }

    #[test]
    fn three_comments_in_a_row_show_the_heartbeat_if_their_intervals_are_alike() {
        let learned = |seconds: [u32; 3]| {
            let mut liveness = waiting(Heartbeat::Learned);
            for second in seconds {
                liveness.comment("", second * SECOND);
            }
            liveness.heartbeat
        };
        assert_eq!(learned([0, 15, 30]), Some(15 * SECOND));
        assert_eq!(learned([0, 15, 32]), Some(17 * SECOND));
        assert_eq!(learned([0, 15, 45]), None);
        assert_eq!(learned([0, 0, 15]), None);

        let mut liveness = waiting(Heartbeat::Learned);
        liveness.comment("", SECOND);
        liveness.comment("", 16 * SECOND);
        liveness.event();
        liveness.comment("", 31 * SECOND);
        assert_eq!(liveness.heartbeat, None, "an event came between them");
    }

    #[test]
    fn a_machine_that_has_slept_gives_the_connection_three_seconds() {
        let mut liveness = waiting(Heartbeat::Every(2 * SECOND));
        assert_eq!(liveness.silent(900 * SECOND), None);
        assert_eq!(liveness.due(), Some(903 * SECOND));
        assert_eq!(liveness.silent(903 * SECOND), Some(803 * SECOND));
    }

    #[test]
    fn a_check_gives_a_late_connection_three_seconds_and_leaves_another_one_alone() {
        let mut liveness = waiting(Heartbeat::Every(60 * SECOND));
        liveness.check(true, 130 * SECOND);
        assert_eq!(liveness.due(), Some(250 * SECOND));
        liveness.check(false, 161 * SECOND);
        assert_eq!(liveness.due(), Some(164 * SECOND));
        liveness.came();
        liveness.waits(162 * SECOND);
        assert_eq!(liveness.due(), Some(312 * SECOND));

        let mut unknown = waiting(Heartbeat::Learned);
        unknown.check(false, 161 * SECOND);
        assert_eq!(unknown.due(), None);
        unknown.check(true, 161 * SECOND);
        assert_eq!(unknown.due(), Some(164 * SECOND));

        let mut never = waiting(Heartbeat::Never);
        never.check(true, 161 * SECOND);
        assert_eq!(never.due(), None);
    }
}
