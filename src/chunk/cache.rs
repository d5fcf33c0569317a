//! The shared chunks of a channel, and how long each is kept.
//!
//! A chunk is kept while a listener may wait for it. A long chunk is kept for some time after
//! everybody has read it, as long as the history has its messages and the channel has a stream:
//! when a connection of many clients breaks, they reconnect one by one, and wait for the same. The
//! time is looked at with heartbeats, when a stream ends, and whenever everybody has read
//! everything.

use std::cell::{Cell, RefCell};

use crate::platform::clock;

/// How many chunks are kept: 16 parts of a long history, and the chunk of this turn. The oldest
/// makes room.
const MOST_KEPT: usize = 17;

/// A chunk of so many messages is a long one.
const LONG: u64 = 256;
/// How long a long chunk is kept after a stream has taken it last.
const KEPT_MILLISECONDS: f64 = 30_000.0;

#[derive(Debug)]
pub(crate) struct ChunkCache<C> {
    chunks: RefCell<Vec<SharedChunk<C>>>,
    /// How many streams are open.
    streams: Cell<usize>,
}

#[derive(Debug)]
pub(crate) struct SharedChunk<C> {
    /// Number of the first broadcast inside.
    from: u64,
    /// Number of the first broadcast after it.
    to: u64,
    /// Whether it ends at a limit or before a broadcast that is not for everybody, and not because
    /// the log ended there.
    is_full: bool,
    chunk: C,
    /// When a stream has taken it last, if it is a long one; 0 otherwise.
    used: Cell<f64>,
}

impl<C> SharedChunk<C> {
    pub(crate) fn new(from: u64, to: u64, is_full: bool, chunk: C) -> Self {
        Self {
            from,
            to,
            is_full,
            chunk,
            used: Cell::new(0.0),
        }
    }

    fn is_long(&self) -> bool {
        self.to - self.from >= LONG
    }
}

impl<C> ChunkCache<C> {
    pub(crate) fn new() -> Self {
        Self {
            chunks: RefCell::new(Vec::new()),
            streams: Cell::new(0),
        }
    }

    /// A stream was opened.
    pub(crate) fn enter(&self) {
        self.streams.set(self.streams.get() + 1);
    }

    /// A stream has ended. Without a stream, nothing is kept.
    pub(crate) fn leave(&self) {
        self.streams.set(self.streams.get() - 1);
        if self.streams.get() == 0 {
            self.chunks.take();
        }
    }

    /// Keeps a chunk for other streams. `tail` is the number of the next broadcast.
    pub(crate) fn share(&self, chunk: SharedChunk<C>, tail: u64) {
        let mut chunks = self.chunks.borrow_mut();
        if chunks
            .last()
            .is_some_and(|last| !last.is_full && last.to != tail)
        {
            // It ends where the log no longer ends: no stream can take it.
            chunks.pop();
        }
        if chunks.len() == MOST_KEPT {
            chunks.remove(0);
        }
        chunks.push(chunk);
    }

    /// Forgets the chunks that no stream will take: those that begin before the oldest broadcast
    /// that is kept, long ones that no stream has taken lately, and the others once everybody has
    /// read everything.
    pub(crate) fn forget(&self, (oldest, all_read): (u64, bool)) {
        let mut chunks = self.chunks.borrow_mut();
        if !chunks.is_empty() {
            let old = clock::milliseconds() - KEPT_MILLISECONDS;
            chunks.retain(|shared| {
                let is_wanted = match shared.is_long() {
                    true => shared.used.get() > old,
                    false => !all_read,
                };
                is_wanted && shared.from >= oldest
            });
        }
    }
}

impl<C: Clone> ChunkCache<C> {
    /// Returns the chunk that begins with a broadcast, and the number of the first broadcast after
    /// it. The chunk is full, or ends where the log ends.
    pub(crate) fn find(&self, from: u64, tail: u64) -> Option<(C, u64)> {
        let chunks = self.chunks.borrow();
        let fits =
            |shared: &&SharedChunk<C>| shared.from == from && (shared.is_full || shared.to == tail);
        let shared = chunks.iter().rev().find(fits)?;
        if shared.is_long() {
            shared.used.set(clock::milliseconds());
        }
        Some((shared.chunk.clone(), shared.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(from: u64, to: u64, is_full: bool) -> SharedChunk<&'static str> {
        SharedChunk::new(from, to, is_full, "chunk")
    }

    #[test]
    fn a_chunk_is_found_while_it_ends_where_the_log_ends() {
        let cache = ChunkCache::new();
        cache.share(chunk(1, 4, false), 4);
        assert_eq!(cache.find(1, 4), Some(("chunk", 4)));
        assert_eq!(cache.find(2, 4), None);
        assert_eq!(cache.find(1, 5), None);
    }

    #[test]
    fn a_full_chunk_is_found_however_long_the_log_is() {
        let cache = ChunkCache::new();
        cache.share(chunk(1, 4, true), 9);
        assert_eq!(cache.find(1, 100), Some(("chunk", 4)));
    }

    #[test]
    fn a_chunk_makes_room_that_ends_where_the_log_ended_before() {
        let cache = ChunkCache::new();
        cache.share(chunk(1, 4, false), 4);
        cache.share(chunk(1, 6, false), 6);
        assert_eq!(cache.chunks.borrow().len(), 1);
    }

    #[test]
    fn the_oldest_of_too_many_chunks_makes_room() {
        let cache = ChunkCache::new();
        for from in 0..=MOST_KEPT as u64 {
            cache.share(chunk(from, from + 1, true), 100);
        }
        assert_eq!(cache.find(0, 100), None);
        assert_eq!(cache.find(1, 100), Some(("chunk", 2)));
    }

    #[test]
    fn a_short_chunk_is_forgotten_once_everybody_has_read_everything() {
        let cache = ChunkCache::new();
        cache.share(chunk(1, 4, false), 4);
        cache.forget((1, false));
        assert_eq!(cache.find(1, 4), Some(("chunk", 4)));
        cache.forget((1, true));
        assert_eq!(cache.find(1, 4), None);
    }

    #[test]
    fn a_long_chunk_outlives_its_readers_as_long_as_its_messages_are_kept() {
        let cache = ChunkCache::new();
        cache.share(chunk(1, 1 + LONG, true), 1 + LONG);
        assert!(cache.find(1, 1 + LONG).is_some());
        cache.forget((1, true));
        assert!(cache.find(1, 1 + LONG).is_some());
        cache.forget((2, true));
        assert_eq!(cache.find(1, 1 + LONG), None);
    }

    #[test]
    fn a_long_chunk_is_forgotten_some_time_after_its_last_reader() {
        let cache = ChunkCache::new();
        cache.share(chunk(1, 1 + LONG, true), 1 + LONG);
        let taken = clock::milliseconds() - KEPT_MILLISECONDS - 1.0;
        cache.chunks.borrow()[0].used.set(taken);
        cache.forget((1, true));
        assert_eq!(cache.find(1, 1 + LONG), None);
    }

    #[test]
    fn nothing_is_kept_without_a_stream() {
        let cache = ChunkCache::new();
        cache.enter();
        cache.enter();
        cache.share(chunk(1, 4, true), 4);
        cache.leave();
        assert!(cache.find(1, 4).is_some());
        cache.leave();
        assert_eq!(cache.find(1, 4), None);
    }
}
