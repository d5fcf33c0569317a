//! The console: where errors go that nobody has asked for.

use wasm_bindgen::prelude::*;

use crate::model::error::CallbackError;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str, listener_id: &str, error: &str);
}

/// Says on JavaScript's console that a message was not delivered.
pub(crate) fn report(listener_id: &str, refusal: &CallbackError) {
    error(
        "eric-sse: a listener refused a message:",
        listener_id,
        &text(refusal),
    );
}

/// Every stream of the package has an `on_error`, so none of it comes here; but the formatting
/// machinery would be linked for it, and weighs more than the log.
fn text(refusal: &CallbackError) -> String {
    if cfg!(feature = "npm") {
        return String::new();
    }
    refusal.to_string()
}
