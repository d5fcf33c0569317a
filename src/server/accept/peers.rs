//! Peers: the processes that may connect.
//!
//! Two things keep other users out: the mode of the socket file, and the credentials that the
//! kernel reports for each peer. The credentials still hold if somebody widens the mode by hand, or
//! passes a descriptor on.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::process::{getegid, geteuid};

/// The processes that may connect to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peers {
    /// Processes of the server's own user. The socket file has mode 0600.
    #[default]
    SameUser,
    /// Processes of its user or of its group. The file has mode 0660.
    SameGroup,
    /// Every process that can open the file, which has mode 0666.
    Everybody,
}

impl Peers {
    /// Returns the mode of the socket file.
    pub(crate) fn mode(self) -> u32 {
        match self {
            Self::SameUser => 0o600,
            Self::SameGroup => 0o660,
            Self::Everybody => 0o666,
        }
    }
}

/// Decides which peers are admitted.
#[derive(Debug)]
pub(crate) struct Gate {
    peers: Peers,
    /// The server's own user and group.
    own: (u32, u32),
}

impl Gate {
    pub(crate) fn new(peers: Peers) -> Self {
        let own = (geteuid().as_raw(), getegid().as_raw());
        Self { peers, own }
    }

    /// Returns whether the process at the other end may be served.
    pub(crate) fn admits(&self, socket: &UnixStream) -> io::Result<bool> {
        let ((user, group), own) = (credentials(socket)?, self.own);
        Ok(match self.peers {
            Peers::SameUser => user == own.0,
            Peers::SameGroup => user == own.0 || group == own.1,
            Peers::Everybody => true,
        })
    }
}

/// Returns the user and the group of the process at the other end, as the kernel recorded them when
/// the process connected.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn credentials(socket: &UnixStream) -> io::Result<(u32, u32)> {
    let peer = rustix::net::sockopt::socket_peercred(socket)?;
    Ok((peer.uid.as_raw(), peer.gid.as_raw()))
}

/// Tokio knows the call of each system.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn credentials(socket: &UnixStream) -> io::Result<(u32, u32)> {
    let peer = tokio::net::UnixStream::from_std(socket.try_clone()?)?.peer_cred()?;
    Ok((peer.uid(), peer.gid()))
}
