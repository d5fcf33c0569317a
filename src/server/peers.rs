//! Peers: who may connect.
//!
//! Two things keep strangers out: the mode of the socket file, and the credentials that the kernel gives of
//! each peer. The second holds where the first was widened by hand, and where a descriptor was passed on.

use std::io;

use rustix::process::{getegid, geteuid};
use tokio::net::UnixStream;

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

    /// Returns whether the process at the other end may be served.
    pub(crate) fn admits(self, stream: &UnixStream) -> io::Result<bool> {
        let peer = stream.peer_cred()?;
        let same_user = peer.uid() == geteuid().as_raw();
        Ok(match self {
            Self::SameUser => same_user,
            Self::SameGroup => same_user || peer.gid() == getegid().as_raw(),
            Self::Everybody => true,
        })
    }
}
