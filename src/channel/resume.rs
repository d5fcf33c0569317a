//! Resuming: where a client that reconnects continues.

use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::channel::core::ChannelCore;
use crate::channel::state::State;
use crate::channel::subscription::Subscription;
use crate::model::claim::{Claim, LastEventId};
use crate::model::error::InvalidListenerException;
use crate::model::gap::GapReason;

impl<M> AbstractChannel<M> {
    /// Resumes a listener after an event id: it receives what follows, its own dispatches included.
    /// If that is impossible, it continues where it is, after a [`Gap`](crate::Gap) that says so. A
    /// dispatch that is older than a missing broadcast counts as missing too, so that everything
    /// after a gap is newer than its end.
    ///
    /// A listener that is not resumable can be rewound as well. Dispatches that it has read are
    /// then missing, which a gap says.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn rewind(
        &self,
        listener_id: &str,
        last_event_id: &str,
    ) -> Result<(), InvalidListenerException> {
        self.core
            .rewind(&self.subscription(listener_id)?, last_event_id);
        Ok(())
    }
}

impl<M> ChannelCore<M> {
    /// Reads the last event ID of a client.
    pub(super) fn claim(&self, id: &str, state: &State<M>) -> Claim {
        match LastEventId::parse(id, self.epoch()) {
            LastEventId::Known(id, position) => {
                let is_issued = position.sequence() < state.log.tail()
                    && position.dispatch_number() <= state.dispatched;
                match is_issued {
                    true => Claim::At(id, position),
                    false => Claim::Foreign(GapReason::Unknown, Some(id)),
                }
            }
            LastEventId::OtherEpoch(id) => Claim::Foreign(GapReason::Epoch, Some(id)),
            LastEventId::Unknown => Claim::Foreign(GapReason::Unknown, None),
        }
    }

    /// As [`AbstractChannel::rewind`]. Does nothing once the listener has left.
    pub(crate) fn rewind(&self, subscription: &Rc<Subscription<M>>, last_event_id: &str) {
        self.expire();
        let mut unneeded = Vec::new();
        {
            let mut state = self.shared.state.borrow_mut();
            let state = &mut *state;
            let mut occupancy = subscription.occupancy.borrow_mut();
            let Some(queue) = occupancy.queue_mut() else {
                return;
            };
            let claim = self.claim(last_event_id, state);
            let log = &mut state.log;
            let before = queue.len(log) + queue.unreported(log);
            let moves = matches!(claim, Claim::At(..));
            queue.resume(log, claim, None, &mut unneeded);
            if moves {
                let after = queue.len(log);
                subscription.counters.count(|tally| {
                    tally.replayed += after.saturating_sub(before);
                    // Unread messages that the client has already.
                    tally.discarded += before.saturating_sub(after);
                });
            }
            if queue.has_unread_dispatches() {
                let overflow = queue.overflow(&state.log);
                state.note_inbox(subscription, overflow);
            }
        }
        // Dropped and woken without a borrow.
        drop(unneeded);
        subscription.listener.wake();
    }
}
