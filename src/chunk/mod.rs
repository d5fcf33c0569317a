//! Chunks: the bytes that a listener is owed, made of blocks and shared where they can be.
//!
//! ## What a chunk holds
//!
//! The first chunk of a stream starts with the reconnection time, and with the event id behind
//! which the stream starts: a client that loses its connection before its first event comes back
//! with that. Then every block that is ready goes into one chunk, up to the block with which it
//! passes 256 KiB: a long backlog is handed out in parts, so that the reader's back-pressure is
//! felt between them, and which those who come back together share. On a paced channel a chunk is
//! one block, and what the stream starts with is a chunk of its own.
//!
//! ## Sharing
//!
//! After a turn in which something was broadcast, most listeners of a channel stand at the same
//! place of the log and are owed the same blocks: the first one to look writes them, the others get
//! that very chunk and jump behind it. A listener that has an `on_message`, or something in its
//! lane, is owed bytes of its own. So most messages are written once.
//!
//! A long chunk is kept for some time after everybody has read it, as long as the history has its
//! messages and anybody has a stream: when a connection of many clients breaks, these come back one
//! by one, and are owed the same. The time is looked at with heartbeats, when streams end, and
//! whenever everybody has read everything.
//!
//! ## What it is made as
//!
//! A [`Medium`] writes the blocks: this crate's as bytes, the npm package's as JavaScript strings,
//! of which the engine makes bytes once per chunk.

mod byte_writer;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::channel::core::ChannelCore;
use crate::channel::sent::Sent;
use crate::model::event_id::EventId;
use crate::model::event_type::CHANNEL_CLOSED;
use crate::model::gap::GAP;
use crate::model::position::Position;
use crate::platform::clock;
use crate::queue::Next;
use crate::stream::MessageStream;

/// About so many bytes of a block are neither type nor data.
const BLOCK_OVERHEAD: u64 = 48;

/// A chunk ends with the block that takes it past this many bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// Who has more than so many messages to read is given them in parts that end where their numbers
/// are multiples of it: so all who come back after a broken connection share their parts, wherever
/// they were.
const PART: u64 = 1024;

/// So many chunks are kept for others: 16 parts of a long history, and what was sent in this turn.
/// The oldest makes room.
const MOST_SHARED: usize = 17;

/// A chunk of so many messages is kept for so long after somebody was given it last, though
/// everybody has read it.
const LONG: u64 = 256;
const KEPT_MILLISECONDS: f64 = 30_000.0;

/// What chunks are made as.
pub(crate) trait Medium<M>: Clone {
    /// A chunk that is being written.
    type Draft;

    /// Begins one of about so many bytes; 0 when that is not known.
    fn draft(bytes: usize) -> Self::Draft;

    /// Returns about how many bytes have been written.
    fn len(draft: &Self::Draft) -> usize;

    /// Appends the block that a stream starts with: the reconnection time, and the event id that it
    /// starts after. The id is that of an event if `as_event` says so.
    fn start(
        draft: &mut Self::Draft,
        retry_milliseconds: u64,
        last: Option<&EventId>,
        as_event: bool,
    );

    /// Appends the block of an event that is no message. Type and data are one line each.
    fn event(draft: &mut Self::Draft, event_type: &str, id: Option<EventId>, data: &str);

    /// Appends the block of a message.
    fn write(draft: &mut Self::Draft, channel: &ChannelCore<M>, sent: &Sent<M>);

    fn finish(draft: Self::Draft) -> Self;
}

/// What the chunks of a channel have in common.
#[derive(Debug)]
pub(crate) struct Wire<C = Rc<[u8]>> {
    /// Whether blocks are handed out one by one.
    pub(crate) paced: bool,
    pub(crate) retry_milliseconds: u64,
    /// The last chunks that were shared, for as long as someone may be owed them, or come back for
    /// them.
    shared: RefCell<Vec<Shared<C>>>,
    /// How many streams are open.
    open: Cell<usize>,
}

#[derive(Debug)]
struct Shared<C> {
    /// Number of the first broadcast inside.
    from: u64,
    /// Number of the first broadcast behind it.
    to: u64,
    /// Whether it ends at a limit or before what is not for everybody, and not because the log
    /// ended there.
    full: bool,
    chunk: C,
    /// When somebody was given it last, if it is a long one; 0 of others.
    used: Cell<f64>,
}

