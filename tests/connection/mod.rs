//! The reconnecting client: a scripted transport answers, and the clock is that of a paused
//! runtime, in which an hour passes at once.

mod scripted;

mod ends;
mod handle;
mod living;
mod requests;
mod retries;
mod statuses;
