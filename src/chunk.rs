//! Chunks: the bytes that a listener is owed, made of blocks and shared where they can be.
//!
//! ## What a chunk holds
//!
//! The first chunk of a stream starts with the reconnection time, and with the event id behind which the stream
//! starts: a client that loses its connection before its first event comes back with that. Then every block that is ready goes
//! into one chunk, up to the block with which it passes 256 KiB: a long backlog is handed out in parts,
//! so that the reader's back-pressure is felt between them. On a paced channel a chunk is one
//! block, and what the stream starts with is a chunk of its own.
//!
//! ## Sharing
//!
//! After a turn in which something was broadcast, most listeners of a channel stand at the same place of the log and are owed
//! the same blocks: the first one to look writes them, the others get that very chunk and jump behind it. A listener that
//! has an `on_message`, or something in its lane, is owed bytes of its own. So most messages are written once, and what a
//! history keeps is not kept twice, as a message and as its block: a block is kept when it is needed for the second time,
//! by those who lag behind or come back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::encode;
use crate::event::{Event, EventType};
use crate::log::Cursor;
use crate::message::ToEvent;
use crate::position::Position;
use crate::replay::Gap;
use crate::seat::Sent;
use crate::stream::{MessageStream, Step};

/// About so many bytes of a block are neither type nor data.
const BLOCK_OVERHEAD: u64 = 48;

/// A chunk ends with the block that takes it past this many bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// A shared chunk holds at most so many blocks, so that looking for them costs no more than that.
const CHUNK_BLOCKS: usize = 4096;

/// What the chunks of a channel have in common.
#[derive(Debug)]
pub(crate) struct Wire {
    /// Whether blocks are handed out one by one.
    pub(crate) paced: bool,
    pub(crate) retry_milliseconds: u64,
    /// The last chunk that was shared, for as long as someone may be owed it.
    shared: RefCell<Option<Shared>>,
}

#[derive(Clone, Debug)]
struct Shared {
    /// Number of the first broadcast inside.
    from: u64,
    /// Number of the first broadcast behind it.
    to: u64,
    /// Whether it ends at a limit or before what is not for everybody, and not because the log ended there.
    full: bool,
    bytes: Rc<[u8]>,
}

/// The chunks of one stream.
#[derive(Debug)]
pub(crate) struct Chunks<M> {
    pub(crate) stream: MessageStream<M>,
    wire: Rc<Wire>,
    started: bool,
    /// Whether the last chunk may not be all that there is.
    more: Cell<bool>,
}

/// What a stream has to offer when it is asked for bytes.
pub(crate) enum ChunkStep {
    Chunk(Rc<[u8]>),
    Ended,
    /// Nothing now: [`park`](MessageStream::park), or lose the wake-up.
    Pending,
}

impl Wire {
    pub(crate) fn new(paced: bool, retry_milliseconds: u64) -> Self {
        Self {
            paced,
            retry_milliseconds,
            shared: RefCell::new(None),
        }
    }
}

impl<M> Chunks<M> {
    pub(crate) fn new(stream: MessageStream<M>, wire: Rc<Wire>) -> Self {
        Self {
            stream,
            wire,
            started: false,
            more: Cell::new(true),
        }
    }

    /// Returns whether the reconnection time was handed out.
    pub(crate) fn started(&self) -> bool {
        self.started
    }

    /// Returns whether there may be something behind the last chunk, the end included.
    #[cfg(feature = "npm")]
    pub(crate) fn has_more(&self) -> bool {
        self.more.get()
    }
}

impl<M> Drop for Chunks<M> {
    fn drop(&mut self) {
        self.stream.end();
        if self.stream.channel().is_all_read() {
            *self.wire.shared.borrow_mut() = None;
        }
    }
}

impl<M: ToEvent> Chunks<M> {
    /// Takes the chunk that is ready.
    ///
    /// A callback that ends the stream meanwhile says so in `ended`: what was taken is given back then.
    pub(crate) fn step(&mut self, ended: &Cell<bool>) -> ChunkStep {
        if !self.stream.goes_on() {
            return ChunkStep::Ended;
        }
        self.more.set(true);
        let mut bytes = Vec::new();
        if !self.started {
            self.started = true;
            let start = self.stream.channel().last_id(self.stream.seat());
            encode::note(
                &mut bytes,
                Some(self.wire.retry_milliseconds),
                start.as_ref(),
            );
        } else if !self.wire.paced
            && let Some(shared) = self.take_shared()
        {
            return ChunkStep::Chunk(shared);
        }
        self.own_chunk(bytes, ended)
    }

