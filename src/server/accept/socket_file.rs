//! The socket file: it exists as long as its server lives, and belongs to that server alone.
//!
//! - It has the mode of its options from the first instant: it is created under a umask, which is
//!   set during the call. Files that other threads create during the call get at most the same
//!   mode.
//! - A path that a live server holds is never taken over, and a file that is not a socket is never
//!   deleted. A socket without a listening process is left from a dead server, and is replaced.
//! - Servers that start at the same time start one after another: each holds a lock on the
//!   directory while it starts. The lock leaves no file behind and ends with its process.
//! - At the end the file is removed if it is still this server's. This happens before the socket is
//!   closed, since until then no other file can have its inode number.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, flock};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketType};
use rustix::process::umask;

/// The longest time to wait for another server that starts.
const TURN: Duration = Duration::from_secs(2);

/// A socket file that is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode number: they tell this file from another one at the same path.
    identity: (u64, u64),
}

impl SocketFile {
    /// Listens at a path, with a mode.
    pub(crate) fn bind(path: &Path, mode: u32) -> io::Result<(Self, UnixListener)> {
        let _turn = lock_directory(path)?;
        remove_dead(path)?;
        let listener = bind_with_mode(path, mode)?;
        listener.set_nonblocking(true)?;
        let file = Self {
            // The server may change its directory.
            path: std::path::absolute(path)?,
            identity: identity(&fs::symlink_metadata(path)?),
        };
        Ok((file, listener))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Without the lock: a server that starts now finds either no file or one without a
        // listening process.
        let is_ours = |metadata: Metadata| identity(&metadata) == self.identity;
        if fs::symlink_metadata(&self.path).is_ok_and(is_ours) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Locks the directory of a path until the file is dropped.
fn lock_directory(path: &Path) -> io::Result<File> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = File::open(parent.unwrap_or(Path::new(".")))?;
    let start = Instant::now();
    loop {
        match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(directory),
            Err(Errno::WOULDBLOCK) if start.elapsed() < TURN => {
                sleep(Duration::from_millis(5));
            }
            Err(Errno::WOULDBLOCK) => {
                return Err(io::Error::new(
                    ErrorKind::ResourceBusy,
                    "another program holds a lock on the directory: try again when it has ended",
                ));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes the socket of a dead server from a path. Fails if anything else is there.
fn remove_dead(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let taken = |what| Err(io::Error::new(ErrorKind::AddrInUse, what));
    if !metadata.file_type().is_socket() {
        return taken("the path holds a file that is not a socket: choose another path");
    }
    match try_connect(path) {
        Err(Errno::CONNREFUSED) => fs::remove_file(path),
        // The server is alive, or cannot be asked: its backlog is full, or it is another user's.
        _ => taken("another server is listening at the path"),
    }
}

/// Connects without waiting, since a server that hangs accepts no connection.
fn try_connect(path: &Path) -> Result<(), Errno> {
    let socket = net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    ioctl_fionbio(&socket, true)?;
    net::connect(&socket, &SocketAddrUnix::new(path)?)
}

/// Binds under a umask, so that the file never has a wider mode. Binding never replaces a file.
fn bind_with_mode(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let old = umask(Mode::from_raw_mode(!mode as _) & Mode::from_raw_mode(0o777));
    let listener = UnixListener::bind(path);
    umask(old);
    listener
}
