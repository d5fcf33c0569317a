//! Channels and the listeners' seats at them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Function;
use slab::Slab;
use wasm_bindgen::prelude::*;

use crate::error::{CallbackError, InvalidListenerException};
use crate::limit::History;
use crate::listener::MessageQueueListener;
use crate::position::Position;
use crate::seat::{Leave, ListenerOptions, Seat};
use crate::sse::{SseChannel, SseOptions};
use crate::wasm::host::{Thrown, thrown};
use crate::wasm::messages::JsMessage;
use crate::wasm::streams;

/// A channel. Listeners are known by the number of their seat, which [`remove`](RawChannel::remove) frees.
#[wasm_bindgen]
pub struct RawChannel {
    channel: SseChannel<JsMessage>,
    seats: RefCell<Slab<Rc<Seat<JsMessage>>>>,
}

#[wasm_bindgen]
impl RawChannel {
    /// Creates a channel. A paced one gives its bytes block by block; JavaScript keeps the time.
    #[wasm_bindgen(constructor)]
    pub fn new(paced: bool, retry_milliseconds: f64) -> Self {
        let options = SseOptions {
            id: None,
            stream_delay: Duration::from_nanos(paced.into()),
            retry_timeout: Duration::from_millis(retry_milliseconds as u64),
            history: History::NONE,
        };
        Self {
            channel: SseChannel::with_options(options),
            seats: RefCell::default(),
        }
    }

    /// Registers a listener and returns the number of its seat. Throws `InvalidChannelException`,
    /// `InvalidListenerException`.
    pub fn add(&self, id: &str, running: bool) -> Result<usize, JsValue> {
        let listener = MessageQueueListener::with_id(id);
        if running {
            listener.start_sync();
        }
        let seat = self
            .channel
            .take_seat(&listener, ListenerOptions::default(), None)
            .map_err(thrown)?;
        Ok(self.seats.borrow_mut().insert(seat))
    }

    /// Sets what sees each message at delivery, or nothing.
    #[wasm_bindgen(js_name = setOnMessage)]
    pub fn set_on_message(&self, seat: usize, on_message: Option<Function>) {
        let Some(seat) = self.seat(seat) else { return };
        seat.listener.set_on_message(on_message.map(|function| {
            Rc::new(move |message: &JsMessage| {
                let answer = function.call1(&JsValue::UNDEFINED, message);
                answer.map(drop).map_err(|value| Thrown(value).into())
            }) as Rc<dyn Fn(&JsMessage) -> Result<(), CallbackError>>
        }));
    }

    /// Starts a listener.
    pub fn start(&self, seat: usize) {
        if let Some(seat) = self.seat(seat) {
            seat.listener.start_sync();
        }
    }

    /// Stops a listener.
    pub fn stop(&self, seat: usize) {
        if let Some(seat) = self.seat(seat) {
            seat.listener.stop_sync();
        }
    }

    /// Returns whether a listener is running.
    #[wasm_bindgen(js_name = isRunning)]
    pub fn is_running(&self, seat: usize) -> bool {
        let seat = self.seat(seat);
        seat.is_some_and(|seat| seat.listener.is_running_sync())
    }

    /// Removes a listener. Its number may be given to another one.
    pub fn remove(&self, seat: usize) {
        let seat = self.seats.borrow_mut().try_remove(seat);
        if let Some(seat) = seat {
            self.channel.leave_seat(&seat, Leave::Removed);
        }
    }

    /// Sends to everybody and returns the sequence number. Throws `InvalidChannelException`.
    pub fn broadcast(&self, message: JsMessage) -> Result<f64, JsValue> {
        let position = self.channel.broadcast(message).map_err(thrown)?;
        Ok(position.sequence() as f64)
    }

    /// Sends to one listener and returns the event id. Throws `InvalidChannelException`,
    /// `InvalidListenerException`.
    pub fn dispatch(&self, seat: usize, message: JsMessage) -> Result<String, JsValue> {
        let seat = self.known_seat(seat)?;
        let position = self.channel.dispatch_to(&seat, message).map_err(thrown)?;
        Ok(self.channel.event_id(position).as_str().to_string())
    }

    /// Returns the event id of a broadcast.
    #[wasm_bindgen(js_name = eventId)]
    pub fn event_id(&self, sequence: f64) -> String {
        let position = Position::broadcast(sequence as u64);
        self.channel.event_id(position).as_str().to_string()
    }

    /// Delivers the oldest message. Throws `NoMessagesException`, `InvalidListenerException`, or what the callback
    /// threw.
    pub fn deliver(&self, seat: usize) -> Result<JsValue, JsValue> {
        let seat = self.known_seat(seat)?;
        let sent = self.channel.deliver_to(&seat).map_err(thrown)?;
        Ok(streams::into_js(sent))
    }

    /// Opens a stream of messages and returns its number, which [`end`](streams::end) frees. `on_error`
    /// gets what the callback throws. Throws `InvalidListenerException`.
    pub fn open(&self, seat: usize, on_error: Function) -> Result<usize, JsValue> {
        let seat = self.known_seat(seat)?;
        Ok(streams::open_messages(&self.channel, seat, on_error))
    }

    /// Opens a stream of bytes, as [`open`](Self::open) does one of messages.
    #[wasm_bindgen(js_name = openBytes)]
    pub fn open_bytes(&self, seat: usize, on_error: Function) -> Result<usize, JsValue> {
        let seat = self.known_seat(seat)?;
        Ok(streams::open_bytes(&self.channel, seat, on_error))
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
    fn seat(&self, seat: usize) -> Option<Rc<Seat<JsMessage>>> {
        self.seats.borrow().get(seat).cloned()
    }

    fn known_seat(&self, seat: usize) -> Result<Rc<Seat<JsMessage>>, JsValue> {
        let found = self.seat(seat);
        found.ok_or_else(|| thrown(InvalidListenerException::unknown("of a removed listener")))
    }
}
