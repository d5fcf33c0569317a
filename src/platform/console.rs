//! The console: where errors go that nobody has asked for.

use crate::model::error::CallbackError;

/// Says on standard error that a message was not delivered.
pub(crate) fn report(listener_id: &str, error: &CallbackError) {
    eprintln!("eric-sse: listener {listener_id} refused a message: {error}");
}
