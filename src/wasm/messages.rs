//! Messages: handles to JavaScript objects.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::channel::AbstractChannel;
use crate::chunk::Medium;
use crate::event::{Event, EventId, EventType};
use crate::seat::Sent;
use crate::wasm::host::{JsDraft, draft, thrown};

#[wasm_bindgen]
extern "C" {
    /// What was sent, as JavaScript keeps it: made by the package, seen by nobody else.
    pub type JsMessage;
}

/// A chunk, as JavaScript makes it: its texts would take longer to cross than to be written there.
impl Medium<JsMessage> for Rc<JsValue> {
    type Draft = (JsDraft, usize);

    fn draft(_: usize) -> Self::Draft {
        (draft(), 0)
    }

    fn len((_, length): &Self::Draft) -> usize {
        *length
    }

    fn append((draft, length): &mut Self::Draft, blocks: &[u8]) {
        // Blocks are made of texts.
        *length = draft.append(str::from_utf8(blocks).unwrap_or_default());
    }

    fn write(
        (draft, length): &mut Self::Draft,
        _: &AbstractChannel<JsMessage>,
        sent: &Sent<JsMessage>,
    ) {
        *length = draft.write(&sent.message);
    }

    fn finish((draft, _): Self::Draft) -> Self {
        Rc::new(draft.finish())
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
