//! The command `eric`: a server on a Unix socket, and its clients. See `eric --help`.

#[cfg(all(unix, not(target_arch = "wasm32")))]
mod command;

#[cfg(all(unix, not(target_arch = "wasm32")))]
fn main() -> std::process::ExitCode {
    command::run()
}

#[cfg(not(all(unix, not(target_arch = "wasm32"))))]
fn main() {
    panic!("eric needs Unix sockets, which this system does not have");
}
