//! The crate as a dependency of another one, in whose tree features of our dependencies are on that
//! this workspace leaves off.
#![cfg(all(unix, not(target_arch = "wasm32"), feature = "server"))]

use std::fs;
use std::path::Path;
use std::process::Command;

/// The dependent crate. Cargo unites the features that all packages of a tree ask for: `derive` is
/// on in almost every Rust server, and the others change how numbers and objects are read.
const MANIFEST: &str = r#"
[package]
name = "dependent"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
anyhow = "1"
eric-sse = { path = "ROOT", default-features = false, features = ["server"] }
serde = { version = "1", features = ["derive"] }
serde_json = { version = "1", features = ["arbitrary_precision", "float_roundtrip"] }

[profile.dev]
debug = false
"#;

const PROGRAM: &str = r##"
use eric_sse::server::{Request, SocketError};
use eric_sse::{
    CallbackError, Error, InvalidChannelException, InvalidListenerException, InvalidMessageFormat,
    Message, NoMessagesException, QueueFullException, SendError, SseChannel,
};

#[derive(serde::Serialize)]
struct Price {
    eur: f64,
}

fn passes<E: Into<anyhow::Error> + Send + Sync + 'static>() {}

fn main() -> anyhow::Result<()> {
    passes::<Error>();
    passes::<InvalidChannelException>();
    passes::<InvalidListenerException>();
    passes::<InvalidMessageFormat>();
    passes::<NoMessagesException>();
    passes::<QueueFullException>();
    passes::<SendError<Message>>();
    passes::<SocketError>();
    fn is_shared<T: Send + Sync + 'static + ?Sized>() {}
    is_shared::<CallbackError>();

    let channel = SseChannel::new();
    let listener = channel.add_listener()?;
    channel.broadcast(Message::new("price", Price { eur: 3.5 })?)?;
    channel.dispatch(listener.id(), Message::signal("stop")?)?;

    for refused in ["1e999", "[-1e999]", r#"{"a":{"b":1e999}}"#, r#"{"a":1,"a":1}"#, "[1"] {
        let request = format!(r#"{{"t":"t","p":{refused}}}"#);
        anyhow::ensure!(Request::parse(request.as_bytes()).is_err(), "{request}");
    }
    for accepted in ["1e308", "12345678901234567890123", "[-0.5, {\"a\": 1}]"] {
        let request = format!(r#"{{"t":"t","p":{accepted}}}"#);
        Request::parse(request.as_bytes())?;
    }
    Ok(())
}
"##;

#[test]
fn a_dependent_with_other_features_of_our_dependencies_compiles_and_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::temp_dir().join(format!("eric-dependent-{}", std::process::id()));
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = MANIFEST.replace("ROOT", root.to_str().unwrap());
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/main.rs"), PROGRAM).unwrap();
    // The versions that this workspace was built with, so that nothing has to be downloaded.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();

    let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["run", "--quiet", "--offline"])
        .current_dir(&folder)
        // Kept from one run to the next.
        .env("CARGO_TARGET_DIR", root.join("target/dependent"))
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.is_empty(), "warnings: {said}");
}

#[test]
fn no_dependency_is_pinned_to_one_version() {
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let pins = manifest.lines().filter(|line| line.contains("\"="));
    assert_eq!(pins.collect::<Vec<_>>(), [""; 0]);
}
