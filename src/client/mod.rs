//! The other end of an event stream: a decoder.
//!
//! [`EventStreamDecoder`] is pushed bytes. [`EventStream`] reads any stream of chunks, such as the
//! body of a response. Both decode as the
//! [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)
//! says, in time that grows with the bytes alone, and keep a bounded part of the stream. No bytes
//! make them panic.

mod decoder;

pub use decoder::{
    EventStream, EventStreamDecoder, EventStreamError, EventTooLarge, ReceivedEvent,
};
