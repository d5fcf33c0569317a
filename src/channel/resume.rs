//! Resuming: where a client that reconnects goes on.

use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::channel::sent::Sent;
use crate::channel::subscription::Seat;
use crate::log::Log;
use crate::model::error::InvalidListenerException;
use crate::model::event_id::EventId;
use crate::model::gap;
use crate::model::gap::Gap;
use crate::model::gap::GapReason;
use crate::model::gap::LastEventId;
use crate::model::position::Position;

impl<M> AbstractChannel<M> {
    /// Finds the position behind which a client that has this id goes on, what it has to be told first, and the id if it is one of
    /// ours.
    pub(super) fn resume_point(
        &self,
        last_event_id: &str,
        log: &Log<Rc<Sent<M>>>,
        dispatched: u64,
    ) -> (Position, Option<Gap>, Option<EventId>) {
        let to = Position::broadcast(log.history_start() - 1);
        let (reason, missed, from, goes_on) = match self.parse(last_event_id, log, dispatched) {
            Ok((id, position)) if position.sequence() >= to.sequence() => {
                return (position, None, Some(id));
            }
            Ok((id, position)) => {
                let missed = to.sequence() - position.sequence();
                (GapReason::Expired, Some(missed), Some(id.clone()), Some(id))
            }
            Err((reason, from)) => (reason, None, from, None),
        };
        let gap = Gap {
            reason,
            missed,
            from,
            to,
        };
        (to, Some(gap), goes_on)
    }

    /// Reads an event id that this channel has given. Else returns why it is none, and the id as far as it looks like one.
    pub(super) fn parse(
        &self,
        id: &str,
        log: &Log<Rc<Sent<M>>>,
        dispatched: u64,
    ) -> Result<(EventId, Position), (GapReason, Option<EventId>)> {
        match LastEventId::parse(id, self.epoch()) {
            LastEventId::Known(id, position) => {
                let is_given =
                    position.sequence() < log.tail() && position.dispatch_number() <= dispatched;
                match is_given {
                    true => Ok((id, position)),
                    false => Err((GapReason::Unknown, Some(id))),
                }
            }
            LastEventId::OtherEpoch(id) => Err((GapReason::Epoch, Some(id))),
            LastEventId::Unknown => Err((GapReason::Unknown, None)),
        }
    }

    /// Sets a resumable listener back to what follows an event id, its own dispatched messages included. If that
    /// cannot be done, it goes on where it is, after a [`Gap`] that says so. A dispatched message that is older
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
            let log = &mut state.log;
            let mut queue = seat.queue.borrow_mut();
            let Some(queue) = queue.as_mut() else { return };
            match self.parse(last_event_id, log, state.dispatched) {
                Ok((id, position)) => {
                    let last = seat.last.replace(position);
                    let before = queue.len(log) + queue.untold(log);
                    let missing = queue.rewind(log, position, last, &mut unneeded);
                    let after = queue.len(log);
                    seat.counters.count(|tally| {
                        tally.replayed += after.saturating_sub(before);
                        // What the client says that it has already.
                        tally.discarded += before.saturating_sub(after);
                    });
                    let reason = match missing.expired {
                        0 => GapReason::Forgotten,
                        _ => GapReason::Expired,
                    };
                    let missed = missing.expired + missing.skipped;
                    if queue.forgotten() > position {
                        let gap = Gap::forgotten(id.clone(), queue.forgotten());
                        gap::tell(queue.gaps(), gap);
                    }
                    if missed > 0 {
                        let gap = Gap {
                            reason,
                            missed: Some(missed),
                            from: Some(id),
                            to: queue.before(log).max(position),
                        };
                        gap::tell(queue.gaps(), gap);
                    }
                }
                Err((reason, from)) => {
                    queue.gaps().clear();
                    let to = queue.before(log).max(seat.last.get());
                    gap::tell(
                        queue.gaps(),
                        Gap {
                            reason,
                            missed: None,
                            from,
                            to,
                        },
                    );
                }
            }
            if queue.has_lane() {
                let overflow = queue.overflow(&state.log);
                state.has_lane(seat, overflow);
            }
        }
        // Dropped and woken without a borrow.
        drop(unneeded);
        seat.listener.wake();
    }
}
