//! `eric listen` and `eric watch`: a stream to standard output.

use std::io;

use eric_sse::server::SocketStream;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::task::spawn_blocking;

use super::{Failure, print};

/// Prints each event as it arrives. Ends when standard output is closed, before it takes another
/// event.
pub async fn copy(mut stream: SocketStream) -> Result<(), Failure> {
    let mut unread = spawn_blocking(wait_until_unread);
    loop {
        let event = tokio::select! {
            biased;
            _ = &mut unread => return Err(Failure::Unread),
            event = stream.next_event() => event,
        };
        let Some(event) = event else {
            return Ok(());
        };
        let line = serde_json::to_string(&event?).map_err(io::Error::from)?;
        print(&line)?;
    }
}

/// Waits until the reader of standard output, if it is a pipe, has closed it.
fn wait_until_unread() {
    let stdout = io::stdout();
    loop {
        let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
        if poll(&mut asked, None).is_ok() && !asked[0].revents().is_empty() {
            return;
        }
    }
}
