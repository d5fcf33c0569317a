//! Channels and their subscriptions.

use std::rc::Rc;

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::channel::core::ChannelCore;
use crate::channel::listener::MessageQueueListener;
use crate::channel::subscription::{RegisterOptions, Subscription};
use crate::chunk::Wire;
use crate::model::error::{CallbackError, Error, InvalidListenerException};
use crate::model::limit::{History, Overflow, QueueLimit};
use crate::model::position::Position;
use crate::model::stats::ChannelStats;
use crate::model::text;
use crate::wasm::handover;
use crate::wasm::host::{Thrown, add_line, thrown};
use crate::wasm::messages::JsMessage;
use crate::wasm::streams;

/// A channel. Listeners are known by the key of their subscription, which
/// [`remove`](RawChannel::remove) frees.
#[wasm_bindgen]
pub struct RawChannel {
    channel: ChannelCore<JsMessage>,
    wire: Rc<Wire<Rc<JsValue>>>,
}

#[wasm_bindgen]
impl RawChannel {
    /// Creates a channel. A paced one gives its bytes block by block; JavaScript keeps the time.
    /// One that is given an epoch is another life of the channel that had it, and goes on behind
    /// its broadcast and its dispatch of these numbers.
    #[allow(clippy::too_many_arguments)]
    #[wasm_bindgen(constructor)]
    pub fn new(
        paced: bool,
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
            wire: Rc::new(Wire::new(paced, retry_milliseconds as u64)),
        }
    }

    /// Registers a listener and returns the key of its subscription. `overflow` is 1 to drop the
    /// oldest, 2 to disconnect, 3 to refuse, anything else for no limit. The caller ensures that
    /// the id is unused. Throws `InvalidChannelException`.
    #[allow(clippy::too_many_arguments)]
    pub fn add(
        &self,
        id: &str,
        running: bool,
        overflow: u8,
        limit_messages: f64,
        limit_bytes: f64,
        resumable: bool,
        last_event_id: Option<String>,
    ) -> Result<usize, JsValue> {
        let overflow = match overflow {
            1 => Some(Overflow::DropOldest),
            2 => Some(Overflow::Disconnect),
            3 => Some(Overflow::Refuse),
            _ => None,
        };
        let options = RegisterOptions {
            limit: overflow.map(|overflow| QueueLimit {
                messages: limit_messages as u64,
                bytes: limit_bytes as u64,
                overflow,
            }),
            resumable,
        };
        let listener = MessageQueueListener::with_id(id);
        if running {
            listener.start_sync();
        }
        self.channel.expire();
        let subscription = self
            .channel
            .subscribe(&listener, options, last_event_id.as_deref())
            .map_err(thrown)?;
        Ok(subscription.key)
    }

    /// Sets a resumable listener back to what follows an event id.
    pub fn rewind(&self, key: usize, last_event_id: &str) {
        if let Some(subscription) = self.subscription(key) {
            self.channel.rewind(&subscription, last_event_id);
        }
    }

    /// Sets which messages are delivered, or that all are.
    #[wasm_bindgen(js_name = setFilter)]
    pub fn set_filter(&self, key: usize, filter: Option<Function>) {
        let Some(subscription) = self.subscription(key) else {
            return;
        };
        subscription.listener.set_filter(filter.map(|function| {
            Rc::new(move |message: &JsMessage| {
                // The package hands over what does not throw.
                let answer = function.call1(&JsValue::UNDEFINED, message);
                answer.is_ok_and(|answer| answer.is_truthy())
            }) as Rc<dyn Fn(&JsMessage) -> bool>
        }));
    }

    /// Sets what sees each message at delivery, or nothing. It returns what it would throw, in an
    /// array: from a call that throws, wasm-bindgen leaves the place of what would have been
    /// returned taken in its table.
    #[wasm_bindgen(js_name = setOnMessage)]
    pub fn set_on_message(&self, key: usize, on_message: Option<Function>) {
        let Some(subscription) = self.subscription(key) else {
            return;
        };
        subscription
            .listener
            .set_on_message(on_message.map(|function| {
                Rc::new(move |message: &JsMessage| {
                    let answer = function.call1(&JsValue::UNDEFINED, message);
                    match answer.map_err(Thrown)? {
                        answer if answer.is_undefined() => Ok(()),
                        thrown => Err(Thrown(thrown.unchecked_into::<Array>().get(0)).into()),
                    }
                }) as Rc<dyn Fn(&JsMessage) -> Result<(), CallbackError>>
            }));
    }

    /// Starts a listener, or stops it.
    #[wasm_bindgen(js_name = setRunning)]
    pub fn set_running(&self, key: usize, running: bool) {
        let Some(subscription) = self.subscription(key) else {
            return;
        };
        match running {
            true => subscription.listener.start_sync(),
            false => subscription.listener.stop_sync(),
        }
    }

    /// Returns whether a listener is running.
    #[wasm_bindgen(js_name = isRunning)]
    pub fn is_running(&self, key: usize) -> bool {
        let subscription = self.subscription(key);
        subscription.is_some_and(|subscription| subscription.listener.is_running_sync())
    }

    /// Removes a listener. Its number may be given to another one.
    pub fn remove(&self, key: usize) {
        if let Some(subscription) = self.subscription(key) {
            self.channel.unsubscribe(&subscription);
        }
    }

    /// Sends to every listener except those with the ids in `except`, one per line. Returns the
    /// sequence number. It is negative if listeners were disconnected because their queues were
    /// full: the host is given their ids, one per line. 0 says that the message was refused: the
    /// host is given the `InvalidChannelException` or `QueueFullException`, since a call that may
    /// throw takes several times as long. `at` is when the message was sent, in milliseconds of
    /// `performance.now()`, not before the previous one.
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

    /// Returns the event id up to which a listener was given everything; nothing when it is to be
    /// told first that it was not.
    #[wasm_bindgen(js_name = lastId)]
    pub fn last_id(&self, key: usize) -> Option<String> {
        // Heartbeats ask, however quiet the channel is.
        self.wire.forget(self.channel.kept());
        let last = self.channel.last_id(&*self.subscription(key)?)?;
        Some(last.as_str().to_string())
    }

    /// Returns since when something waits for a listener, in milliseconds of `performance.now()`.
    #[wasm_bindgen(js_name = waitingSince)]
    pub fn waiting_since(&self, key: usize) -> Option<f64> {
        self.channel.waiting_since(&*self.subscription(key)?)
    }

    /// Returns the state of a listener: delivered, replayed, dropped, refused, filtered, discarded,
    /// queued, bytes, lag, remembered; when none is given, that of the channel. Then come
    /// broadcasts, refused sends, kept messages, kept bytes, those of a channel alone.
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

    /// Returns the event id of a broadcast; of the newest one when no sequence number is given.
    #[wasm_bindgen(js_name = eventId)]
    pub fn event_id(&self, sequence: Option<f64>) -> String {
        let id = match sequence {
            Some(sequence) => self.channel.event_id(Position::broadcast(sequence as u64)),
            None => self.channel.last_event_id(),
        };
        id.as_str().to_string()
    }

    /// Delivers the oldest message: gives it to the host and returns whether there was one.
    /// Otherwise the host is given the `NoMessagesException`, the `InvalidListenerException`, or
    /// what the callback threw.
    pub fn deliver(&self, key: usize) -> bool {
        let sent = self
            .known(key)
            .and_then(|subscription| self.channel.deliver(&subscription));
        match sent {
            Ok(delivery) => {
                handover::give_once(delivery.sent.message.as_ref());
                true
            }
            Err(error) => {
                handover::give_error(error);
                false
            }
        }
    }

    /// Opens a stream and returns its number, which [`end`](streams::end) frees. `position_events`
    /// is missing for a stream of messages; for one of bytes it says whether ids without a message
    /// are sent as events. `on_error` gets what the callback throws. Throws
    /// `InvalidListenerException`.
    pub fn open(
        &self,
        key: usize,
        on_error: Function,
        position_events: Option<bool>,
    ) -> Result<usize, JsValue> {
        let subscription = self.known(key).map_err(thrown)?;
        let wire = position_events.map(|as_events| (&self.wire, as_events));
        Ok(streams::open(&self.channel, subscription, wire, on_error))
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
    fn subscription(&self, key: usize) -> Option<Rc<Subscription<JsMessage>>> {
        self.channel.subscription(key)
    }

    fn known(&self, key: usize) -> Result<Rc<Subscription<JsMessage>>, Error> {
        let found = self.subscription(key);
        found.ok_or_else(|| InvalidListenerException::unknown("of a removed listener").into())
    }
}

/// Gives the host the exception of a send. Returns what such a send returns.
fn refused(error: impl Into<Error>) -> f64 {
    handover::give_error(error.into());
    0.0
}
