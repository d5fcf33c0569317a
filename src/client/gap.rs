//! The event of a gap, as a client receives it.

use serde_json::Value;

use super::decoder::ReceivedEvent;
use crate::model::gap::GAP;

/// Messages that are missing before the next event: load the state anew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedGap {
    /// Why they are missing: [`GapReason::as_str`](crate::GapReason::as_str).
    pub reason: String,
    /// How many messages are missing, if that is known.
    pub missed: Option<u64>,
    /// The event id after which messages are missing, if the client has sent a valid one.
    pub from: Option<String>,
    /// The event id of the end of the gap.
    pub to: String,
}

impl ReceivedEvent {
    /// Returns the gap, if this is the event `_eric_gap` of a channel.
    pub fn gap(&self) -> Option<ReceivedGap> {
        if &*self.event_type != GAP {
            return None;
        }
        let data: Value = self.json().unwrap_or_default();
        let text = |name: &str| data[name].as_str().map(str::to_owned);
        Some(ReceivedGap {
            reason: text("reason").unwrap_or_default(),
            missed: data["missed"].as_u64(),
            from: text("from"),
            to: text("to").unwrap_or_default(),
        })
    }
}
