//! Messages: handles to JavaScript objects.

use wasm_bindgen::prelude::*;

use crate::event::{Event, EventId, EventType};
use crate::message::ToEvent;
use crate::wasm::host::thrown;

#[wasm_bindgen]
extern "C" {
    /// What was sent, as JavaScript keeps it: made by the package, seen by nobody else.
    pub type JsMessage;

    /// The type, which [`check_event_type`] has accepted.
    #[wasm_bindgen(method, getter, structural)]
    fn kind(this: &JsMessage) -> String;

    /// The data: a string payload itself, the JSON text of any other; nothing for none.
    #[wasm_bindgen(method, getter, structural)]
    fn text(this: &JsMessage) -> Option<String>;
}

impl ToEvent for JsMessage {
    fn to_event(&self) -> Event {
        // The type was checked when the message was sent. Should it be illegal all the same, the
        // event goes out under the standard's own default type: nothing is forged.
        let event_type = EventType::new(&*self.kind()).unwrap_or_else(|_| EventType::message());
        Event::new(event_type).with_data(&*self.text().unwrap_or_default())
    }
}

/// Checks an event type. Throws `InvalidMessageFormat`.
#[wasm_bindgen(js_name = checkEventType)]
pub fn check_event_type(text: &str) -> Result<(), JsValue> {
    EventType::new(text).map(drop).map_err(thrown)
}

/// Encodes the block of an event that a channel's own `adapt` made. Throws `InvalidMessageFormat`.
#[wasm_bindgen(js_name = encodeEvent)]
pub fn encode_event(event: &str, data: &str, id: Option<String>) -> Result<Vec<u8>, JsValue> {
    let mut block = Event::new(EventType::new(event).map_err(thrown)?).with_data(data);
    if let Some(id) = id {
        block = block.with_id(EventId::new(&*id).map_err(thrown)?);
    }
    let mut bytes = Vec::new();
    block.encode(&mut bytes);
    Ok(bytes)
}
