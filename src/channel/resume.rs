//! Resuming: where a client that reconnects goes on.

use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::channel::state::State;
use crate::channel::subscription::Seat;
use crate::model::error::InvalidListenerException;
use crate::model::gap::{Claim, GapReason, LastEventId};

impl<M> AbstractChannel<M> {
    /// Reads the event id that a client has.
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

    /// Sets a resumable listener back to what follows an event id, its own dispatched messages included. If that
    /// cannot be done, it goes on where it is, after a [`Gap`](crate::Gap) that says so. A dispatched message that is older
    /// than a broadcast that is missing counts as missing too: nothing behind a gap is older than its end.
    /// One that is not resumable can be set back as well, but for what was dispatched to it and read: that is a gap.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when the listener is unknown.
    pub fn rewind(
        &self,
        listener_id: &str,
        last_event_id: &str,
    ) -> Result<(), InvalidListenerException> {
        self.rewind_seat(&self.seat(listener_id)?, last_event_id);
        Ok(())
    }

    /// As [`rewind`](Self::rewind); does nothing to a seat that was left.
    pub(crate) fn rewind_seat(&self, seat: &Rc<Seat<M>>, last_event_id: &str) {
        self.expire();
        let mut unneeded = Vec::new();
        {
            let mut state = self.core.state.borrow_mut();
            let state = &mut *state;
            let mut occupancy = seat.occupancy.borrow_mut();
            let Some(queue) = occupancy.queue_mut() else {
                return;
            };
            let claim = self.claim(last_event_id, state);
            let log = &mut state.log;
            let before = queue.len(log) + queue.untold(log);
            let moves = matches!(claim, Claim::At(..));
            queue.resume(log, claim, None, &mut unneeded);
            if moves {
                let after = queue.len(log);
                seat.counters.count(|tally| {
                    tally.replayed += after.saturating_sub(before);
                    // What the client says that it has already.
                    tally.discarded += before.saturating_sub(after);
                });
            }
            if queue.has_unread_dispatches() {
                let overflow = queue.overflow(&state.log);
                state.note_inbox(seat, overflow);
            }
        }
        // Dropped and woken without a borrow.
        drop(unneeded);
        seat.listener.wake();
    }
}