impl<C> Shared<C> {
    fn is_long(&self) -> bool {
        self.to - self.from >= LONG
    }
}

/// The chunks of one stream.
#[derive(Debug)]
pub(crate) struct Chunks<M, C = Rc<[u8]>> {
    pub(crate) stream: MessageStream<M>,
    pub(crate) wire: Rc<Wire<C>>,
    started: bool,
    /// Whether event ids without a message are sent as events of type `_eric_position`.
    pub(crate) position_events: bool,
    /// Whether the last chunk may not be all that there is.
    more: Cell<bool>,
    /// The position of the last block with an id. The listener's own is newer when its filter has
    /// kept messages back since.
    told: Cell<Position>,
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
            shared: RefCell::new(Vec::new()),
            open: Cell::new(0),
        }
    }

    /// Keeps a chunk for others.
    fn share(&self, chunk: Shared<C>, tail: u64) {
        let mut shared = self.shared.borrow_mut();
        if shared
            .last()
            .is_some_and(|last| !last.full && last.to != tail)
        {
            // Nobody is owed it any more: it ends where the log ended formerly.
            shared.pop();
        }
        if shared.len() == MOST_SHARED {
            shared.remove(0);
        }
        shared.push(chunk);
    }

    /// Forgets what nobody can be owed any more: what begins before the oldest broadcast that is
    /// kept; long chunks that nobody was given lately; and the others, when everybody has read
    /// everything.
    pub(crate) fn forget(&self, (oldest, all_read): (u64, bool)) {
        let mut shared = self.shared.borrow_mut();
        if !shared.is_empty() {
            let old = clock::milliseconds() - KEPT_MILLISECONDS;
            shared.retain(|shared| {
                let is_wanted = match shared.is_long() {
                    true => shared.used.get() > old,
                    false => !all_read,
                };
                is_wanted && shared.from >= oldest
            });
        }
    }
}

impl<M, C> Chunks<M, C> {
    pub(crate) fn new(stream: MessageStream<M>, wire: Rc<Wire<C>>) -> Self {
        wire.open.set(wire.open.get() + 1);
        Self {
            told: Cell::new(Position::broadcast(0)),
            stream,
            wire,
            started: false,
            position_events: true,
            more: Cell::new(true),
        }
    }

    /// Returns the event id up to which the client has everything, if the client does not have that
    /// id yet: no block since the last one with it, and nothing that the client is to be told
    /// first.
    ///
    /// The client has it after this call: the caller sends it.
    pub(crate) fn moved(&self) -> Option<EventId> {
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        // Heartbeats ask, however quiet the channel is.
        self.wire.forget(channel.kept());
        let last = subscription.last()?;
        if !self.started || last == self.told.get() {
            return None;
        }
        self.told.set(last);
        Some(channel.event_id(last))
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
        self.wire.open.set(self.wire.open.get() - 1);
        if self.wire.open.get() == 0 {
            self.wire.shared.take();
        }
        self.wire.forget(self.stream.channel().kept());
    }
}

impl<M, C: Medium<M>> Chunks<M, C> {
    /// Takes the chunk that is ready.
    ///
    /// A callback that ends the stream meanwhile says so in `ended`: what was taken is given back
    /// then.
    pub(crate) fn step(&mut self, ended: &Cell<bool>) -> ChunkStep<C> {
        if !self.stream.goes_on() {
            return ChunkStep::Ended;
        }
        self.more.set(true);
        if self.started
            && !self.wire.paced
            && let Some(shared) = self.take_shared()
        {
            return ChunkStep::Chunk(shared);
        }
        let mut draft = C::draft(0);
        if !self.started {
            self.started = true;
            let subscription = self.stream.subscription();
            let start = self.stream.channel().first_id(subscription);
            self.told
                .set(subscription.last().unwrap_or(Position::broadcast(0)));
            C::start(
                &mut draft,
                self.wire.retry_milliseconds,
                start.as_ref(),
                self.position_events,
            );
            if self.is_far_behind() {
                return ChunkStep::Chunk(C::finish(draft));
            }
        }
        self.own_chunk(draft, ended)
    }

