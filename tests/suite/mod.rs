//! The black-box tests of the core: written once, run natively and in wasm by the launchers in
//! `tests/`.
//!
//! `use crate::suite::test` gives `#[test]` the launcher's meaning; a test that has to wait is
//! written with `async_test!`. Everything else reads its streams poll by poll (`support`), which
//! needs no executor.

#[cfg(not(target_arch = "wasm32"))]
pub use std::prelude::v1::test;
#[cfg(target_arch = "wasm32")]
pub use wasm_bindgen_test::wasm_bindgen_test as test;

/// A test whose body awaits: `async_test!(name, async { .. })`.
macro_rules! async_test {
    ($name:ident, $body:expr) => {
        #[cfg(not(target_arch = "wasm32"))]
        #[test]
        fn $name() {
            futures::executor::block_on($body);
        }

        #[cfg(target_arch = "wasm32")]
        #[wasm_bindgen_test::wasm_bindgen_test]
        async fn $name() {
            $body.await;
        }
    };
}

mod decoder;
mod model;
mod numbers;
mod random;
mod reader;
mod scene;
mod support;

mod against_model;
mod bytes;
mod chunks;
mod closing;
mod container;
mod counters;
#[cfg(feature = "client")]
mod decoding;
#[cfg(feature = "client")]
mod decoding_streams;
mod delivery;
mod drops;
mod ending;
mod errors;
mod events;
mod filters;
mod history;
mod injection;
mod limits;
mod on_message;
mod order;
mod outliving;
mod pacing;
mod re_entry;
mod reconnecting;
mod replay;
mod restoring;
mod retention;
mod round_trip;
mod waking;
mod watch;
