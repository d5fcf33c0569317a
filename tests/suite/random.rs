//! Random tests from a reported seed: the same in every place, unless `ERIC_SSE_SEED` names another
//! one.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// The seed when none is named.
const SEED: u64 = 0x5eed;

/// Runs a property on random inputs, and on ever simpler ones once it fails.
///
/// Natively, `ERIC_SSE_SEED` and `ERIC_SSE_CASES` in the environment choose other inputs and more
/// of them.
pub fn check<S: Strategy>(
    cases: u32,
    inputs: S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let seed = environment("ERIC_SSE_SEED").unwrap_or(SEED);
    let cases = environment("ERIC_SSE_CASES").map_or(cases, |cases| cases as u32);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(&inputs, property) {
        panic!("with ERIC_SSE_SEED={seed}: {error}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a whole number"))
}

/// There is no environment in a browser.
#[cfg(target_arch = "wasm32")]
fn environment(_name: &str) -> Option<u64> {
    None
}
