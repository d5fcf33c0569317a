//! The decisions of a connection: whether another attempt is made, and when.

use std::sync::Arc;
use std::time::Duration;

use super::error::{ConnectError, ResponseError};
use super::options::Reconnect;
use super::retry::{LEAST, delay, retry_after};
use super::state::ConnectionEnd;

/// Responses that broke off after so long were a success, as were shorter ones that have ended.
const GOOD: Duration = Duration::from_secs(60);
const GOOD_TO_THE_END: Duration = Duration::from_secs(5);

/// The next step of a connection.
#[derive(Debug)]
pub(super) enum Decision {
    /// Another attempt after a delay.
    Wait(Duration),
    End(ConnectionEnd),
}

/// Why a response no longer brings events.
#[derive(Debug, Default)]
pub(super) struct Loss {
    /// `None` for a response that has ended as it should.
    pub(super) error: Option<ConnectError>,
    /// The least delay, by `Retry-After`.
    pub(super) at_least: Duration,
    /// The delay that the server has set at the end of its response.
    pub(super) exactly: Option<Duration>,
    /// The request is not sent again, whatever the options say.
    pub(super) is_final: bool,
}

impl Loss {
    pub(super) fn of(error: ConnectError) -> Self {
        Self {
            is_final: matches!(
                error,
                ConnectError::EventTooLarge(_) | ConnectError::NothingToResume
            ),
            error: Some(error),
            ..Self::default()
        }
    }
}

/// The meaning of a response that is no event stream.
#[derive(Debug)]
pub(super) enum Refused {
    /// The server asks its clients to stay away.
    Gone,
    /// Another attempt at once, with new credentials.
    Renew,
    Lost(Loss),
}

#[derive(Debug)]
pub(super) struct Policy {
    pub(super) reconnect: Reconnect,
    pub(super) has_resume: bool,
    pub(super) renews_credentials: bool,
    pub(super) max_retry: Duration,
    pub(super) max_retries: u32,
    /// How many attempts in a row there were without a good minute.
    pub(super) retries: u32,
    /// The status for which the credentials are to be made anew.
    pub(super) refused: Option<u16>,
    /// A response has brought an event stream.
    pub(super) has_opened: bool,
}

impl Policy {
    /// A response has brought an event stream.
    pub(super) fn opened(&mut self) {
        self.refused = None;
        self.has_opened = true;
    }

    /// An event stream has ended that was open for so long.
    pub(super) fn lasted(&mut self, time: Duration, is_clean: bool) {
        if time >= if is_clean { GOOD_TO_THE_END } else { GOOD } {
            self.retries = 0;
        }
    }

    /// Says what a response means that is no event stream.
    pub(super) fn refusal(&mut self, error: ResponseError, unix_time: Duration) -> Refused {
        let status = error.status;
        if status == 204 {
            return Refused::Gone;
        }
        let at_least = retry_after(&error.headers, unix_time);
        let mut loss = Loss::of(ConnectError::Response(Arc::new(error)));
        // A run that has not begun cannot be resumed.
        if self.reconnect == Reconnect::Never || (self.has_resume && !self.has_opened) {
            loss.is_final = true;
        } else if matches!(status, 401 | 403) {
            // Credentials that were just made anew are no better the second time.
            if self.renews_credentials && self.refused.is_none() {
                self.refused = Some(status);
                return Refused::Renew;
            }
            loss.is_final = true;
        } else {
            loss.is_final = !matches!(status, 408 | 425 | 429 | 500..);
            loss.at_least = at_least;
        }
        Refused::Lost(loss)
    }

    /// Decides after a loss. `base` is the reconnection time, and `fraction` a random number from 0
    /// up to 1.
    pub(super) fn after(&mut self, loss: &Loss, base: Duration, fraction: f64) -> Decision {
        let is_clean = loss.error.is_none();
        let ends = match self.reconnect {
            _ if loss.is_final => true,
            Reconnect::Always => false,
            Reconnect::OnError => is_clean,
            Reconnect::Never => true,
        };
        if ends {
            return Decision::End(match &loss.error {
                Some(error) => ConnectionEnd::Failed(error.clone()),
                None => ConnectionEnd::Finished,
            });
        }
        if let Some(exactly) = loss.exactly.filter(|_| is_clean) {
            return Decision::Wait(exactly.max(LEAST));
        }
        if self.retries >= self.max_retries {
            let error = loss.error.clone().unwrap_or(ConnectError::Ended);
            return Decision::End(ConnectionEnd::Failed(error));
        }
        let retries = self.retries;
        self.retries += 1;
        Decision::Wait(delay(
            base,
            retries,
            self.max_retry,
            loss.at_least,
            fraction,
        ))
    }
}
