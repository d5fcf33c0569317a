//! The counters, as the verb `s` returns them, and the report of a server that has ended.

use std::cell::Cell;
use std::fmt;

use serde_json::{Value, json};

use crate::channel::AbstractChannel;
use crate::model::stats::Tally;

/// The work of a server, and what it left undone when it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The connections that were admitted.
    pub connections: u64,
    /// The requests that were read, refused ones included.
    pub requests: u64,
    /// The requests and connections that were refused.
    pub refused: u64,
    /// The streams that were open when the server began to end.
    pub streams: u64,
    /// The streams among them that were cut off: they had not delivered everything within the
    /// grace period.
    pub cut_off: u64,
    /// The messages that were still queued at the end, for all listeners together.
    pub undelivered: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} connections, {} requests ({} refused); {} streams open at the end, {} of them cut off; \
             {} messages undelivered",
            self.connections,
            self.requests,
            self.refused,
            self.streams,
            self.cut_off,
            self.undelivered
        )
    }
}

/// The counters of a server.
#[derive(Default)]
pub(crate) struct Counters {
    /// The connections that are open.
    pub(crate) connections: Cell<u64>,
    /// The streams that are open.
    pub(crate) streams: Cell<u64>,
    /// The connections that were ever admitted.
    pub(crate) admitted: Cell<u64>,
    /// The requests that were ever read, refused ones included.
    pub(crate) requests: Cell<u64>,
    /// The requests and connections that were refused.
    pub(crate) refused: Cell<u64>,
    /// The messages that were queued again because their reader left.
    pub(crate) given_back: Cell<u64>,
}

/// Adds to a counter.
pub(crate) fn count(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get() + more);
}

/// How many channels, or listeners, are listed one by one: the answer to a request of a few bytes
/// must not cost megabytes.
const LISTED: usize = 1000;

/// Writes the counters of a server, with the totals of its oldest channels.
pub(crate) fn server<M>(counters: &Counters, channels: &[AbstractChannel<M>]) -> String {
    let listed: Vec<Value> = channels.iter().take(LISTED).map(totals).collect();
    json!({
        "connections": counters.connections.get(),
        "streams": counters.streams.get(),
        "admitted": counters.admitted.get(),
        "requests": counters.requests.get(),
        "refused": counters.refused.get(),
        "given_back": counters.given_back.get(),
        "channel_count": channels.len(),
        "channels": listed,
    })
    .to_string()
}

/// Writes the counters of a channel, with those of its first listeners.
pub(crate) fn channel<M>(channel: &AbstractChannel<M>) -> String {
    let mut value = totals(channel);
    let listeners = channel.listeners().into_iter().take(LISTED);
    let listeners = listeners.filter_map(|listener| {
        let stats = channel.listener_stats(listener.id()).ok()?;
        let mut value = json!({
            "id": listener.id(),
            "running": listener.is_running_sync(),
            "queued": stats.queued,
            "bytes": stats.bytes,
            "lag": stats.lag,
        });
        add_tally(&mut value, &stats.tally);
        Some(value)
    });
    value["by_listener"] = listeners.collect();
    value.to_string()
}

fn totals<M>(channel: &AbstractChannel<M>) -> Value {
    let stats = channel.stats();
    let mut value = json!({
        "id": channel.id(),
        "listeners": stats.listeners,
        "broadcasts": stats.broadcasts,
        "queued": stats.queued,
        "bytes": stats.bytes,
        "lag": stats.lag,
        "refused_sends": stats.refused_sends,
        "overflows": stats.overflows,
    });
    add_tally(&mut value, &stats.tally);
    value
}

fn add_tally(value: &mut Value, tally: &Tally) {
    value["delivered"] = tally.delivered.into();
    value["dropped"] = tally.dropped.into();
    value["discarded"] = tally.discarded.into();
}
