//! The errors of a connection.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::decoder::EventTooLarge;
use super::headers::Headers;

/// Why an attempt has failed. It is cheap to clone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The response is no event stream.
    Response(Arc<ResponseError>),
    /// The request was not answered: the error of the transport.
    Request(Arc<dyn Error + Send + Sync>),
    /// The body broke off: the error of the transport.
    BrokeOff(Arc<dyn Error + Send + Sync>),
    /// The response has ended, and `max_retries` is reached.
    Ended,
    /// No response came within this time.
    Timeout(Duration),
    /// The connection gave no sign of life for this time.
    Silent(Duration),
    /// An event is too large.
    EventTooLarge(EventTooLarge),
    /// `resume` has returned no request.
    NothingToResume,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(error) => error.fmt(formatter),
            Self::Request(error) => write!(formatter, "the request failed: {error}"),
            Self::BrokeOff(error) => write!(formatter, "the response broke off: {error}"),
            Self::Ended => formatter.write_str("the response has ended"),
            Self::Timeout(time) => {
                let seconds = time.as_secs_f64();
                write!(formatter, "no response came within {seconds} seconds")
            }
            Self::Silent(time) => {
                let seconds = time.as_secs_f64().round();
                write!(formatter, "the connection was silent for {seconds} seconds")
            }
            Self::EventTooLarge(error) => error.fmt(formatter),
            Self::NothingToResume => formatter.write_str("there is nothing to resume"),
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Request(error) | Self::BrokeOff(error) => Some(&**error),
            _ => None,
        }
    }
}

/// A response that is no event stream, with the beginning of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseError {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The first KiB of the body, as text.
    pub body: String,
}

impl ResponseError {
    pub(super) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.headers.get("content-type") {
            _ if !self.is_ok() => write!(formatter, "the status is {}", self.status),
            Some(of) => write!(formatter, "a response of the type {of} is no event stream"),
            None => formatter.write_str("a response without a content type is no event stream"),
        }
    }
}

impl Error for ResponseError {}
