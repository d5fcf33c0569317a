//! Seat: a listener's place at a channel, and what passes through it.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

use crate::channel::listener::MessageQueueListener;
use crate::log::Log;
use crate::model::gap::Gap;
use crate::model::limit::QueueLimit;
use crate::model::position::Position;
use crate::model::stats::{Counters, ListenerStats};
use crate::queue::Queue;

/// What was sent, with its place in the order. Made once and shared by everybody who gets it.
#[derive(Debug)]
pub struct Sent<M> {
    pub(crate) message: M,
    pub(crate) position: Position,
    /// What it counts for in bounds.
    pub(crate) bytes: u64,
    /// When it was sent, in milliseconds of the channel's clock.
    pub(crate) at: f64,
    /// The ids of the listeners that a broadcast is not for.
    pub(crate) except: Box<[Rc<str>]>,
    /// Whether its block of an event stream was needed before.
    pub(crate) written: Cell<bool>,
    /// The block, kept from the second time on that it is needed.
    pub(crate) block: OnceCell<Box<[u8]>>,
}

impl<M> Sent<M> {
    pub(crate) fn new(
        message: M,
        position: Position,
        bytes: u64,
        at: f64,
        except: Box<[Rc<str>]>,
    ) -> Rc<Self> {
        Rc::new(Self {
            message,
            position,
            bytes,
            at,
            except,
            written: Cell::new(false),
            block: OnceCell::new(),
        })
    }

    /// Returns whether a listener is to get it.
    pub(crate) fn is_for(&self, listener: &MessageQueueListener<M>) -> bool {
        self.except.iter().all(|id| **id != *listener.id())
    }
}

/// A message as it is delivered: the message, shared with its other receivers, and its position.
#[derive(Debug)]
pub struct Delivery<M> {
    pub(crate) sent: Rc<Sent<M>>,
}

impl<M> Deref for Delivery<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.sent.message
    }
}

impl<M> Clone for Delivery<M> {
    fn clone(&self) -> Self {
        Self {
            sent: self.sent.clone(),
        }
    }
}

impl<M> Delivery<M> {
    /// Returns where the message stands in the channel's order.
    pub fn position(&self) -> Position {
        self.sent.position
    }
}

/// How a listener is registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerOptions {
    /// How much may wait for it; without a limit when `None`.
    pub limit: Option<QueueLimit>,
    /// Whether it outlives the streams that read for it, so that it can be [rewound](crate::AbstractChannel::rewind).
    pub resumable: bool,
}

/// Why a listener is not at its channel any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It was removed.
    Removed,
    /// Its queue was full, and its limit says to disconnect then.
    Overflow,
}

/// A listener's place at a channel.
pub(crate) struct Seat<M> {
    pub(crate) listener: MessageQueueListener<M>,
    /// Where it stands among the channel's seats.
    pub(crate) key: usize,
    /// The order in which the listeners came.
    pub(crate) number: u64,
    /// `None` once the listener has left.
    pub(crate) queue: RefCell<Option<Queue<Rc<Sent<M>>>>>,
    pub(crate) left: Cell<Option<Leave>>,
    /// Whether it has left with a gap that it was not told of.
    pub(crate) untold: Cell<bool>,
    /// Up to where the listener has got everything, or was told what it has not: where it came, at first.
    pub(crate) last: Cell<Position>,
    pub(crate) counters: Counters,
    /// Where this seat stands in the channel's list of parked ones; [`NOWHERE`] when it does not.
    pub(crate) parked_at: Cell<usize>,
    /// Whether it stands in the channel's list of those with a lane to bound.
    pub(crate) laned: Cell<bool>,
    /// Whether it stands in the channel's list of those that refuse.
    pub(crate) refuses: bool,
}

/// No place in a list.
pub(crate) const NOWHERE: usize = usize::MAX;

impl<M> Seat<M> {
    pub(crate) fn new(
        listener: MessageQueueListener<M>,
        key: usize,
        number: u64,
        came: Position,
        refuses: bool,
        queue: Queue<Rc<Sent<M>>>,
    ) -> Rc<Self> {
        Rc::new(Self {
            listener,
            key,
            number,
            refuses,
            queue: RefCell::new(Some(queue)),
            left: Cell::new(None),
            untold: Cell::new(false),
            last: Cell::new(came),
            counters: Counters::default(),
            parked_at: Cell::new(NOWHERE),
            laned: Cell::new(false),
        })
    }

    /// Returns the state of the listener.
    pub(crate) fn stats(&self, log: &Log<Rc<Sent<M>>>) -> ListenerStats {
        let mut stats = ListenerStats {
            tally: self.counters.tally(),
            ..ListenerStats::default()
        };
        if let Some(queue) = self.queue.borrow().as_ref() {
            stats.tally.dropped += queue.untold_overflow(log);
            stats.queued = queue.len(log);
            stats.bytes = queue.bytes(log);
            stats.lag = queue.lag(log);
            stats.remembered = queue.remembered();
        }
        stats
    }
}

/// What a listener gets when it looks.
pub(crate) enum Taken<M> {
    Message(Rc<Sent<M>>),
    Gap(Gap),
    Empty,
    Closed,
    Removed,
}
