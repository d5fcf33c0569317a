//! Messages: handles to JavaScript objects.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A message as JavaScript keeps it: made by the package, seen by nothing else.
    pub type JsMessage;
}
