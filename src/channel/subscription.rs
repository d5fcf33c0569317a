//! Seat: a listener's place at a channel, and what passes through it.

use std::cell::Cell;
use std::cell::RefCell;
use std::rc::Rc;

use crate::channel::listener::MessageQueueListener;
use crate::channel::sent::Sent;
use crate::log::Log;
use crate::model::gap::Gap;
use crate::model::limit::QueueLimit;
use crate::model::position::Position;
use crate::model::stats::Counters;
use crate::model::stats::ListenerStats;
use crate::queue::Queue;

/// How a listener is registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegisterOptions {
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
