//! The host: what this side asks of JavaScript.

use std::cell::OnceCell;
use std::fmt;

use wasm_bindgen::prelude::*;

use crate::model::error::{CallbackError, Error, NoMessagesReason};
use crate::wasm::messages::JsMessage;

#[wasm_bindgen]
extern "C" {
    /// The object that the package hands over when it has loaded the module.
    pub type Host;

    /// Makes an exception, by its number in `js/wasm/exceptions.ts`. `detail` is the reason of a
    /// `NoMessagesException`, or the listeners that a `QueueFullException` names, one per line.
    #[wasm_bindgen(method)]
    fn exception(this: &Host, number: u32, message: &str, detail: &str) -> JsValue;

    /// Begins a chunk.
    #[wasm_bindgen(method)]
    fn chunk(this: &Host) -> JsChunkWriter;

    /// Receives the value of a call's answer, beside the number that the call returns.
    #[wasm_bindgen(method)]
    fn give(this: &Host, given: &JsValue);

    /// Schedules a microtask that reads the woken streams.
    #[wasm_bindgen(method, js_name = wakeSoon)]
    fn wake_soon(this: &Host);
}

#[wasm_bindgen]
extern "C" {
    /// Writes a chunk.
    pub(crate) type JsChunkWriter;

    /// Appends the block of a message. Returns the length of the chunk so far.
    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &JsChunkWriter, message: &JsMessage) -> usize;

    /// Appends the block of another event. Returns the length of the chunk so far.
    #[wasm_bindgen(method)]
    pub(crate) fn event(
        this: &JsChunkWriter,
        event_type: &str,
        id: Option<&str>,
        data: &str,
    ) -> usize;

    /// Appends the block that a stream starts with. Returns the length of the chunk so far.
    #[wasm_bindgen(method)]
    pub(crate) fn start(
        this: &JsChunkWriter,
        retry_milliseconds: f64,
        last: Option<&str>,
        as_event: bool,
    ) -> usize;

    /// Returns the chunk, a `Uint8Array`.
    #[wasm_bindgen(method)]
    pub(crate) fn finish(this: &JsChunkWriter) -> JsValue;
}

thread_local! {
    static HOST: OnceCell<Host> = const { OnceCell::new() };
}

/// Hands over the host. The first one stays.
#[wasm_bindgen(js_name = installHost)]
pub fn install_host(host: Host) {
    HOST.with(|slot| {
        let _ = slot.set(host);
    });
}

pub(crate) fn wake_soon() {
    HOST.with(|slot| {
        if let Some(host) = slot.get() {
            host.wake_soon();
        }
    });
}

pub(crate) fn give(given: &JsValue) {
    HOST.with(|slot| {
        if let Some(host) = slot.get() {
            host.give(given);
        }
    });
}

pub(crate) fn chunk_writer() -> JsChunkWriter {
    HOST.with(|slot| match slot.get() {
        Some(host) => host.chunk(),
        // Nothing is sent before the host is there.
        None => JsValue::UNDEFINED.unchecked_into(),
    })
}

/// What a JavaScript callback threw, on its way through the core.
pub(crate) struct Thrown(pub(crate) JsValue);

impl fmt::Debug for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.0
                .as_string()
                .as_deref()
                .unwrap_or("a JavaScript value"),
        )
    }
}

impl std::error::Error for Thrown {}

/// Turns an exception into the JavaScript value to throw.
pub(crate) fn thrown(error: Error) -> JsValue {
    match error {
        Error::Callback(error) => callback_value(error),
        Error::InvalidChannel(exception) => numbered(0, exception.text(), None),
        Error::InvalidListener(exception) => numbered(1, exception.text(), None),
        Error::InvalidMessage(exception) => numbered(2, exception.text(), None),
        Error::NoMessages(exception) => {
            let reason = match exception.reason() {
                NoMessagesReason::Empty => "empty",
                NoMessagesReason::Stopped => "stopped",
                NoMessagesReason::Closed => "closed",
            };
            numbered(3, exception.text(), Some(reason))
        }
        Error::QueueFull(exception) => {
            let mut full = None;
            for listener in exception.listeners() {
                add_line(&mut full, listener);
            }
            numbered(4, exception.text(), full.as_deref())
        }
    }
}

/// Makes an exception, by its number in `js/wasm/exceptions.ts`.
fn numbered(number: u32, text: &str, detail: Option<&str>) -> JsValue {
    HOST.with(|slot| match slot.get() {
        Some(host) => host.exception(number, text, detail.unwrap_or_default()),
        // Nothing throws before the host is there.
        None => JsValue::UNDEFINED,
    })
}

/// Adds a line to lines, which line feeds separate.
#[inline(never)]
pub(crate) fn add_line(lines: &mut Option<String>, line: &str) {
    match lines {
        Some(lines) => {
            lines.push('\n');
            lines.push_str(line);
        }
        None => *lines = Some(line.into()),
    }
}

/// Returns what the callback threw.
pub(crate) fn callback_value(error: CallbackError) -> JsValue {
    match error.downcast::<Thrown>() {
        Ok(thrown) => thrown.0,
        // Nothing else is ever given as a callback here.
        Err(_) => JsValue::UNDEFINED,
    }
}
