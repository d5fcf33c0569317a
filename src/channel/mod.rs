//! AbstractChannel: listeners, and the messages sent to them.
//!
//! A channel is a handle: clones share everything. It is single-threaded and never blocks.
//!
//! ## A listener's life
//!
//! ```text
//!              subscribe(claim)                      progress passes the replay's end
//!   (none) ────────────────────> HERE: replaying ─────────────────────────────────> HERE: live
//!                                     ^                                                 │
//!                                     └─────── rewind(claim): plan() again ─────────────┤
//!                                                                                       │
//!   LEFT { why, last }  <── disconnect ──────── over the limit ─────────────────────────┤
//!                       <── remove_listener ────────────────────────────────────────────┤
//!                           drop-oldest: a gap "overflow", stays ───────────────────────┤
//!                           refuse: the sender's error, stays ──────────────────────────┤
//!                           close: reads to the end, then Closed, once ─────────────────┘
//! ```
//!
//! ## Delivery order
//!
//! A listener receives what is sent after its registration, broadcasts and dispatches alike, in
//! exactly the order in which it is sent, whether or not the listener was started. Messages are
//! delivered only while it is running: by [`deliver_next`](AbstractChannel::deliver_next), or
//! through a [`message_stream`](AbstractChannel::message_stream). Each message is delivered to a
//! listener at most once, however many streams read for it.
//!
//! ## Ending
//!
//! [`close`](AbstractChannel::close) refuses further sends and listeners. Messages queued before
//! are still delivered. Then a running stream yields [`Delivered::Closed`] and ends, and its
//! listener is stopped. [`remove_listener`](AbstractChannel::remove_listener) drops the listener's
//! queue, and its streams end.
//!
//! ## Re-entrancy
//!
//! Callbacks and wakers run while the channel holds no borrow. They may call everything: send, add,
//! remove, stop and close.
//!
//! ## Full queue
//!
//! A listener may be registered with a [`QueueLimit`](crate::QueueLimit). When its queue is full,
//! its oldest messages are dropped and it receives a gap with their count, or it is disconnected,
//! or the sender is refused. A broadcast that one listener refuses is delivered to no listener. A
//! listener that stalls delays no other one, and its queue stays within its limit.
//!
//! ## History
//!
//! A channel may keep its newest broadcasts for clients that reconnect. A listener can be
//! registered [after](AbstractChannel::register_after) an event id. Replay and live messages are
//! then joined without a gap and without a duplicate, or the first item is a [`Gap`] that says what
//! is missing. If the listener is resumable, dispatches to a former listener of the same name may
//! be missing too: a gap behind the replay says so.
//!
//! ## Another life
//!
//! A program that stores its broadcasts can [restore](AbstractChannel::restore) a channel that has
//! ended. Event ids that clients have from the former channel stay valid.

pub(crate) mod core;
mod deliver;
mod leave;
pub(crate) mod listener;
pub(crate) mod names;
mod queries;
mod restore;
mod resume;
mod send;
pub(crate) mod sent;
mod state;
mod subscribe;
pub(crate) mod subscription;
mod waking;

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use crate::channel::core::ChannelCore;
use crate::channel::names::Names;
use crate::channel::sent::Delivery;
use crate::model::event_id::EventId;
use crate::model::gap::Gap;
use crate::model::limit::History;
use crate::model::message::Message;
use crate::model::position::Position;
use crate::platform::ids;

/// The base of channels: delivers messages of any type to listeners.
///
/// [`SseChannel`](crate::SseChannel) is the implementation for Server-Sent Events. Map a stream to
/// change what it yields.
///
/// ```
/// use eric_sse::{AbstractChannel, Delivered};
/// use futures::{StreamExt, executor::block_on};
///
/// let channel = AbstractChannel::<&str>::new();
/// let stream = channel.watch()?;
/// channel.broadcast("hello")?;
/// channel.close();
///
/// let texts = stream.map(|delivered| match delivered {
///     Delivered::Message(message) => message.to_uppercase(),
///     Delivered::Gap(gap) => format!("{:?} MISSED", gap.missed),
///     Delivered::Closed => "THE END".to_string(),
/// });
/// assert_eq!(block_on(texts.collect::<Vec<_>>()), ["HELLO", "THE END"]);
/// # Ok::<(), eric_sse::Error>(())
/// ```
pub struct AbstractChannel<M = Message> {
    pub(crate) core: ChannelCore<M>,
    /// Made when it is first asked for: some runtimes have no random numbers while they load the
    /// modules of a program.
    id: Rc<OnceCell<Rc<str>>>,
    pub(crate) names: Rc<Names>,
    /// Returns how many bytes a message counts for.
    weigh: fn(&M) -> u64,
}

/// An item of a stream of a channel.
#[derive(Clone, Debug)]
pub enum Delivered<M> {
    /// The next message.
    Message(Delivery<M>),
    /// Messages are missing before the next one. It is in a box, so that this rare variant does not
    /// make every message larger to move.
    Gap(Box<Gap>),
    /// The channel was closed, and everything sent before was delivered. This is the last item of
    /// the stream.
    Closed,
}

impl<M> Clone for AbstractChannel<M> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
            id: self.id.clone(),
            names: self.names.clone(),
            weigh: self.weigh,
        }
    }
}

impl<M> Default for AbstractChannel<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> AbstractChannel<M> {
    /// Creates a channel with a random UUID as its id.
    pub fn new() -> Self {
        Self::create(None, History::NONE, |_| size_of::<M>() as u64)
    }

    /// Creates a channel with an id chosen by the caller.
    pub fn with_id(id: impl Into<Rc<str>>) -> Self {
        let weigh: fn(&M) -> u64 = |_| size_of::<M>() as u64;
        Self::create(Some(id.into()), History::NONE, weigh)
    }

    /// Creates a channel that keeps a history, and weighs its messages for bounds in bytes.
    pub(crate) fn create(id: Option<Rc<str>>, history: History, weigh: fn(&M) -> u64) -> Self {
        Self {
            core: ChannelCore::new(history, None),
            id: Rc::new(id.map_or_else(OnceCell::new, OnceCell::from)),
            names: Rc::default(),
            weigh,
        }
    }

    /// Returns the channel's id.
    pub fn id(&self) -> &str {
        self.id.get_or_init(|| ids::unique().into())
    }

    /// Returns the event id of a position in the order of this channel: `<epoch>-<position>`.
    ///
    /// The epoch is random and belongs to this channel alone. So an id from another channel, or
    /// from before a restart, is recognised.
    pub fn event_id(&self, position: Position) -> EventId {
        self.core.event_id(position)
    }

    /// Returns the event id of the newest broadcast, or the one before the first. A client that was
    /// shown the application's state as of this id misses nothing [after](Self::register_after) it.
    pub fn last_event_id(&self) -> EventId {
        self.core.last_event_id()
    }

    /// Closes the channel: it refuses sends and listeners from now on, and delivers what was queued
    /// before. A closed channel may be closed again.
    pub fn close(&self) {
        self.core.close();
    }

    /// Returns whether the channel was closed.
    pub fn is_closed(&self) -> bool {
        self.core.is_closed()
    }

    /// Drops what has become too old for the history.
    pub fn expire(&self) {
        self.core.expire();
    }
}

impl<M> fmt::Debug for AbstractChannel<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbstractChannel")
            .field("id", &self.id.get())
            .field("listeners", &self.listener_count())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
