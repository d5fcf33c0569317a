//! The counters, as a client gets them by `s`, and the report of a server that has ended.

use std::fmt;

use serde_json::{Value, json};

use crate::model::stats::{ChannelStats, Tally};
use crate::sse::channel::SseChannel;

use crate::server::hub::Hub;
use crate::server::packet::Packet;

/// What a server has done, and what it left undone when it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The connections that were admitted.
    pub connections: u64,
    /// The requests that were read, refused ones included.
    pub requests: u64,
    /// The requests and connections that were refused.
    pub refused: u64,
    /// The streams that were open when the server was told to end.
    pub streams: u64,
    /// Of those, the ones that were cut off since they had not passed on everything within the grace period.
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

/// How many channels, or listeners, are told apart: a request of a few bytes is not to cost megabytes.
const LISTED: usize = 1000;

/// Writes the counters of a server, the totals of its oldest channels included.
pub(crate) fn server(hub: &Hub) -> String {
    let counters = &hub.counters;
    let all = hub.channels();
    let channels: Vec<Value> = all.iter().take(LISTED).map(totals).collect();
    json!({
        "connections": counters.connections.get(),
        "streams": counters.streams.get(),
        "admitted": counters.admitted.get(),
        "requests": counters.requests.get(),
        "refused": counters.refused.get(),
        "given_back": counters.given_back.get(),
        "channel_count": all.len(),
        "channels": channels,
    })
    .to_string()
}

/// Writes the counters of a channel, those of its first listeners included.
pub(crate) fn channel(channel: &SseChannel<Packet>) -> String {
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

fn totals(channel: &SseChannel<Packet>) -> Value {
    let stats: ChannelStats = channel.stats();
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