    /// Returns whether what the stream is owed comes in parts that others may share.
    fn is_far_behind(&self) -> bool {
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        let lag = channel.with_queue(subscription, |queue, log| {
            queue.shared(log).map(|cursor| log.waiting(cursor))
        });
        lag.flatten() > Some(PART)
    }

    /// Makes a chunk for this stream alone.
    fn own_chunk(&mut self, mut draft: C::Draft, ended: &Cell<bool>) -> ChunkStep<C> {
        let limit = if self.wire.paced { 0 } else { CHUNK_BYTES };
        let subscription = self.stream.subscription().clone();
        let mut taken = Vec::new();
        while C::len(&draft) <= limit {
            let is_seen = subscription.listener.looks_at_messages();
            let step = self.stream.step_unless(ended);
            if ended.get() {
                // A callback has ended the stream: there is nobody to hand the chunk to.
                taken.push(step);
                while let Some(step) = taken.pop() {
                    match step {
                        Next::Gap(gap) => self.stream.give_back_gap(gap),
                        Next::Message(delivery) => self.stream.give_back(delivery),
                        _ => {}
                    }
                }
                return ChunkStep::Ended;
            }
            match step {
                Next::Message(delivery) => {
                    C::write(&mut draft, self.stream.channel(), &delivery.sent);
                    self.told.set(delivery.position());
                    if is_seen {
                        taken.push(Next::Message(delivery));
                    }
                }
                Next::Gap(gap) => {
                    // A client that comes back with its id is not told again.
                    let to = self.stream.channel().event_id(gap.to);
                    let data = gap.data(&to);
                    self.told.set(gap.to);
                    C::event(&mut draft, GAP, Some(to), &data);
                    taken.push(Next::Gap(gap));
                }
                Next::Closed => C::event(&mut draft, CHANNEL_CLOSED, None, ""),
                Next::Ended if C::len(&draft) == 0 => return ChunkStep::Ended,
                Next::Pending if C::len(&draft) == 0 => return ChunkStep::Pending,
                Next::Ended => break,
                Next::Pending => {
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
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        // The last chunk of a closed channel has the event that says so as well.
        if subscription.listener.looks_at_messages() || channel.is_closed() {
            return None;
        }
        // Mostly made already, for somebody else at the same place.
        self.take_made().or_else(|| {
            let (from, tail) = channel.with_queue(subscription, |queue, log| {
                let (from, tail) = (queue.shared(log)?.next(), log.tail());
                (from != tail).then_some((from, tail))
            })??;
            self.wire.share(self.make_shared(from)?, tail);
            self.take_made()
        })
    }

    /// Takes a chunk that was made before, if that is what the stream is owed.
    fn take_made(&self) -> Option<C> {
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        let made = self.wire.shared.borrow();
        let mut unwanted = Vec::new();
        let (shared, kept) = channel.with_queue(subscription, |queue, log| {
            let (tail, cursor) = (log.tail(), queue.shared(log)?);
            let is_owed = |shared: &&Shared<C>| {
                shared.from == cursor.next() && (shared.full || shared.to == tail)
            };
            let shared = made.iter().rev().find(is_owed)?;
            self.more.set(shared.to != tail);
            queue.pass(log, shared.to - shared.from, &mut unwanted);
            Some((shared, log.kept()))
        })??;
        let count = shared.to - shared.from;
        subscription.counters.delivered(count);
        self.told.set(Position::broadcast(shared.to - 1));
        if shared.is_long() {
            shared.used.set(clock::milliseconds());
        }
        let chunk = shared.chunk.clone();
        drop(made);
        if kept.1 {
            self.wire.forget(kept);
        }
        // Dropped without a borrow: a message may own anything.
        drop(unwanted);
        Some(chunk)
    }

    /// Joins the blocks that the stream is owed. They are encoded without a borrow, since encoding
    /// a message is its own business.
    fn make_shared(&self, from: u64) -> Option<Shared<C>> {
        let (channel, subscription) = (self.stream.channel(), self.stream.subscription());
        let (waiting, unread) = channel.with_queue(subscription, |queue, log| {
            let cursor = queue.shared(log)?;
            let (mut unread, mut number) = (Vec::new(), log.place(cursor));
            let mut end = log.tail();
            if end - number > PART {
                end = number - number % PART + PART;
            }
            // What is not for everybody is not shared: up to there, and behind it again.
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
            used: Cell::new(0.0),
        })
    }
}