    /// Makes a chunk for this stream alone.
    fn own_chunk(&mut self, mut bytes: Vec<u8>, ended: &Cell<bool>) -> ChunkStep {
        let limit = if self.wire.paced { 0 } else { CHUNK_BYTES };
        let seat = self.stream.seat().clone();
        let mut taken = Vec::new();
        while bytes.len() <= limit {
            let is_seen = seat.listener.looks_at_messages();
            let step = self.stream.step_unless(ended);
            if ended.get() {
                // A callback has ended the stream: there is nobody to hand the chunk to.
                if let Step::Message(sent) = step {
                    taken.push(Step::Message(sent));
                }
                while let Some(step) = taken.pop() {
                    match step {
                        Step::Gap(gap) => self.stream.channel().give_back_gap(&seat, gap),
                        Step::Message(sent) => self.stream.channel().give_back(&seat, sent),
                        _ => {}
                    }
                }
                return ChunkStep::Ended;
            }
            match step {
                Step::Message(sent) => {
                    sent.write(self.stream.channel(), &mut bytes);
                    if is_seen {
                        taken.push(Step::Message(sent));
                    }
                }
                Step::Gap(gap) => {
                    gap_event(self.stream.channel(), &gap).encode(&mut bytes);
                    taken.push(Step::Gap(gap));
                }
                Step::Closed => Event::new(EventType::channel_closed()).encode(&mut bytes),
                Step::Ended if bytes.is_empty() => return ChunkStep::Ended,
                Step::Pending if bytes.is_empty() => return ChunkStep::Pending,
                Step::Ended => break,
                Step::Pending => {
                    self.more.set(false);
                    break;
                }
            }
        }
        ChunkStep::Chunk(bytes.into())
    }

    /// Takes the chunk of broadcasts that the stream is owed. `None` when it is owed nothing, or
    /// something that is for itself alone.
    fn take_shared(&self) -> Option<Rc<[u8]>> {
        let (channel, seat) = (self.stream.channel(), self.stream.seat());
        // The last chunk of a closed channel has the event that says so as well.
        if seat.listener.looks_at_messages() || channel.is_closed() {
            return None;
        }
        // Mostly made already, for somebody else at the same place.
        self.take_made().or_else(|| {
            let from = channel.with_queue(seat, |queue, log| {
                let from = queue.shared(log)?.next();
                (from != log.tail()).then_some(from)
            })??;
            let chunk = self.make_shared(from)?;
            *self.wire.shared.borrow_mut() = Some(chunk);
            self.take_made()
        })
    }

    /// Takes the chunk that was made last, if that is what the stream is owed.
    fn take_made(&self) -> Option<Rc<[u8]>> {
        let (channel, seat) = (self.stream.channel(), self.stream.seat());
        let mut made = self.wire.shared.borrow_mut();
        let chunk = made.as_ref()?;
        let mut unwanted = Vec::new();
        let all_read = channel.with_queue(seat, |queue, log| {
            let is_last = chunk.to == log.tail();
            let is_owed = |cursor: &&mut Cursor| cursor.next() == chunk.from;
            let cursor = queue.shared(log).filter(is_owed)?;
            if !is_last && !chunk.full {
                return None;
            }
            self.more.set(!is_last);
            log.skip(cursor, chunk.to - chunk.from, &mut unwanted);
            Some(log.is_all_read())
        })??;
        let count = chunk.to - chunk.from;
        seat.counters.delivered(count);
        seat.last.set(Position::broadcast(chunk.to - 1));
        let bytes = chunk.bytes.clone();
        if all_read {
            *made = None;
        }
        drop(made);
        // Dropped without a borrow: a message may own anything.
        drop(unwanted);
        Some(bytes)
    }

    /// Joins the blocks that the stream is owed. They are encoded without a borrow, since encoding a
    /// message is its own business.
    fn make_shared(&self, from: u64) -> Option<Shared> {
        let (channel, seat) = (self.stream.channel(), self.stream.seat());
        let (waiting, unread) = channel.with_queue(seat, |queue, log| {
            let cursor = queue.shared(log)?;
            let (mut unread, mut number) = (Vec::new(), log.place(cursor));
            // What is not for everybody is not shared: up to there, and behind it again.
            while let Some(sent) = log.get(number).filter(|sent| sent.except.is_empty())
                && unread.len() < CHUNK_BLOCKS
            {
                unread.push(sent.clone());
                number += 1;
            }
            Some((log.waiting(cursor), unread))
        })??;
        if unread.is_empty() {
            return None;
        }
        // Blocks are little longer than what they are made of.
        let weight: u64 = unread.iter().map(|sent| sent.bytes + BLOCK_OVERHEAD).sum();
        let mut bytes = Vec::with_capacity(weight.min(CHUNK_BYTES as u64) as usize);
        let mut to = from;
        for sent in &unread {
            sent.write(channel, &mut bytes);
            to += 1;
            if bytes.len() > CHUNK_BYTES {
                break;
            }
        }
        Some(Shared {
            from,
            to,
            full: to - from < waiting,
            bytes: bytes.into(),
        })
    }
}

/// Makes the event that tells of a gap. Its id is where the gap ends: a client that comes back with it is not
/// told again.
pub(crate) fn gap_event<M>(channel: &AbstractChannel<M>, gap: &Gap) -> Event {
    let to = channel.event_id(gap.to);
    let data = gap.data(&to);
    Event::new(Gap::event_type()).with_id(to).with_data(data)
}

impl<M: ToEvent> Sent<M> {
    /// Writes the message's block.
    fn write(&self, channel: &AbstractChannel<M>, out: &mut Vec<u8>) {
        if let Some(block) = self.block.get() {
            return out.extend_from_slice(block);
        }
        let start = out.len();
        let id = channel.event_id(self.position);
        self.message.to_event().with_id(id).encode(out);
        if self.written.replace(true) {
            // Already set if making the event led back here: then the bytes are the same.
            let _ = self.block.set(out[start..].into());
        }
    }
}
