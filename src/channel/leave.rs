//! Leaving: how a listener is removed or disconnected.

use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::channel::core::ChannelCore;
use crate::channel::sent::Sent;
use crate::channel::state::State;
use crate::channel::subscription::{Departure, Leave, Occupancy, Subscription};
use crate::model::error::InvalidListenerException;

impl<M> AbstractChannel<M> {
    /// Removes a listener and drops its queue. Its streams end.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn remove_listener(&self, listener_id: &str) -> Result<(), InvalidListenerException> {
        let subscription = self.subscription(listener_id)?;
        self.names.remove(listener_id);
        self.core.unsubscribe(&subscription);
        Ok(())
    }

    /// Forgets a subscription that the core has disconnected.
    pub(super) fn forget(&self, disconnected: &Subscription<M>) {
        self.names.remove(disconnected.listener.id());
        // Not the last handle: the core still wakes it.
        self.core.release(disconnected);
    }
}

impl<M> ChannelCore<M> {
    /// Removes a subscription, and frees its key. Does nothing to one that was removed before.
    pub(crate) fn unsubscribe(&self, subscription: &Subscription<M>) {
        let mut unneeded = Vec::new();
        self.shared
            .state
            .borrow_mut()
            .leave(subscription, Leave::Removed, &mut unneeded);
        let released = self.release(subscription);
        // Dropped without a borrow: the drop of a message or a listener may run any code.
        drop((unneeded, released));
        subscription.listener.wake();
    }

    /// Frees the key of a subscription that has left, unless another one has the key by now.
    fn release(&self, left: &Subscription<M>) -> Option<Rc<Subscription<M>>> {
        let subscriptions = &mut self.shared.state.borrow_mut().subscriptions;
        let kept = subscriptions.get(left.key);
        kept.is_some_and(|kept| std::ptr::eq(&**kept, left))
            .then(|| subscriptions.remove(left.key))
    }
}

impl<M> State<M> {
    /// Ends a subscription. Does nothing to one that has ended before. The caller drops `unneeded`
    /// and wakes the listener, once it holds no borrow.
    pub(super) fn leave(
        &mut self,
        subscription: &Subscription<M>,
        why: Leave,
        unneeded: &mut Vec<Rc<Sent<M>>>,
    ) {
        let mut occupancy = subscription.occupancy.borrow_mut();
        let Occupancy::Here(queue) = &*occupancy else {
            return;
        };
        let left = Occupancy::Left(Box::new(Departure {
            why,
            last: (!queue.has_gaps()).then(|| queue.last()),
        }));
        let lost = queue.len(&self.log) + queue.unreported(&self.log);
        let dropped = queue.unreported_overflow(&self.log);
        subscription.counters.count(|tally| {
            tally.dropped += dropped;
            tally.discarded += lost - dropped;
        });
        self.left.add(subscription.counters.tally());
        self.overflows += u64::from(why == Leave::Overflow);
        if let Occupancy::Here(queue) = std::mem::replace(&mut *occupancy, left) {
            queue.detach(&mut self.log, unneeded);
        }
        self.leave_lists(subscription);
    }
}
