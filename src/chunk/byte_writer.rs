//! Chunks as bytes.
//!
//! What a history keeps is not kept twice, as a message and as its block: a block is kept when it
//! is needed for the second time, by those who lag behind or come back.

use std::rc::Rc;

use crate::channel::core::ChannelCore;
use crate::channel::sent::Sent;
use crate::chunk::Medium;
use crate::model::event_id::EventId;
use crate::model::event_type::EventType;
use crate::wire::encode;
use crate::wire::event::Event;
use crate::wire::to_event::ToEvent;

impl<M: ToEvent> Medium<M> for Rc<[u8]> {
    type Draft = Vec<u8>;

    fn draft(bytes: usize) -> Vec<u8> {
        Vec::with_capacity(bytes)
    }

    fn len(draft: &Vec<u8>) -> usize {
        draft.len()
    }

    fn start(draft: &mut Vec<u8>, retry_milliseconds: u64, last: Option<&EventId>, as_event: bool) {
        encode::note(draft, Some(retry_milliseconds), last, as_event);
    }

    fn event(draft: &mut Vec<u8>, event_type: &str, id: Option<EventId>, data: &str) {
        let mut event = Event::new(EventType::reserved(event_type)).with_data(data);
        if let Some(id) = id {
            event = event.with_id(id);
        }
        event.encode(draft);
    }

    fn write(draft: &mut Vec<u8>, channel: &ChannelCore<M>, sent: &Sent<M>) {
        if let Some(block) = sent.block.get() {
            return draft.extend_from_slice(block);
        }
        let start = draft.len();
        let id = channel.event_id(sent.position);
        sent.message.to_event().with_id(id).encode(draft);
        if sent.written.replace(true) {
            // Already set if making the event led back here: then the bytes are the same.
            let _ = sent.block.set(draft[start..].into());
        }
    }

    fn finish(draft: Vec<u8>) -> Self {
        draft.into()
    }
}
