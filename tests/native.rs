//! Runs the suite natively.
#![cfg(not(target_arch = "wasm32"))]

mod suite;
