//! Delivering: messages are taken from a queue, shown to callbacks, and given back.

use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::channel::core::ChannelCore;
use crate::channel::sent::{Delivery, Sent};
use crate::channel::subscription::Occupancy;
use crate::channel::subscription::Subscription;
use crate::model::error::CallbackError;
use crate::model::error::Error;
use crate::model::error::InvalidListenerException;
use crate::model::error::NoMessagesException;
use crate::model::gap::Gap;
use crate::model::stats::Tally;
use crate::queue::Next;

impl<M: Clone> AbstractChannel<M> {
    /// Delivers the oldest message that waits for a listener, after its `on_message` has accepted
    /// it.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown. [`NoMessagesException`] if its
    /// queue is empty or it is stopped. [`Error::Callback`] if `on_message` refused the message. It
    /// is not delivered again.
    pub fn deliver_next(&self, listener_id: &str) -> Result<M, Error> {
        let subscription = self.subscription(listener_id)?;
        let sent = self.core.deliver(&subscription)?.into_sent();
        Ok(Rc::try_unwrap(sent).map_or_else(|sent| sent.message.clone(), |sent| sent.message))
    }
}

impl<M> ChannelCore<M> {
    /// Takes the oldest message that waits for a listener, or the gap before it.
    #[inline]
    pub(crate) fn take(&self, subscription: &Subscription<M>) -> Next<Delivery<M>> {
        if let Some(queue) = subscription.occupancy.borrow_mut().queue_mut() {
            let log = &mut self.shared.state.borrow_mut().log;
            let is_for_all = |sent: &Rc<Sent<M>>| sent.except.is_empty();
            if let Some(sent) = queue.take_broadcast(log, is_for_all) {
                return Next::Message(Delivery::in_order(sent));
            }
        }
        self.take_any(subscription)
    }

    #[inline(never)]
    fn take_any(&self, subscription: &Subscription<M>) -> Next<Delivery<M>> {
        // Declared before the borrows, so dropped after them: the drop of a message may run any
        // code.
        let mut unneeded = Vec::new();
        let mut state = self.shared.state.borrow_mut();
        let mut occupancy = subscription.occupancy.borrow_mut();
        let Some(queue) = occupancy.queue_mut() else {
            return Next::Ended;
        };
        if queue.lags(&state.log) {
            let (dropped, from, to) = queue.report_missed(&state.log);
            subscription
                .counters
                .count(|tally| tally.dropped += dropped);
            // Nothing unread precedes it, so it is taken next.
            let gap = Gap::overflow(dropped, self.event_id(from), to);
            queue.gaps().add(gap);
        }
        loop {
            let before = queue.last();
            match queue.take(&mut state.log, &mut unneeded) {
                Next::Message(sent) => {
                    queue.advance(sent.position);
                    if sent.is_for(&subscription.listener) {
                        return Next::Message(Delivery::after(before, sent));
                    }
                    subscription.counters.count(|tally| tally.filtered += 1);
                    unneeded.push(sent);
                }
                Next::Gap(gap) => {
                    queue.advance(gap.to);
                    return Next::Gap(gap);
                }
                _ if state.closed => return Next::Closed,
                _ => return Next::Pending,
            }
        }
    }

    /// Makes a gap that was taken due again, at its place.
    pub(crate) fn give_back_gap(&self, subscription: &Subscription<M>, gap: Gap) {
        match &mut *subscription.occupancy.borrow_mut() {
            Occupancy::Here(queue) => queue.gaps().add(gap),
            Occupancy::Left(departure) => departure.last = None,
        }
        subscription.listener.wake();
    }

    /// Makes a message that was taken the next one again, unless it is still unread.
    pub(crate) fn give_back(&self, subscription: &Rc<Subscription<M>>, delivery: Delivery<M>) {
        let mut unneeded = Vec::new();
        {
            let mut state = self.shared.state.borrow_mut();
            let state = &mut *state;
            let mut occupancy = subscription.occupancy.borrow_mut();
            let (before, sent) = (delivery.before(), delivery.into_sent());
            match occupancy.queue_mut() {
                Some(queue) if queue.is_unread(&state.log, sent.position) => unneeded.push(sent),
                Some(queue) => {
                    subscription.counters.undelivered();
                    queue.give_back(&state.log, sent, before, &mut unneeded);
                    if queue.has_unread_dispatches() {
                        let overflow = queue.overflow(&state.log);
                        state.note_inbox(subscription, overflow);
                    }
                }
                None => {
                    // The message leaves with the listener.
                    subscription.counters.undelivered();
                    subscription.counters.count(|tally| tally.discarded += 1);
                    let left = &mut state.left;
                    left.delivered = left.delivered.saturating_sub(1);
                    left.discarded += 1;
                    unneeded.push(sent);
                }
            }
        }
        // Dropped without a borrow.
        drop(unneeded);
        subscription.listener.wake();
    }

    pub(crate) fn deliver(&self, subscription: &Subscription<M>) -> Result<Delivery<M>, Error> {
        if !subscription.listener.is_running_sync() {
            return Err(NoMessagesException::stopped().into());
        }
        loop {
            return match self.take(subscription) {
                // Only streams yield gaps. The counters have the missing messages.
                Next::Gap(_) => continue,
                Next::Message(delivery) => match self.show(subscription, delivery.sent()) {
                    Ok(true) => Ok(delivery),
                    Ok(false) => continue,
                    Err(error) => Err(Error::Callback(error)),
                },
                Next::Pending => Err(NoMessagesException::empty().into()),
                Next::Closed => Err(NoMessagesException::closed().into()),
                Next::Ended => Err(InvalidListenerException::removed().into()),
            };
        }
    }

    /// Shows a message to the listener's filter and callback, and counts their answers. Returns
    /// whether to deliver it.
    pub(crate) fn show(
        &self,
        subscription: &Subscription<M>,
        sent: &Sent<M>,
    ) -> Result<bool, CallbackError> {
        if subscription.listener.looks_at_messages() {
            return self.ask(subscription, &sent.message);
        }
        subscription.counters.delivered(1);
        Ok(true)
    }

    #[inline(never)]
    fn ask(&self, subscription: &Subscription<M>, message: &M) -> Result<bool, CallbackError> {
        if !subscription.listener.wants(message) {
            self.count(subscription, |tally| tally.filtered += 1);
            return Ok(false);
        }
        match subscription.listener.accept(message) {
            Ok(()) => {
                subscription.counters.delivered(1);
                if subscription.is_left() {
                    self.shared.state.borrow_mut().left.delivered += 1;
                }
                Ok(true)
            }
            Err(error) => {
                self.count(subscription, |tally| tally.refused += 1);
                Err(error)
            }
        }
    }

    /// Counts for a listener, and for the channel if the listener has left in between.
    fn count(&self, subscription: &Subscription<M>, add: impl Fn(&mut Tally)) {
        subscription.counters.count(&add);
        if subscription.is_left() {
            add(&mut self.shared.state.borrow_mut().left);
        }
    }
}
