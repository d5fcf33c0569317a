//! Which messages can be put on the wire.

use crate::model::message::{MESSAGE_BYTES, Message};
use crate::wire::event::Event;

/// A message that an [`SseChannel`](crate::SseChannel) can put on the wire.
pub trait ToEvent {
    /// Returns the event: its type and data. The channel adds the id.
    fn to_event(&self) -> Event;

    /// Returns how many bytes the message counts for where bytes are bounded: those of its type and
    /// data, and [`MESSAGE_BYTES`].
    fn bytes(&self) -> u64 {
        let event = self.to_event();
        MESSAGE_BYTES + (event.event_type().as_str().len() + event.data().len()) as u64
    }
}

impl ToEvent for Message {
    fn to_event(&self) -> Event {
        Event::new(self.event_type.clone()).with_data(self.raw_payload().data())
    }
}
