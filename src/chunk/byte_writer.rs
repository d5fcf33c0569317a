//! Chunks as bytes.
//!
//! A history does not keep a message twice, as a message and as its block. A block is kept when it
//! is needed for the second time, by listeners that lag or reconnect.

use std::rc::Rc;

use crate::channel::core::ChannelCore;
use crate::channel::sent::Sent;
use crate::chunk::writer::ChunkWriter;
use crate::model::event_id::EventId;
use crate::model::event_type::EventType;
use crate::wire::encode;
use crate::wire::event::Event;
use crate::wire::to_event::ToEvent;

pub(crate) struct ByteWriter(Vec<u8>);

impl<M: ToEvent> ChunkWriter<M> for ByteWriter {
    type Chunk = Rc<[u8]>;

    fn new(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn start(&mut self, retry_milliseconds: u64, last: Option<&EventId>, as_event: bool) {
        encode::note(&mut self.0, Some(retry_milliseconds), last, as_event);
    }

    fn event(&mut self, event_type: &str, id: Option<EventId>, data: &str) {
        let mut event = Event::new(EventType::reserved(event_type)).with_data(data);
        if let Some(id) = id {
            event = event.with_id(id);
        }
        event.encode(&mut self.0);
    }

    fn message(&mut self, channel: &ChannelCore<M>, sent: &Sent<M>) {
        if let Some(block) = sent.block.get() {
            return self.0.extend_from_slice(block);
        }
        let start = self.0.len();
        let id = channel.event_id(sent.position);
        sent.message.to_event().with_id(id).encode(&mut self.0);
        if sent.written.replace(true) {
            // It is set already if `to_event` has led back here; the bytes are the same then.
            let _ = sent.block.set(self.0[start..].into());
        }
    }

    fn finish(self) -> Rc<[u8]> {
        self.0.into()
    }
}
