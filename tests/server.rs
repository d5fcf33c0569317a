//! Runs the tests of the socket server, its client and the command.
#![cfg(all(unix, not(target_arch = "wasm32"), feature = "command"))]

#[path = "server/mod.rs"]
mod server;
