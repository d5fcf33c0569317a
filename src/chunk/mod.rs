//! Chunks: the bytes of a stream, made of blocks and shared where possible.
//!
//! ## What a chunk holds
//!
//! The first chunk of a stream starts with the reconnection time, and with the event id after which
//! the stream starts: a client whose connection breaks before its first event reconnects with that
//! id. Then all blocks that are ready go into one chunk, up to the block that takes it past 256
//! KiB. So a long backlog is handed out in parts: the reader's back-pressure works between them,
//! and clients that reconnect together share them. On a paced channel a chunk is one block, and the
//! start of a stream is a chunk of its own.
//!
//! ## The files
//!
//! - `mod.rs`: the chunks of one stream.
//! - `shared.rs`: the chunks that several streams take.
//! - `cache.rs`: how long a shared chunk is kept.
//! - `writer.rs`: what writes blocks. `byte_writer.rs` writes this crate's bytes. The npm package's
//!   writer is in `crate::wasm`: it joins JavaScript strings, which the engine encodes once per
//!   chunk.

mod byte_writer;
pub(crate) mod cache;
mod shared;
pub(crate) mod writer;

use std::cell::Cell;
use std::rc::Rc;
use std::task::Poll;

pub(crate) use crate::chunk::byte_writer::ByteWriter;
use crate::chunk::cache::ChunkCache;
use crate::chunk::writer::ChunkWriter;
use crate::model::event_id::EventId;
use crate::model::event_type::CHANNEL_CLOSED;
use crate::model::gap::GAP;
use crate::model::position::Position;
use crate::queue::Next;
use crate::stream::MessageStream;

/// A chunk ends with the block that takes it past this many bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// What the streams of bytes of one channel share. One pointer for both parts: each stream has it.
#[derive(Debug)]
pub(crate) struct SharedChunks<C> {
    pub(crate) settings: StreamSettings,
    pub(crate) cache: ChunkCache<C>,
}

impl<C> SharedChunks<C> {
    pub(crate) fn new(settings: StreamSettings) -> Rc<Self> {
        Rc::new(Self {
            settings,
            cache: ChunkCache::new(),
        })
    }
}

/// How a channel's streams of bytes are written.
#[derive(Debug)]
pub(crate) struct StreamSettings {
    /// Whether each block is a chunk of its own.
    pub(crate) is_paced: bool,
    pub(crate) retry_milliseconds: u64,
}

/// The chunks of one stream.
#[derive(Debug)]
pub(crate) struct Chunks<M, C = Rc<[u8]>> {
    pub(crate) stream: MessageStream<M>,
    shared: Rc<SharedChunks<C>>,
    started: bool,
    /// Whether event ids without a message are sent as events of type `_eric_position`.
    pub(crate) position_events: bool,
    /// Whether there may be more after the last chunk.
    has_more: Cell<bool>,
    /// The position of the last id that the client was sent. The listener's own position is newer
    /// if its filter has refused messages since.
    sent_id: Cell<Position>,
}

impl<M, C> Chunks<M, C> {
    pub(crate) fn new(stream: MessageStream<M>, shared: &Rc<SharedChunks<C>>) -> Self {
        shared.cache.enter();
        Self {
            stream,
            shared: shared.clone(),
            started: false,
            position_events: true,
            has_more: Cell::new(true),
            sent_id: Cell::new(Position::broadcast(0)),
        }
    }

    /// Returns the event id up to which the client has everything, if the client was not sent that
    /// id yet and receives no gap first. The caller sends it.
    pub(crate) fn unsent_id(&self) -> Option<EventId> {
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        // Heartbeats ask for it, so this runs on a quiet channel as well.
        self.shared.cache.forget(channel.kept());
        let last = subscription.last()?;
        if !self.started || last == self.sent_id.get() {
            return None;
        }
        self.sent_id.set(last);
        Some(channel.event_id(last))
    }

    /// Returns whether the start of the stream was handed out.
    pub(crate) fn started(&self) -> bool {
        self.started
    }

    /// Returns whether there may be something after the last chunk, the end included.
    #[cfg(feature = "npm")]
    pub(crate) fn has_more(&self) -> bool {
        self.has_more.get()
    }

    /// Takes the chunk that is ready. After `Pending`, [`park`](MessageStream::park) the stream, or
    /// nothing wakes it.
    ///
    /// A callback that ends the stream meanwhile sets `ended`: then everything that was taken is
    /// given back.
    pub(crate) fn step<W: ChunkWriter<M, Chunk = C>>(
        &mut self,
        ended: &Cell<bool>,
    ) -> Poll<Option<C>>
    where
        C: Clone,
    {
        if !self.stream.goes_on() {
            return Poll::Ready(None);
        }
        self.has_more.set(true);
        if self.started
            && !self.shared.settings.is_paced
            && let Some(shared) = self.take_shared::<W>()
        {
            return Poll::Ready(Some(shared));
        }
        let mut writer = W::new(0);
        if !self.started {
            self.started = true;
            let subscription = self.stream.subscription();
            let start = self.stream.channel().first_id(subscription);
            self.sent_id
                .set(subscription.last().unwrap_or(Position::broadcast(0)));
            writer.start(
                self.shared.settings.retry_milliseconds,
                start.as_ref(),
                self.position_events,
            );
            if self.is_far_behind() {
                return Poll::Ready(Some(writer.finish()));
            }
        }
        self.own_chunk(writer, ended)
    }

    /// Makes a chunk for this stream alone.
    fn own_chunk<W: ChunkWriter<M, Chunk = C>>(
        &mut self,
        mut writer: W,
        ended: &Cell<bool>,
    ) -> Poll<Option<C>> {
        let limit = if self.shared.settings.is_paced {
            0
        } else {
            CHUNK_BYTES
        };
        let subscription = self.stream.subscription().clone();
        let mut taken = Vec::new();
        while writer.len() <= limit {
            let is_seen = subscription.listener.looks_at_messages();
            let step = self.stream.step_unless(ended);
            if ended.get() {
                // Nobody is left to take the chunk.
                taken.push(step);
                while let Some(step) = taken.pop() {
                    match step {
                        Next::Gap(gap) => self.stream.give_back_gap(gap),
                        Next::Message(delivery) => self.stream.give_back(delivery),
                        _ => {}
                    }
                }
                return Poll::Ready(None);
            }
            match step {
                Next::Message(delivery) => {
                    writer.message(self.stream.channel(), delivery.sent());
                    self.sent_id.set(delivery.position());
                    if is_seen {
                        taken.push(Next::Message(delivery));
                    }
                }
                Next::Gap(gap) => {
                    // A client that reconnects with this id does not receive the gap again.
                    let to = self.stream.channel().event_id(gap.to);
                    let data = gap.data(&to);
                    self.sent_id.set(gap.to);
                    writer.event(GAP, Some(to), &data);
                    taken.push(Next::Gap(gap));
                }
                Next::Closed => writer.event(CHANNEL_CLOSED, None, ""),
                Next::Ended if writer.len() == 0 => return Poll::Ready(None),
                Next::Pending if writer.len() == 0 => return Poll::Pending,
                Next::Ended => break,
                Next::Pending => {
                    self.has_more.set(false);
                    break;
                }
            }
        }
        Poll::Ready(Some(writer.finish()))
    }
}

impl<M, C> Drop for Chunks<M, C> {
    fn drop(&mut self) {
        self.stream.end();
        self.shared.cache.leave();
        self.shared.cache.forget(self.stream.channel().kept());
    }
}
