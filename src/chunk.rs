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
//! has an `on_message`, or something in its lane, is owed bytes of its own. So most messages are written once.
//!
//! ## What it is made as
//!
//! A [`Medium`] writes the blocks: this crate's as bytes, the npm package's as JavaScript strings, of which the engine makes
//! bytes once per chunk.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::event::{Event, EventType, note};
use crate::log::Cursor;
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

/// What chunks are made as.
pub(crate) trait Medium<M>: Clone {
    /// A chunk that is being written.
    type Draft;

    /// Begins one, of which it is known or not how many bytes it will have.
    fn draft(bytes: usize) -> Self::Draft;

    /// Returns about how many bytes have been written.
    fn len(draft: &Self::Draft) -> usize;

    /// Appends blocks.
    fn append(draft: &mut Self::Draft, blocks: &[u8]);

    /// Appends the block of a message.
    fn write(draft: &mut Self::Draft, channel: &AbstractChannel<M>, sent: &Sent<M>);

    fn finish(draft: Self::Draft) -> Self;
}

/// What the chunks of a channel have in common.
#[derive(Debug)]
pub(crate) struct Wire<C = Rc<[u8]>> {
    /// Whether blocks are handed out one by one.
    pub(crate) paced: bool,
    pub(crate) retry_milliseconds: u64,
    /// The last chunk that was shared, for as long as someone may be owed it.
    shared: RefCell<Option<Shared<C>>>,
}

#[derive(Debug)]
struct Shared<C> {
    /// Number of the first broadcast inside.
    from: u64,
    /// Number of the first broadcast behind it.
    to: u64,
    /// Whether it ends at a limit or before what is not for everybody, and not because the log ended there.
    full: bool,
    chunk: C,
}

/// The chunks of one stream.
#[derive(Debug)]
pub(crate) struct Chunks<M, C = Rc<[u8]>> {
    pub(crate) stream: MessageStream<M>,
    wire: Rc<Wire<C>>,
    started: bool,
    /// Whether the last chunk may not be all that there is.
    more: Cell<bool>,
}

/// What a stream has to offer when it is asked for bytes.
pub(crate) enum ChunkStep<C> {
    Chunk(C),
    Ended,
    /// Nothing now: [`park`](MessageStream::park), or lose the wake-up.
    Pending,
}

impl<C> Wire<C> {
    pub(crate) fn new(paced: bool, retry_milliseconds: u64) -> Self {
        Self {
            paced,
            retry_milliseconds,
            shared: RefCell::new(None),
        }
    }
}

impl<M, C> Chunks<M, C> {
    pub(crate) fn new(stream: MessageStream<M>, wire: Rc<Wire<C>>) -> Self {
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

impl<M, C> Drop for Chunks<M, C> {
    fn drop(&mut self) {
        self.stream.end();
        if self.stream.channel().is_all_read() {
            *self.wire.shared.borrow_mut() = None;
        }
    }
}

impl<M, C: Medium<M>> Chunks<M, C> {
    /// Takes the chunk that is ready.
    ///
    /// A callback that ends the stream meanwhile says so in `ended`: what was taken is given back then.
    pub(crate) fn step(&mut self, ended: &Cell<bool>) -> ChunkStep<C> {
        if !self.stream.goes_on() {
            return ChunkStep::Ended;
        }
        self.more.set(true);
        if self.started && !self.wire.paced
            && let Some(shared) = self.take_shared()
        {
            return ChunkStep::Chunk(shared);
        }
        let mut draft = C::draft(0);
        if !self.started {
            self.started = true;
            let start = self.stream.channel().last_id(self.stream.seat());
            C::append(&mut draft, &note(Some(self.wire.retry_milliseconds), start.as_ref()));
        }
        self.own_chunk(draft, ended)
    }

    /// Makes a chunk for this stream alone.
    fn own_chunk(&mut self, mut draft: C::Draft, ended: &Cell<bool>) -> ChunkStep<C> {
        let limit = if self.wire.paced { 0 } else { CHUNK_BYTES };
        let seat = self.stream.seat().clone();
        let mut taken = Vec::new();
        while C::len(&draft) <= limit {
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
                    C::write(&mut draft, self.stream.channel(), &sent);
                    if is_seen {
                        taken.push(Step::Message(sent));
                    }
                }
                Step::Gap(gap) => {
                    let event = gap_event(self.stream.channel(), &gap);
                    C::append(&mut draft, &event.block());
                    taken.push(Step::Gap(gap));
                }
                Step::Closed => {
                    let event = Event::new(EventType::channel_closed());
                    C::append(&mut draft, &event.block());
                }
                Step::Ended if C::len(&draft) == 0 => return ChunkStep::Ended,
                Step::Pending if C::len(&draft) == 0 => return ChunkStep::Pending,
                Step::Ended => break,
                Step::Pending => {
                    self.more.set(false);
                    break;
                }
            }
        }
        ChunkStep::Chunk(C::finish(draft))
    }

    /// Takes the chunk of broadcasts that the stream is owed. `None` when it is owed nothing, or
    /// something that is for itself alone.
    fn take_shared(&self) -> Option<C> {
        let (channel, seat) = (self.stream.channel(), self.stream.seat());
        // The last chunk of a closed channel has the event that says so as well.
        if seat.listener.looks_at_messages() || channel.is_closed() {
            return None;
        }
        if !seat.gaps.borrow().is_empty() {
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
    fn take_made(&self) -> Option<C> {
        let (channel, seat) = (self.stream.channel(), self.stream.seat());
        let mut made = self.wire.shared.borrow_mut();
        let shared = made.as_ref()?;
        let (unwanted, all_read) = channel.with_queue(seat, |queue, log| {
            let is_last = shared.to == log.tail();
            let is_owed = |cursor: &&mut Cursor| cursor.next() == shared.from;
            let cursor = queue.shared(log).filter(is_owed)?;
            if !is_last && !shared.full {
                return None;
            }
            self.more.set(!is_last);
            let unwanted = log.skip(cursor, shared.to - shared.from);
            Some((unwanted, log.is_all_read()))
        })??;
        let count = shared.to - shared.from;
        seat.counters.count(|tally| tally.delivered += count);
        seat.last.set(Position::broadcast(shared.to - 1));
        let chunk = shared.chunk.clone();
        if all_read {
            *made = None;
        }
        drop(made);
        // Dropped without a borrow: a message may own anything.
        drop(unwanted);
        Some(chunk)
    }

    /// Joins the blocks that the stream is owed. They are encoded without a borrow, since encoding a
    /// message is its own business.
    fn make_shared(&self, from: u64) -> Option<Shared<C>> {
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
        let mut draft = C::draft(weight.min(CHUNK_BYTES as u64) as usize);
        let mut to = from;
        for sent in &unread {
            C::write(&mut draft, channel, sent);
            to += 1;
            if C::len(&draft) > CHUNK_BYTES {
                break;
            }
        }
        Some(Shared {
            from,
            to,
            full: to - from < waiting,
            chunk: C::finish(draft),
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
