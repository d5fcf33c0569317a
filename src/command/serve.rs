//! `eric serve`: a server until a signal.

use std::path::Path;

use eric_sse::server::SocketServer;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::args::Serve;
use super::{Failure, say};

/// Runs a server, and writes its report to standard error.
pub fn serve(socket: &Path, arguments: &Serve) -> Result<(), Failure> {
    let failed = |error| Failure::Refused(format!("{}: {error}", socket.display()));
    allow_descriptors(arguments.options().connections);
    let report = SocketServer::start_with(socket, arguments.options()).map_err(failed)?;
    say(&report.to_string());
    Ok(())
}

/// Raises the limit of descriptors to the number of connections, as far as the system allows. A
/// connection beyond the limit fails when it is accepted.
fn allow_descriptors(connections: usize) {
    const OTHERS: u64 = 64;
    let wanted = (connections as u64).saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < wanted) {
        let current = Some(maximum.map_or(wanted, |maximum| maximum.min(wanted)));
        let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    }
}
