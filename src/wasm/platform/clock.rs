//! The clock that sends are stamped with, for a history that is bounded in time.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;

    #[cfg(feature = "client")]
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

/// Returns milliseconds since some moment in the past. It never goes back.
pub(crate) fn milliseconds() -> f64 {
    now()
}

/// Returns the time since the Unix epoch.
#[cfg(feature = "client")]
pub(crate) fn unix_time() -> std::time::Duration {
    std::time::Duration::from_secs_f64(date_now() / 1000.0)
}
