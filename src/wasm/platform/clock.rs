//! The clock that sends are stamped with, for a history that is bounded in time.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// Returns milliseconds since some moment in the past. It never goes back.
pub(crate) fn milliseconds() -> f64 {
    now()
}
