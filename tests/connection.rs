//! Runs the tests of the reconnecting client.
#![cfg(all(unix, not(target_arch = "wasm32"), feature = "client"))]

#[path = "connection/mod.rs"]
mod connection;
