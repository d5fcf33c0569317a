//! Channels: what is sent to them, and their state. [`subscriptions`](crate::wasm::subscriptions)
//! has the calls for one listener.

use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::channel::core::ChannelCore;
use crate::channel::subscription::Subscription;
use crate::chunk::{SharedChunks, StreamSettings};
use crate::model::error::{Error, InvalidListenerException};
use crate::model::limit::History;
use crate::model::position::Position;
use crate::model::stats::ChannelStats;
use crate::model::text;
use crate::wasm::handover;
use crate::wasm::host::add_line;
use crate::wasm::messages::JsMessage;
use crate::wasm::streams::{self, Bytes};

/// A channel. Listeners are known by the key of their subscription, which
/// [`remove`](RawChannel::remove) frees.
#[wasm_bindgen]
pub struct RawChannel {
    pub(super) channel: ChannelCore<JsMessage>,
    pub(super) chunks: Rc<SharedChunks<Rc<JsValue>>>,
}

#[wasm_bindgen]
impl RawChannel {
    /// Creates a channel. The bytes of a paced one are handed out block by block; JavaScript keeps
    /// the time. With an epoch, it is another life of the channel that had the epoch, and continues
    /// after the broadcast and the dispatch with these numbers.
    #[allow(clippy::too_many_arguments)]
    #[wasm_bindgen(constructor)]
    pub fn new(
        is_paced: bool,
        retry_milliseconds: f64,
        history_messages: f64,
        history_bytes: f64,
        history_milliseconds: f64,
        epoch: Option<String>,
        sequence: f64,
        dispatched: f64,
    ) -> Self {
        let history = History {
            messages: history_messages as u64,
            bytes: history_bytes as u64,
            milliseconds: history_milliseconds,
        };
        let position = Position::dispatch(sequence as u64, dispatched as u64);
        let former = epoch.map(|epoch| (epoch.into(), position));
        Self {
            channel: ChannelCore::new(history, former),
            chunks: SharedChunks::new(StreamSettings {
                is_paced,
                retry_milliseconds: retry_milliseconds as u64,
            }),
        }
    }

    /// Sends to every listener except those with the ids in `except`, one per line. If the first
    /// line is empty, the others are the only ones that receive it. Returns the sequence number. It
    /// is negative if listeners were disconnected because their queues were full: the host is given
    /// their ids, one per line. 0 says that the message was refused: the host is given the
    /// `InvalidChannelException` or `QueueFullException`, since a call that may throw takes several
    /// times as long. `at` is when the message was sent, in milliseconds of `performance.now()`,
    /// not before the previous one.
    pub fn broadcast(
        &self,
        message: JsMessage,
        bytes: f64,
        except: Option<String>,
        at: f64,
    ) -> f64 {
        let mut ids = Vec::new();
        let mut rest = except.as_deref();
        while let Some(text) = rest {
            let (id, more) = match text::split(text, b'\n') {
                Some((id, more)) => (id, Some(more)),
                None => (text, None),
            };
            ids.push(id.into());
            rest = more;
        }
        let mut full = None;
        let sent = self
            .channel
            .broadcast(ids.into(), message, bytes as u64, at, |subscription| {
                add_line(&mut full, subscription.listener.id());
            });
        match (sent, full) {
            (Ok(position), None) => position.sequence() as f64,
            (Ok(position), Some(ids)) => {
                handover::give_text(&ids);
                -(position.sequence() as f64)
            }
            (Err(error), _) => refused(error),
        }
    }

    /// Sends to one listener, and gives the host the event id. Returns 1, or -1 if the listener was
    /// disconnected because its queue was full. 0 says that the message was refused, as by
    /// [`broadcast`](Self::broadcast); the exception may be an `InvalidListenerException` too.
    pub fn dispatch(&self, key: usize, message: JsMessage, bytes: f64) -> f64 {
        let mut answer = 1.0;
        let sent = self.known(key).and_then(|subscription| {
            let disconnected = |_: &Subscription<JsMessage>| answer = -1.0;
            let sent = self
                .channel
                .dispatch(&subscription, message, bytes as u64, disconnected);
            sent.map_err(Error::from)
        });
        match sent {
            Ok(position) => {
                handover::give_text(self.channel.event_id(position).as_str());
                answer
            }
            Err(error) => refused(error),
        }
    }

