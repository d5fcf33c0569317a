//! `cargo bench`: runs the benches of benches/native.
//!
//! They are a crate of their own: what they measure with turns on features of our dependencies (`derive` of serde), with which the
//! crate would be built and tested other than its users have it.

use std::env;
use std::process::{Command, exit};

fn main() {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ending = Command::new(cargo)
        .args(["bench", "--manifest-path"])
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/benches/native/Cargo.toml"
        ))
        .arg("--")
        .args(env::args_os().skip(1))
        .status()
        .expect("cargo starts");
    exit(ending.code().unwrap_or(1));
}
