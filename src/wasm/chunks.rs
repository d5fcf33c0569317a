//! Chunks: JavaScript writes their text and encodes it. Their texts would take longer to cross than
//! to be written there.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use crate::channel::core::ChannelCore;
use crate::channel::sent::Sent;
use crate::chunk::writer::ChunkWriter;
use crate::model::event_id::EventId;
use crate::wasm::host::{JsChunkWriter, chunk_writer};
use crate::wasm::messages::JsMessage;

pub(crate) struct TextWriter {
    writer: JsChunkWriter,
    length: usize,
}

impl ChunkWriter<JsMessage> for TextWriter {
    type Chunk = Rc<JsValue>;

    fn new(_: usize) -> Self {
        Self {
            writer: chunk_writer(),
            length: 0,
        }
    }

    fn len(&self) -> usize {
        self.length
    }

    fn start(&mut self, retry_milliseconds: u64, last: Option<&EventId>, as_event: bool) {
        let last = last.map(EventId::as_str);
        self.length = self.writer.start(retry_milliseconds as f64, last, as_event);
    }

    fn event(&mut self, event_type: &str, id: Option<EventId>, data: &str) {
        let id = id.as_ref().map(EventId::as_str);
        self.length = self.writer.event(event_type, id, data);
    }

    fn message(&mut self, _: &ChannelCore<JsMessage>, sent: &Sent<JsMessage>) {
        self.length = self.writer.write(&sent.message);
    }

    fn finish(self) -> Rc<JsValue> {
        Rc::new(self.writer.finish())
    }
}
