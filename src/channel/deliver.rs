//! Delivering: what is taken from a queue, shown to callbacks, and given back.

use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::channel::sent::Sent;
use crate::channel::subscription::Occupancy;
use crate::channel::subscription::Seat;
use crate::channel::subscription::Taken;
use crate::model::error::CallbackError;
use crate::model::error::Error;
use crate::model::error::InvalidListenerException;
use crate::model::error::NoMessagesException;
use crate::model::gap::Gap;
use crate::model::stats::Tally;
use crate::queue::Read;

impl<M: Clone> AbstractChannel<M> {
    /// Delivers the oldest message that waits for a listener, after its `on_message` has accepted
    /// it.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown. [`NoMessagesException`] if its
    /// queue is empty or it is stopped. [`Error::Callback`] if `on_message` refused the message,
    /// which is then gone.
    pub fn deliver_next(&self, listener_id: &str) -> Result<M, Error> {
        let seat = self.seat(listener_id)?;
        let sent = self.deliver_to(&seat)?;
        Ok(Rc::try_unwrap(sent).map_or_else(|sent| sent.message.clone(), |sent| sent.message))
    }
}

impl<M> AbstractChannel<M> {
    /// Takes the oldest message that waits for a listener, or the gap before it.
    #[inline]
    pub(crate) fn take(&self, seat: &Seat<M>) -> Taken<M> {
        if let Some(queue) = seat.occupancy.borrow_mut().queue_mut() {
            let log = &mut self.core.state.borrow_mut().log;
            let is_for_all = |sent: &Rc<Sent<M>>| sent.except.is_empty();
            if let Some(sent) = queue.take_broadcast(log, is_for_all) {
                return Taken::Message(sent);
            }
        }
        self.take_any(seat)
    }

    #[inline(never)]
    fn take_any(&self, seat: &Seat<M>) -> Taken<M> {
        // Declared before the borrows, so dropped after them: the drop of a message may run any
        // code.
        let mut unneeded = Vec::new();
        let mut state = self.core.state.borrow_mut();
        let mut occupancy = seat.occupancy.borrow_mut();
        let Some(queue) = occupancy.queue_mut() else {
            return Taken::Removed;
        };
        loop {
            match queue.take(&mut state.log, &mut unneeded) {
                Some(Read::Entry(sent)) if !sent.is_for(&seat.listener) => {
                    queue.skip(sent.position);
                    seat.counters.count(|tally| tally.filtered += 1);
                    unneeded.push(sent);
                }
                Some(Read::Entry(sent)) => {
                    queue.hand_over(sent.position);
                    return Taken::Message(sent);
                }
                Some(Read::Gap(gap)) => {
                    queue.hand_over(gap.to);
                    return Taken::Gap(gap);
                }
                Some(Read::Missed(dropped, from, to)) => {
                    seat.counters.count(|tally| tally.dropped += dropped);
                    // It is due at once, so it is taken next.
                    let gap = Gap::overflow(dropped, self.event_id(from), to);
                    queue.gaps().tell(gap);
                }
                None if state.closed => return Taken::Closed,
                None => return Taken::Empty,
            }
        }
    }

    /// Makes a gap that was taken untold again, at its place.
    pub(crate) fn give_back_gap(&self, seat: &Seat<M>, gap: Gap) {
        match &mut *seat.occupancy.borrow_mut() {
            Occupancy::Here(queue) => queue.gaps().tell(gap),
            Occupancy::Left(departure) => departure.last = None,
        }
        seat.listener.wake();
    }

    /// Makes the message that was taken last the next one again, unless it is still unread.
    pub(crate) fn give_back(&self, seat: &Rc<Seat<M>>, sent: Rc<Sent<M>>) {
        let position = sent.position;
        let comes_again = self.with_queue(seat, |queue, log| queue.is_unread(log, position));
        if comes_again == Some(true) {
            return;
        }
        seat.counters.undelivered();
        let mut unneeded = Vec::new();
        {
            let mut state = self.core.state.borrow_mut();
            let state = &mut *state;
            let mut occupancy = seat.occupancy.borrow_mut();
            match occupancy.queue_mut() {
                Some(queue) => {
                    let (bytes, at) = (sent.bytes, sent.at);
                    queue.give_back(&state.log, position, bytes, at, sent, &mut unneeded);
                    if queue.has_unread_dispatches() {
                        let overflow = queue.overflow(&state.log);
                        state.note_inbox(seat, overflow);
                    }
                }
                None => {
                    // The message leaves with the listener.
                    seat.counters.count(|tally| tally.discarded += 1);
                    let left = &mut state.left;
                    left.delivered = left.delivered.saturating_sub(1);
                    left.discarded += 1;
                    unneeded.push(sent);
                }
            }
        }
        // Dropped without a borrow.
        drop(unneeded);
        seat.listener.wake();
    }

    pub(crate) fn deliver_to(&self, seat: &Seat<M>) -> Result<Rc<Sent<M>>, Error> {
        if !seat.listener.is_running_sync() {
            return Err(NoMessagesException::stopped().into());
        }
        loop {
            return match self.take(seat) {
                // Only streams yield gaps; here their messages are counted.
                Taken::Gap(_) => continue,
                Taken::Message(sent) => match self.show(seat, &sent) {
                    Ok(true) => Ok(sent),
                    Ok(false) => continue,
                    Err(error) => Err(Error::Callback(error)),
                },
                Taken::Empty => Err(NoMessagesException::empty().into()),
                Taken::Closed => Err(NoMessagesException::closed().into()),
                Taken::Removed => Err(InvalidListenerException::unknown(seat.listener.id()).into()),
            };
        }
    }

    /// Shows a message to the listener's filter and callback, and counts their answers. Returns
    /// whether to deliver it.
    pub(crate) fn show(&self, seat: &Seat<M>, sent: &Sent<M>) -> Result<bool, CallbackError> {
        if seat.listener.looks_at_messages() && !self.ask(seat, &sent.message)? {
            return Ok(false);
        }
        seat.counters.delivered(1);
        if self.is_left(seat) {
            self.core.state.borrow_mut().left.delivered += 1;
        }
        Ok(true)
    }

    #[inline(never)]
    fn ask(&self, seat: &Seat<M>, message: &M) -> Result<bool, CallbackError> {
        if !seat.listener.wants(message) {
            self.count(seat, |tally| tally.filtered += 1);
            return Ok(false);
        }
        let accepted = seat.listener.accept(message);
        if accepted.is_err() {
            self.count(seat, |tally| tally.refused += 1);
        }
        accepted.map(|()| true)
    }

    /// Counts for a listener; also for the channel if the listener has left meanwhile.
    fn count(&self, seat: &Seat<M>, add: impl Fn(&mut Tally)) {
        seat.counters.count(&add);
        if self.is_left(seat) {
            add(&mut self.core.state.borrow_mut().left);
        }
    }
}
