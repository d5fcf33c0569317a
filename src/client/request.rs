//! The requests of a connection: each attempt sends its own.

use std::sync::Arc;

use super::headers::Headers;

/// A request, as a [`Transport`](crate::client::Transport) sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers.
    pub headers: Headers,
    /// The body, which each attempt sends anew.
    pub body: Option<Arc<[u8]>>,
}

impl Request {
    /// Makes a GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self::of("GET", url.into(), None)
    }

    /// Makes a POST. By default it is sent once: see [`ConnectOptions`].
    ///
    /// [`ConnectOptions`]: crate::client::ConnectOptions
    pub fn post(url: impl Into<String>, body: impl Into<Arc<[u8]>>) -> Self {
        Self::of("POST", url.into(), Some(body.into()))
    }

    fn of(method: &str, url: String, body: Option<Arc<[u8]>>) -> Self {
        Self {
            method: method.to_owned(),
            url,
            headers: Headers::default(),
            body,
        }
    }

    /// Sets a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.set(name, value);
        self
    }

    /// Whether it may be sent again without a word of the program.
    pub(super) fn is_get(&self) -> bool {
        self.method.eq_ignore_ascii_case("GET") && self.body.is_none()
    }

    /// Makes the request of an attempt.
    pub(super) fn for_attempt(mut self, attempt: &Attempt) -> Self {
        if self.headers.get("accept").is_none() {
            self.headers.set("accept", "text/event-stream");
        }
        if !attempt.last_event_id.is_empty() {
            self.headers.set("last-event-id", &*attempt.last_event_id);
        }
        self
    }
}

/// The facts of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// How many attempts there were before, in a row without a minute of success.
    pub retries: u32,
    /// The last event ID; empty before the first.
    pub last_event_id: Arc<str>,
    /// 401 or 403, when the server has refused the attempt before: the credentials must be new.
    pub refused: Option<u16>,
}
