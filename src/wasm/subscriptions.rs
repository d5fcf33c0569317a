//! Subscriptions: the calls for one listener of a channel, by the key of its subscription.

use std::rc::Rc;

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::channel::listener::MessageQueueListener;
use crate::channel::subscription::RegisterOptions;
use crate::model::error::CallbackError;
use crate::model::limit::{Overflow, QueueLimit};
use crate::wasm::channels::{RawChannel, key_or_refusal};
use crate::wasm::handover::{self, give_id};
use crate::wasm::host::Thrown;
use crate::wasm::messages::JsMessage;

#[wasm_bindgen]
impl RawChannel {
    /// Registers a listener and returns the key of its subscription. `overflow` is 1 to drop the
    /// oldest, 2 to disconnect, 3 to refuse, anything else for no limit. The caller ensures that
    /// the id is unused. Returns -1 if the host is given the `InvalidChannelException`.
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
    ) -> i32 {
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
        let subscribed = self
            .channel
            .subscribe(&listener, options, last_event_id.as_deref());
        key_or_refusal(subscribed.map(|subscription| subscription.key))
    }

    /// Continues a resumable listener after an event id.
    pub fn rewind(&self, key: usize, last_event_id: &str) {
        if let Some(subscription) = self.subscription(key) {
            self.channel.rewind(&subscription, last_event_id);
        }
    }

    /// Sets the filter of the messages that are delivered, or removes it.
    #[wasm_bindgen(js_name = setFilter)]
    pub fn set_filter(&self, key: usize, filter: Option<Function>) {
        let Some(subscription) = self.subscription(key) else {
            return;
        };
        subscription.listener.set_filter(filter.map(|function| {
            Rc::new(move |message: &JsMessage| {
                // The package's function does not throw.
                let answer = function.call1(&JsValue::UNDEFINED, message);
                answer.is_ok_and(|answer| answer.is_truthy())
            }) as Rc<dyn Fn(&JsMessage) -> bool>
        }));
    }

    /// Sets the callback that sees each message at delivery, or removes it. The function returns
    /// what it would throw, in an array: of a call that throws, wasm-bindgen leaves a place in its
    /// table taken.
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

    /// Removes a listener. Another one may have its key then.
    pub fn remove(&self, key: usize) {
        if let Some(subscription) = self.subscription(key) {
            self.channel.unsubscribe(&subscription);
        }
    }

    /// Gives the host the event id up to which a listener has received everything, and returns
    /// true; false if it will receive a gap first.
    #[wasm_bindgen(js_name = lastId)]
    pub fn last_id(&self, key: usize) -> bool {
        // Heartbeats ask, however quiet the channel is.
        self.chunks.cache.forget(self.channel.kept());
        let subscription = self.subscription(key);
        give_id(subscription.and_then(|subscription| self.channel.last_id(&subscription)))
    }

    /// Returns since when a message waits for a listener, in milliseconds of `performance.now()`;
    /// `NaN` if none does.
    #[wasm_bindgen(js_name = waitingSince)]
    pub fn waiting_since(&self, key: usize) -> f64 {
        let subscription = self.subscription(key);
        let since = subscription.and_then(|subscription| self.channel.waiting_since(&subscription));
        since.unwrap_or(f64::NAN)
    }

    /// Delivers the oldest message: gives it to the host, and returns true. Otherwise the host is
    /// given the `NoMessagesException`, the `InvalidListenerException`, or what the callback threw.
    pub fn deliver(&self, key: usize) -> bool {
        let sent = self
            .known(key)
            .and_then(|subscription| self.channel.deliver(&subscription));
        match sent {
            Ok(delivery) => {
                handover::give_once(delivery.sent().message.as_ref());
                true
            }
            Err(error) => {
                handover::give_error(error);
                false
            }
        }
    }
}
