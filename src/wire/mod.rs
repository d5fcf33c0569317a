//! The event stream format: an event, and the lines that encode it.

pub(crate) mod encode;
pub(crate) mod event;
pub(crate) mod to_event;
