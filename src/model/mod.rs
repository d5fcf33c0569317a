//! The values of the crate: messages, positions, gaps, claims, limits, counters and errors.

pub(crate) mod claim;
pub(crate) mod error;
pub(crate) mod event_id;
pub(crate) mod event_type;
pub(crate) mod exceptions;
pub(crate) mod gap;
pub(crate) mod limit;
mod line;
pub(crate) mod message;
pub(crate) mod position;
pub(crate) mod shared;
pub(crate) mod stats;
pub(crate) mod text;
