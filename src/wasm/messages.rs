//! Messages: handles to JavaScript objects.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A message as JavaScript keeps it: the `Sent` of `js/model/message.ts`. The core only passes
    /// it on.
    pub type JsMessage;
}
