//! Shared chunks.
//!
//! After a turn in which something was broadcast, most listeners of a channel stand at the same
//! place of the log and wait for the same blocks. The first one to ask writes them. The others take
//! that very chunk and move past it, so most messages are written once.
//!
//! A listener with an `on_message`, a filter, a gap or dispatches takes chunks of its own.

use crate::chunk::cache::SharedChunk;
use crate::chunk::writer::ChunkWriter;
use crate::chunk::{CHUNK_BYTES, Chunks};
use crate::model::position::Position;

/// About so many bytes of a block are neither type nor data.
const BLOCK_OVERHEAD: u64 = 48;

/// A longer backlog is handed out in parts, which end where the numbers of messages are multiples
/// of this. So clients share their parts when they reconnect, wherever they were.
const PART: u64 = 1024;

impl<M, C> Chunks<M, C> {
    /// Returns whether the backlog comes in parts that others may share.
    pub(super) fn is_far_behind(&self) -> bool {
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        let lag = channel.with_queue(subscription, |queue, log| {
            queue.shared(log).map(|cursor| log.waiting(cursor))
        });
        lag.flatten() > Some(PART)
    }
}

impl<M, C: Clone> Chunks<M, C> {
    /// Takes a chunk of broadcasts. `None` if none waits, or if the stream needs a chunk of its
    /// own.
    pub(super) fn take_shared<W: ChunkWriter<M, Chunk = C>>(&self) -> Option<C> {
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        // The last chunk of a closed channel also has the event that says so.
        if subscription.listener.looks_at_messages() || channel.is_closed() {
            return None;
        }
        // Most often another stream at the same place has made it.
        self.take_made().or_else(|| {
            let (from, tail) = channel.with_queue(subscription, |queue, log| {
                let (from, tail) = (queue.shared(log)?.next(), log.tail());
                (from != tail).then_some((from, tail))
            })??;
            self.shared.cache.share(self.make::<W>(from)?, tail);
            // Looked up, because the queue may be another one by now: a writer may call anything.
            self.take_made()
        })
    }

    /// Takes a chunk that was made before, if it holds what the stream waits for.
    fn take_made(&self) -> Option<C> {
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        let mut unneeded = Vec::new();
        let (chunk, from, to, kept) = channel.with_queue(subscription, |queue, log| {
            let (from, tail) = (queue.shared(log)?.next(), log.tail());
            let (chunk, to) = self.shared.cache.find(from, tail)?;
            self.has_more.set(to != tail);
            queue.pass(log, to - from, &mut unneeded);
            Some((chunk, from, to, log.kept()))
        })??;
        subscription.counters.delivered(to - from);
        self.sent_id.set(Position::broadcast(to - 1));
        if kept.1 {
            self.shared.cache.forget(kept);
        }
        // Dropped without a borrow: a message may own anything.
        drop(unneeded);
        Some(chunk)
    }

    /// Writes the blocks that the stream waits for, without a borrow: a writer may call anything.
    fn make<W: ChunkWriter<M, Chunk = C>>(&self, from: u64) -> Option<SharedChunk<C>> {
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        let (waiting, unread) = channel.with_queue(subscription, |queue, log| {
            let cursor = queue.shared(log)?;
            let (mut unread, mut number) = (Vec::new(), log.place(cursor));
            let mut end = log.tail();
            if end - number > PART {
                end = number - number % PART + PART;
            }
            // A broadcast that is not for everybody is not shared: a chunk ends before it.
            while let Some(sent) = log.get(number).filter(|sent| sent.except.is_empty())
                && number < end
            {
                unread.push(sent.clone());
                number += 1;
            }
            Some((log.waiting(cursor), unread))
        })??;
        if unread.is_empty() {
            return None;
        }
        let weight: u64 = unread.iter().map(|sent| sent.bytes + BLOCK_OVERHEAD).sum();
        let mut writer = W::new(weight.min(CHUNK_BYTES as u64) as usize);
        let mut to = from;
        for sent in &unread {
            writer.message(channel, sent);
            to += 1;
            if writer.len() > CHUNK_BYTES {
                break;
            }
        }
        let is_full = to - from < waiting;
        Some(SharedChunk::new(from, to, is_full, writer.finish()))
    }
}
