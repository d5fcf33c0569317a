//! State: the log of a channel and its lists of listeners.

use std::rc::Rc;

use slab::Slab;

use crate::channel::sent::{Sent, is_for};
use crate::channel::subscription::NOWHERE;
use crate::channel::subscription::Subscription;
use crate::log::Log;
use crate::model::limit::Overflow;
use crate::model::stats::Tally;
use crate::queue::Queue;

pub(super) struct State<M> {
    pub(super) log: Log<Rc<Sent<M>>>,
    /// By their keys. A subscription that was disconnected stays until its owner, which knows it
    /// by the key, has removed it.
    pub(super) subscriptions: Slab<Rc<Subscription<M>>>,
    /// The subscriptions with a parked stream, which a broadcast has to wake. One may stay here
    /// after its stream has ended, until the next broadcast, but not after its own end.
    pub(super) parked: Vec<Rc<Subscription<M>>>,
    /// The subscriptions with a limit and unread dispatches: the log alone cannot enforce their
    /// limit.
    pub(super) with_inbox: Vec<Rc<Subscription<M>>>,
    /// The subscriptions whose limit refuses messages.
    pub(super) refusing: Vec<Rc<Subscription<M>>>,
    /// The counters of listeners that have left.
    pub(super) left: Tally,
    pub(super) refused_sends: u64,
    /// Number of the newest dispatch on this channel. It is never reused, not even for a later
    /// listener with the same id.
    pub(super) dispatched: u64,
    /// How many listeners were disconnected because their queue was full.
    pub(super) overflows: u64,
    /// Number of the next subscription: their order.
    pub(super) next_subscription: u64,
    pub(super) closed: bool,
}

impl<M> State<M> {
    pub(super) fn take_parked(&mut self) -> Vec<Rc<Subscription<M>>> {
        let parked = std::mem::take(&mut self.parked);
        parked
            .iter()
            .for_each(|subscription| subscription.parked_at.set(NOWHERE));
        parked
    }

    /// Takes the emptied list back, so that a broadcast to parked streams need not allocate.
    pub(super) fn reuse_parked(&mut self, emptied: Vec<Rc<Subscription<M>>>) {
        if self.parked.is_empty() {
            self.parked = emptied;
        }
    }

    /// Notes that a subscription has unread dispatches.
    pub(super) fn note_inbox(
        &mut self,
        subscription: &Rc<Subscription<M>>,
        overflow: Option<Overflow>,
    ) {
        if overflow.is_some() && !subscription.with_inbox.replace(true) {
            self.with_inbox.push(subscription.clone());
        }
    }

    /// Returns the ids of the listeners that refuse a broadcast of a weight.
    pub(super) fn full(&self, bytes: u64, except: &[Rc<str>]) -> Vec<String> {
        let mut full = Vec::new();
        for subscription in &self.refusing {
            let occupancy = subscription.occupancy.borrow();
            let over = |queue: &Queue<_>| queue.is_over(&self.log, 1, bytes);
            if occupancy.queue().is_some_and(over) && is_for(except, subscription.listener.id()) {
                full.push(subscription.listener.id().to_string());
            }
        }
        full
    }

    /// Enforces the limits of listeners with unread dispatches. Adds to `full` the ones to
    /// disconnect.
    pub(super) fn enforce_inboxes(
        &mut self,
        full: &mut Vec<Rc<Subscription<M>>>,
        unneeded: &mut Vec<Rc<Sent<M>>>,
    ) {
        let log = &mut self.log;
        self.with_inbox.retain(|subscription| {
            let mut occupancy = subscription.occupancy.borrow_mut();
            let Some(queue) = occupancy
                .queue_mut()
                .filter(|queue| queue.has_unread_dispatches())
            else {
                subscription.with_inbox.set(false);
                return false;
            };
            match queue.overflow(log) {
                Some(Overflow::DropOldest) => queue.enforce(log, unneeded),
                Some(Overflow::Disconnect) if queue.is_over(log, 0, 0) => {
                    full.push(subscription.clone())
                }
                _ => {}
            }
            true
        });
    }

    /// Adds to `full` the listeners to disconnect because they have missed a broadcast.
    pub(super) fn find_lagging(&self, full: &mut Vec<Rc<Subscription<M>>>) {
        for (_, subscription) in &self.subscriptions {
            if let Some(queue) = subscription.occupancy.borrow().queue()
                && queue.overflow(&self.log) == Some(Overflow::Disconnect)
                && queue.lags(&self.log)
            {
                full.push(subscription.clone());
            }
        }
    }

    /// Removes a subscription that has ended from the lists.
    pub(super) fn leave_lists(&mut self, subscription: &Subscription<M>) {
        self.unpark(subscription);
        if subscription.with_inbox.take() {
            self.with_inbox
                .retain(|other| !std::ptr::eq(&**other, subscription));
        }
        if subscription.refuses {
            self.refusing
                .retain(|other| !std::ptr::eq(&**other, subscription));
        }
    }

    pub(super) fn unpark(&mut self, subscription: &Subscription<M>) {
        let index = subscription.parked_at.replace(NOWHERE);
        if index < self.parked.len() {
            self.parked.swap_remove(index);
        }
        if let Some(moved) = self.parked.get(index) {
            moved.parked_at.set(index);
        }
    }
}
