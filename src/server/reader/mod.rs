//! A reader: the stream of a listener's messages to a client's socket.
//!
//! ## Waiting
//!
//! A stream sleeps until a message arrives, its channel or listener ends, or its reader leaves. It
//! sets no timer and never polls: idle streams cost no time.
//!
//! ## Order of taking and writing
//!
//! Messages are taken from the queue in batches, each when the one before has been written.
//! Messages that a slow reader has not read therefore stay in the queue, where its limit holds.
//!
//! ## Ending
//!
//! When its listener is removed, a stream writes what it has taken. When the listener was
//! disconnected because its queue was full, an error follows. A reader that does not read this in
//! time is cut off after the grace period.
//!
//! A reader that leaves is noticed at once, whether it had ended its writing side before or not.
//! Its unread messages are queued again for the listener's next reader, in order (see [`window`]
//! and [`handover`]). This includes gaps that the reader may not have received.

pub(crate) mod handover;
mod taker;
mod window;
mod writer;

use std::io;
use std::rc::Rc;

use tokio::net::UnixStream;

use crate::server::hub::{Hub, OpenFeed};
use crate::server::reader::taker::Batch;
use crate::server::reader::writer::Writer;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its listener or channel ended, and its reader's socket has everything.
    Ended,
    /// Its reader left.
    Left,
    /// Its listener ended, and its reader did not read the rest in time.
    CutOff,
}

/// Streams to a reader until the stream ends or the reader leaves.
pub(crate) async fn stream(hub: &Rc<Hub>, feed: OpenFeed, socket: UnixStream) -> Ending {
    let socket = Rc::new(socket);
    if feed.keeps_listener {
        let listener = feed.stream.listener().clone();
        hub.readers.enter(listener.id(), &socket).await;
    }
    let mut writer = Writer::new(hub.clone(), feed, socket);
    loop {
        let batch = writer.batch().await;
        if batch == Batch::Left {
            writer.note_what_was_left().await;
            return Ending::Left;
        }
        if let Err(error) = writer.write().await {
            if error.kind() == io::ErrorKind::TimedOut {
                return Ending::CutOff;
            }
            writer.note_that_bytes_were_left();
            return Ending::Left;
        }
        if batch == Batch::Last {
            return Ending::Ended;
        }
        // Other tasks get their turn, however fast the reader is.
        tokio::task::consume_budget().await;
    }
}
