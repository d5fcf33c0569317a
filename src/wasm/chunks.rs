//! Chunks: JavaScript writes their text and encodes it.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use crate::channel::core::ChannelCore;
use crate::channel::sent::Sent;
use crate::chunk::Medium;
use crate::model::event_id::EventId;
use crate::wasm::host::{JsDraft, draft};
use crate::wasm::messages::JsMessage;

/// A chunk, as JavaScript makes it: its texts would take longer to cross than to be written there.
impl Medium<JsMessage> for Rc<JsValue> {
    type Draft = (JsDraft, usize);

    fn draft(_: usize) -> Self::Draft {
        (draft(), 0)
    }

    fn len((_, length): &Self::Draft) -> usize {
        *length
    }

    fn start(
        (draft, length): &mut Self::Draft,
        retry_milliseconds: u64,
        last: Option<&EventId>,
        as_event: bool,
    ) {
        *length = draft.start(
            retry_milliseconds as f64,
            last.map(EventId::as_str),
            as_event,
        );
    }

    fn event((draft, length): &mut Self::Draft, event_type: &str, id: Option<EventId>, data: &str) {
        *length = draft.event(event_type, id.as_ref().map(EventId::as_str), data);
    }

    fn write(
        (draft, length): &mut Self::Draft,
        _: &ChannelCore<JsMessage>,
        sent: &Sent<JsMessage>,
    ) {
        *length = draft.write(&sent.message);
    }

    fn finish((draft, _): Self::Draft) -> Self {
        Rc::new(draft.finish())
    }
}
