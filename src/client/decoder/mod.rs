//! The decoder of event streams: bytes in, events out.

mod block;
mod event;
mod event_stream;
mod event_stream_decoder;
mod event_too_large;
mod text;

pub use event::ReceivedEvent;
pub use event_stream::{EventStream, EventStreamError};
pub use event_stream_decoder::EventStreamDecoder;
pub use event_too_large::EventTooLarge;
