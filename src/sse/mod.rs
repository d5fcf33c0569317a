//! Channels of Server-Sent Events, and their streams of events and of bytes.

pub(crate) mod channel;
pub(crate) mod container;
pub(crate) mod event_stream;
pub(crate) mod pace;
