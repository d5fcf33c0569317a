//! Leaving: how a listener is removed or disconnected.

use crate::channel::AbstractChannel;
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
        self.unsubscribe(&subscription, Leave::Removed);
        Ok(())
    }

    /// Ends a subscription. Does nothing to a subscription that has ended before, also if another
    /// listener with the same id was registered since.
    pub(crate) fn unsubscribe(&self, subscription: &Subscription<M>, why: Leave) {
        let mut unneeded = Vec::new();
        let freed = {
            let mut state = self.core.state.borrow_mut();
            let departure = {
                let occupancy = subscription.occupancy.borrow();
                occupancy.queue().map(|queue| Departure {
                    why,
                    last: (!queue.has_gaps()).then(|| queue.last()),
                })
            };
            let Some(departure) = departure else {
                // The owner has now seen that the listener was disconnected.
                let kept = state.subscriptions.get(subscription.key);
                if kept.is_some_and(|kept| std::ptr::eq(&**kept, subscription)) {
                    state.subscriptions.remove(subscription.key);
                }
                return;
            };
            let left = Occupancy::Left(Box::new(departure));
            let Occupancy::Here(queue) = subscription.occupancy.replace(left) else {
                return;
            };
            state.overflows += u64::from(why == Leave::Overflow);
            state.forget(subscription);
            let lost = queue.len(&state.log) + queue.untold(&state.log);
            let dropped = queue.untold_overflow(&state.log);
            subscription.counters.count(|tally| {
                tally.dropped += dropped;
                tally.discarded += lost - dropped;
            });
            state.left.add(subscription.counters.tally());
            state.names.remove(subscription.listener.id());
            let frees = why == Leave::Removed || state.names.frees();
            queue.detach(&mut state.log, &mut unneeded);
            frees.then(|| state.subscriptions.remove(subscription.key))
        };
        // Dropped without a borrow: the drop of a message or a listener may run any code.
        drop((unneeded, freed));
        subscription.listener.wake();
    }

    /// Returns whether the subscription has ended.
    pub(crate) fn is_left(&self, subscription: &Subscription<M>) -> bool {
        subscription.left().is_some()
    }
}