    /// Returns the counters of a listener, or of the channel without a key: delivered, replayed,
    /// dropped, refused, filtered, discarded, queued, bytes, lag, remembered. Then come those of a
    /// channel alone, 0 for a listener: broadcasts, refused sends, kept messages, kept bytes.
    pub fn stats(&self, key: Option<usize>) -> Vec<f64> {
        let stats = match key {
            None => self.channel.stats(),
            Some(key) => {
                let stats = self
                    .subscription(key)
                    .map(|subscription| self.channel.subscription_stats(&subscription));
                let stats = stats.unwrap_or_default();
                ChannelStats {
                    tally: stats.tally,
                    queued: stats.queued,
                    bytes: stats.bytes,
                    lag: stats.lag,
                    remembered: stats.remembered,
                    ..ChannelStats::default()
                }
            }
        };
        let tally = &stats.tally;
        let numbers = [
            tally.delivered,
            tally.replayed,
            tally.dropped,
            tally.refused,
            tally.filtered,
            tally.discarded,
            stats.queued,
            stats.bytes,
            stats.lag,
            stats.remembered,
            stats.broadcasts,
            stats.refused_sends,
            stats.kept,
            stats.kept_bytes,
        ];
        numbers.map(|number| number as f64).to_vec()
    }

    /// Gives the host the event id of a broadcast; of the newest one without a sequence number.
    #[wasm_bindgen(js_name = eventId)]
    pub fn event_id(&self, sequence: Option<f64>) {
        let id = match sequence {
            Some(sequence) => self.channel.event_id(Position::broadcast(sequence as u64)),
            None => self.channel.last_event_id(),
        };
        handover::give_text(id.as_str());
    }

    /// Opens a stream and returns its number, which [`end`](streams::end) frees. `position_events`
    /// is missing for a stream of messages. For one of bytes it says whether ids without a message
    /// are sent as events. `on_error` receives what the callback throws. Returns -1 if the host is
    /// given the `InvalidListenerException`.
    pub fn open(&self, key: usize, on_error: Function, position_events: Option<bool>) -> i32 {
        let bytes = position_events.map(|position_events| Bytes {
            chunks: &self.chunks,
            position_events,
        });
        let opened = self
            .known(key)
            .map(|subscription| streams::open(&self.channel, subscription, bytes, on_error));
        key_or_refusal(opened)
    }

    /// Closes the channel.
    pub fn close(&self) {
        self.channel.close();
    }

    /// Returns whether the channel was closed.
    #[wasm_bindgen(js_name = isClosed)]
    pub fn is_closed(&self) -> bool {
        self.channel.is_closed()
    }
}

impl RawChannel {
    pub(super) fn subscription(&self, key: usize) -> Option<Rc<Subscription<JsMessage>>> {
        self.channel.subscription(key)
    }

    pub(super) fn known(&self, key: usize) -> Result<Rc<Subscription<JsMessage>>, Error> {
        let found = self.subscription(key);
        found.ok_or_else(|| InvalidListenerException::removed().into())
    }
}

/// Returns a key. If there is none, returns -1 and gives the host the exception: a call that may
/// throw weighs more.
pub(super) fn key_or_refusal(key: Result<usize, impl Into<Error>>) -> i32 {
    match key {
        Ok(key) => key as i32,
        Err(error) => {
            handover::give_error(error.into());
            -1
        }
    }
}

/// Gives the host the exception of a send. Returns what such a send returns.
fn refused(error: impl Into<Error>) -> f64 {
    handover::give_error(error.into());
    0.0
}
