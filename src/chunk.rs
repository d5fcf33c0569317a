//! SharedChunk: the bytes that listeners at the same place of the log share.
//!
//! After a turn in which something was broadcast, most listeners of a channel stand at the same place
//! and are owed the same blocks. The first one to look joins them into a chunk; the others get that
//! very chunk and jump behind it. A listener that has an `on_message`, or something in its lane, is owed
//! bytes of its own and gets none here.

use std::cell::RefCell;
use std::rc::Rc;

use crate::message::ToEvent;
use crate::stream::MessageStream;

/// The last chunk made, for as long as someone may be owed it.
#[derive(Debug, Default)]
pub(crate) struct SharedChunk(Option<Chunk>);

#[derive(Clone, Debug)]
struct Chunk {
    /// Number of the first broadcast inside.
    from: u64,
    /// Number of the first broadcast behind it.
    to: u64,
    /// Whether it ends at a limit, and not because the log ended there.
    full: bool,
    bytes: Rc<[u8]>,
}

/// A chunk holds at most so many blocks, so that making one costs no more than that.
const CHUNK_BLOCKS: usize = 4096;

/// Takes the chunk of broadcasts that a stream is owed. `None` when it is owed nothing, or something
/// that is for itself alone.
///
/// The stream has to be one that [goes on](MessageStream::goes_on). The chunk ends with the block that
/// takes it past `limit` bytes.
pub(crate) fn take<M: ToEvent>(
    shared: &RefCell<SharedChunk>,
    stream: &MessageStream<M>,
    limit: usize,
) -> Option<Rc<[u8]>> {
    let (channel, seat) = (stream.channel(), stream.seat());
    if seat.listener.has_on_message() {
        return None;
    }
    let (from, tail) = channel.with_queue(seat, |queue, log| {
        queue.shared().map(|cursor| (cursor.next(), log.tail()))
    })??;
    if from == tail {
        return None;
    }
    let made = shared.borrow().0.clone();
    let chunk = match made {
        Some(chunk) if chunk.from == from && (chunk.full || chunk.to == tail) => chunk,
        _ => {
            let chunk = make(stream, from, limit)?;
            shared.borrow_mut().0 = Some(chunk.clone());
            chunk
        }
    };
    let (unwanted, all_read) = channel.with_queue(seat, |queue, log| {
        let cursor = queue.shared().filter(|cursor| cursor.next() == from)?;
        let unwanted = log.skip(cursor, chunk.to - chunk.from);
        Some((unwanted, log.len() == 0))
    })??;
    // Dropped without a borrow: a message may own anything.
    drop(unwanted);
    if all_read {
        shared.borrow_mut().0 = None;
    }
    Some(chunk.bytes)
}

/// Joins the blocks that the stream is owed. They are encoded without a borrow, since encoding a message
/// is its own business.
fn make<M: ToEvent>(stream: &MessageStream<M>, from: u64, limit: usize) -> Option<Chunk> {
    let unread: Vec<_> = stream.channel().with_queue(stream.seat(), |queue, log| {
        let cursor = queue.shared()?;
        Some(log.unread(cursor).take(CHUNK_BLOCKS).cloned().collect())
    })??;
    let mut bytes = Vec::new();
    let mut to = from;
    for sent in &unread {
        bytes.extend_from_slice(sent.block(stream.channel()));
        to += 1;
        if bytes.len() > limit {
            break;
        }
    }
    Some(Chunk {
        from,
        to,
        full: bytes.len() > limit || unread.len() == CHUNK_BLOCKS,
        bytes: bytes.into(),
    })
}
