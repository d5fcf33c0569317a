//! Subscription: one listener at one channel.

use std::cell::Cell;
use std::cell::RefCell;
use std::rc::Rc;

use crate::channel::listener::MessageQueueListener;
use crate::channel::sent::Sent;
use crate::log::Log;
use crate::model::limit::QueueLimit;
use crate::model::position::Position;
use crate::model::stats::Counters;
use crate::model::stats::ListenerStats;
use crate::queue::Queue;

/// How a listener is registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegisterOptions {
    /// How much may wait for the listener; `None` for no limit.
    pub limit: Option<QueueLimit>,
    /// Whether the listener outlives its streams, so that it can be
    /// [rewound](crate::AbstractChannel::rewind).
    pub resumable: bool,
}

/// Why a listener has left its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It was removed.
    Removed,
    /// Its queue was full, and its limit says to disconnect then.
    Overflow,
}

/// Whether a listener is at its channel.
///
/// The rare part is in a box, so that it adds no weight to the queue.
pub(crate) enum Occupancy<T> {
    Here(Queue<T>),
    Left(Box<Departure>),
}

/// How a listener has left its channel.
pub(crate) struct Departure {
    pub(crate) why: Leave,
    /// The position handed over last; `None` if the listener left before it received a gap.
    pub(crate) last: Option<Position>,
}

impl<T> Occupancy<T> {
    pub(crate) fn queue(&self) -> Option<&Queue<T>> {
        match self {
            Self::Here(queue) => Some(queue),
            Self::Left(_) => None,
        }
    }

    pub(crate) fn queue_mut(&mut self) -> Option<&mut Queue<T>> {
        match self {
            Self::Here(queue) => Some(queue),
            Self::Left(_) => None,
        }
    }
}

/// A listener at a channel.
pub(crate) struct Subscription<M> {
    pub(crate) listener: MessageQueueListener<M>,
    /// By which the core's callers know it: its index among the channel's subscriptions.
    pub(crate) key: usize,
    /// Its place in the order of registration.
    pub(crate) number: u64,
    pub(crate) occupancy: RefCell<Occupancy<Rc<Sent<M>>>>,
    pub(crate) counters: Counters,
    /// Its index in the channel's list of parked subscriptions; [`NOWHERE`] if it is not parked.
    pub(crate) parked_at: Cell<usize>,
    /// Whether it is in the channel's list of those with unread dispatches.
    pub(crate) with_inbox: Cell<bool>,
    /// Whether it is in the channel's list of those that refuse.
    pub(crate) refuses: bool,
}

/// Not in a list.
pub(crate) const NOWHERE: usize = usize::MAX;

impl<M> Subscription<M> {
    pub(crate) fn new(
        listener: MessageQueueListener<M>,
        key: usize,
        number: u64,
        refuses: bool,
        queue: Queue<Rc<Sent<M>>>,
    ) -> Rc<Self> {
        Rc::new(Self {
            listener,
            key,
            number,
            refuses,
            occupancy: RefCell::new(Occupancy::Here(queue)),
            counters: Counters::default(),
            parked_at: Cell::new(NOWHERE),
            with_inbox: Cell::new(false),
        })
    }

    /// Returns whether the listener has left its channel.
    pub(crate) fn is_left(&self) -> bool {
        self.left().is_some()
    }

    /// Returns why the listener has left; `None` while it is here.
    pub(crate) fn left(&self) -> Option<Leave> {
        match &*self.occupancy.borrow() {
            Occupancy::Here(_) => None,
            Occupancy::Left(departure) => Some(departure.why),
        }
    }

    /// Returns the position that the client has everything up to; nothing if it receives a gap
    /// first.
    pub(crate) fn last(&self) -> Option<Position> {
        match &*self.occupancy.borrow() {
            Occupancy::Here(queue) => (!queue.has_gaps()).then(|| queue.last()),
            Occupancy::Left(departure) => departure.last,
        }
    }

    /// Returns the state of the listener.
    pub(crate) fn stats(&self, log: &Log<Rc<Sent<M>>>) -> ListenerStats {
        let mut stats = ListenerStats {
            tally: self.counters.tally(),
            ..ListenerStats::default()
        };
        if let Some(queue) = self.occupancy.borrow().queue() {
            stats.tally.dropped += queue.unreported_overflow(log);
            stats.queued = queue.len(log);
            stats.bytes = queue.bytes(log);
            stats.lag = queue.lag(log);
            stats.remembered = queue.remembered();
        }
        stats
    }
}
