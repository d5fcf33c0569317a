//! Leaving: how a listener is removed or disconnected.

use crate::channel::AbstractChannel;
use crate::channel::subscription::{Departure, Leave, Occupancy, Seat};
use crate::model::error::InvalidListenerException;

impl<M> AbstractChannel<M> {
    /// Removes a listener and drops its queue. Its streams end.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn remove_listener(&self, listener_id: &str) -> Result<(), InvalidListenerException> {
        let seat = self.seat(listener_id)?;
        self.leave_seat(&seat, Leave::Removed);
        Ok(())
    }

    /// Ends a subscription. Does nothing to a subscription that has ended before, also if another
    /// listener with the same id was registered since.
    pub(crate) fn leave_seat(&self, seat: &Seat<M>, why: Leave) {
        let mut unneeded = Vec::new();
        let freed = {
            let mut state = self.core.state.borrow_mut();
            let departure = {
                let occupancy = seat.occupancy.borrow();
                occupancy.queue().map(|queue| Departure {
                    why,
                    last: (!queue.has_gaps()).then(|| queue.last()),
                })
            };
            let Some(departure) = departure else {
                // The owner has now seen that the listener was disconnected.
                let kept = state.seats.get(seat.key);
                if kept.is_some_and(|kept| std::ptr::eq(&**kept, seat)) {
                    state.seats.remove(seat.key);
                }
                return;
            };
            let left = Occupancy::Left(Box::new(departure));
            let Occupancy::Here(queue) = seat.occupancy.replace(left) else {
                return;
            };
            state.overflows += u64::from(why == Leave::Overflow);
            state.forget(seat);
            let lost = queue.len(&state.log) + queue.untold(&state.log);
            let dropped = queue.untold_overflow(&state.log);
            seat.counters.count(|tally| {
                tally.dropped += dropped;
                tally.discarded += lost - dropped;
            });
            state.left.add(seat.counters.tally());
            state.names.remove(seat.listener.id());
            let frees = why == Leave::Removed || state.names.frees();
            queue.detach(&mut state.log, &mut unneeded);
            frees.then(|| state.seats.remove(seat.key))
        };
        // Dropped without a borrow: the drop of a message or a listener may run any code.
        drop((unneeded, freed));
        seat.listener.wake();
    }

    /// Returns whether the subscription has ended.
    pub(crate) fn is_left(&self, seat: &Seat<M>) -> bool {
        seat.left().is_some()
    }
}
