//! What writes the blocks of a chunk.

use crate::channel::core::ChannelCore;
use crate::channel::sent::Sent;
use crate::model::event_id::EventId;

/// Writes one chunk.
pub(crate) trait ChunkWriter<M> {
    /// A chunk. A clone of it is the same bytes.
    type Chunk;

    /// Begins a chunk of about so many bytes; 0 if that is unknown.
    fn new(bytes: usize) -> Self;

    /// Returns about how many bytes have been written.
    fn len(&self) -> usize;

    /// Appends the block that a stream starts with: the reconnection time, and the event id after
    /// which it starts. `as_event` makes the id that of an event.
    fn start(&mut self, retry_milliseconds: u64, last: Option<&EventId>, as_event: bool);

    /// Appends the block of an event that is no message. Type and data are one line each.
    fn event(&mut self, event_type: &str, id: Option<EventId>, data: &str);

    /// Appends the block of a message.
    fn message(&mut self, channel: &ChannelCore<M>, sent: &Sent<M>);

    fn finish(self) -> Self::Chunk;
}
