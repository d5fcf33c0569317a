//! The options of a connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::request::{Attempt, Request};
use super::state::State;

/// When a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// After the end of a response too. The default of a GET.
    Always,
    /// After a response that broke off or was not made. The default with `resume`.
    OnError,
    /// Never. The default of all other methods.
    Never,
}

/// The time between two heartbeats of the server. Without a sign of life for two and a half of
/// them the connection is given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heartbeat {
    /// The connection finds it out: from a comment `heartbeat: <seconds>`, or from three comments
    /// in a row.
    #[default]
    Learned,
    /// The program states it.
    Every(Duration),
    /// A connection may be silent for ever.
    Never,
}

pub(super) type Resume = Box<dyn FnMut(&Attempt) -> Option<Request> + Send>;
pub(super) type OnState = Box<dyn FnMut(&State) + Send>;

/// The options of a [`Connection`](crate::client::Connection).
///
/// # Examples
///
/// ```
/// use eric_sse::client::ConnectOptions;
/// use std::time::Duration;
///
/// let options = ConnectOptions::new()
///     .last_event_id("a1-17")
///     .max_retry(Duration::from_secs(10))
///     .on_state(|state| println!("{state:?}"));
/// ```
pub struct ConnectOptions {
    pub(super) last_event_id: Arc<str>,
    pub(super) reconnect: Option<Reconnect>,
    pub(super) resume: Option<Resume>,
    pub(super) retry: Duration,
    pub(super) max_retry: Duration,
    pub(super) max_retries: u32,
    pub(super) connect_timeout: Duration,
    pub(super) heartbeat: Heartbeat,
    pub(super) max_event_bytes: usize,
    pub(super) renews_credentials: bool,
    pub(super) on_state: Option<OnState>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            last_event_id: Arc::from(""),
            reconnect: None,
            resume: None,
            retry: Duration::from_secs(1),
            max_retry: Duration::from_secs(30),
            max_retries: u32::MAX,
            connect_timeout: Duration::from_secs(30),
            heartbeat: Heartbeat::Learned,
            max_event_bytes: 16 * 1024 * 1024,
            renews_credentials: false,
            on_state: None,
        }
    }
}

impl ConnectOptions {
    /// Returns the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The connection continues after this event id.
    #[must_use]
    pub fn last_event_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.last_event_id = id.into();
        self
    }

    /// Sets when the request is sent again.
    #[must_use]
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = Some(reconnect);
        self
    }

    /// Makes a request that continues what the first one has begun, such as a GET of the address of
    /// a run: the first request is then not sent again. `None` ends the connection.
    #[must_use]
    pub fn resume(
        mut self,
        resume: impl FnMut(&Attempt) -> Option<Request> + Send + 'static,
    ) -> Self {
        self.resume = Some(Box::new(resume));
        self
    }

    /// Sets the reconnection time until the server sets one; a second by default.
    #[must_use]
    pub fn retry(mut self, time: Duration) -> Self {
        self.retry = time;
        self
    }

    /// Sets the longest time between two attempts; 30 seconds by default.
    #[must_use]
    pub fn max_retry(mut self, time: Duration) -> Self {
        self.max_retry = time;
        self
    }

    /// Sets how many retries in a row may fail; any number by default.
    #[must_use]
    pub fn max_retries(mut self, most: u32) -> Self {
        self.max_retries = most;
        self
    }

    /// Sets how long a request may take to be answered; 30 seconds by default, and `Duration::MAX`
    /// for any time.
    #[must_use]
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// Sets the time between two heartbeats of the server.
    #[must_use]
    pub fn heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = heartbeat;
        self
    }

    /// Sets the most bytes of one event; 16 MiB by default.
    #[must_use]
    pub fn max_event_bytes(mut self, most: usize) -> Self {
        self.max_event_bytes = most;
        self
    }

    /// States that the transport makes credentials for each attempt. Then a request that is refused
    /// by 401 or 403 is tried once more.
    #[must_use]
    pub fn renews_credentials(mut self) -> Self {
        self.renews_credentials = true;
        self
    }

    /// Calls a function for each change of the connection's state.
    #[must_use]
    pub fn on_state(mut self, on_state: impl FnMut(&State) + Send + 'static) -> Self {
        self.on_state = Some(Box::new(on_state));
        self
    }
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ConnectOptions")
            .field("last_event_id", &self.last_event_id)
            .field("reconnect", &self.reconnect)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
