//! Peers: who may connect.
//!
//! Two things keep strangers out: the mode of the socket file, and the credentials that the kernel gives of
//! each peer. The second holds where the first was widened by hand, and where a descriptor was passed on.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::process::{getegid, geteuid};

/// Who may connect to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peers {
    /// Processes of the server's own user. The socket file has mode 0600.
    #[default]
    SameUser,
    /// Processes of its user or of its group. The file has mode 0660.
    SameGroup,
    /// Every process that reaches the file, which has mode 0666.
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

/// Lets peers in, or not.
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

/// Returns the user and the group of the process at the other end, as the kernel noted them when it connected.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn credentials(socket: &UnixStream) -> io::Result<(u32, u32)> {
    let peer = rustix::net::sockopt::socket_peercred(socket)?;
    Ok((peer.uid.as_raw(), peer.gid.as_raw()))
}

/// Tokio knows how each system says it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn credentials(socket: &UnixStream) -> io::Result<(u32, u32)> {
    let peer = tokio::net::UnixStream::from_std(socket.try_clone()?)?.peer_cred()?;
    Ok((peer.uid(), peer.gid()))
}
