//! The needs of the core from the platform: a clock, a console, random identifiers.
//!
//! The files for WebAssembly stand under `src/wasm`, the only folder that names `wasm_bindgen`.

#[cfg_attr(target_arch = "wasm32", path = "../wasm/platform/clock.rs")]
pub(crate) mod clock;
#[cfg_attr(target_arch = "wasm32", path = "../wasm/platform/console.rs")]
pub(crate) mod console;
#[cfg_attr(target_arch = "wasm32", path = "../wasm/platform/ids.rs")]
pub(crate) mod ids;
