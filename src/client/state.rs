//! The states of a connection, and its ends.

use std::time::Duration;

use super::error::ConnectError;
use super::headers::Headers;
use super::request::Attempt;

/// The state that a connection has entered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// It sends a request.
    Connecting(Attempt),
    /// A response brings events.
    Open {
        /// The status of the response.
        status: u16,
        /// The headers of the response.
        headers: Headers,
    },
    /// It waits for the next attempt.
    Waiting {
        /// How long it waits.
        delay: Duration,
        /// The error of the last attempt; `None` after a response that has ended.
        error: Option<ConnectError>,
    },
    /// It sends no more requests.
    Ended(ConnectionEnd),
}

/// Why a connection has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// The channel was closed.
    Closed,
    /// The server has answered with 204: clients are to stay away.
    Gone,
    /// The response has ended, and by [`Reconnect`](crate::client::Reconnect) that is the end.
    Finished,
    /// A [`ConnectionHandle`](crate::client::ConnectionHandle) has closed it.
    Left,
    /// An error that is not to be retried, or the last of `max_retries`. It is the last item of the
    /// stream.
    Failed(ConnectError),
}
