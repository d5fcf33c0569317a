//! Runs the suite in wasm, in a window of a headless browser.
#![cfg(target_arch = "wasm32")]

mod bindings;
mod suite;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
