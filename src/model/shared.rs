//! The pointer to a text that is shared: by [`Arc`](std::sync::Arc), so that messages, events and
//! errors are `Send` and `Sync`, which `?` into most error types asks for.
//!
//! The npm package runs on one thread, so it takes `Rc`. That is 191 bytes less, gzipped.

#[cfg(not(all(target_arch = "wasm32", feature = "npm")))]
pub(crate) use std::sync::Arc as Shared;

#[cfg(all(target_arch = "wasm32", feature = "npm"))]
pub(crate) use std::rc::Rc as Shared;
