//! Queries: what a channel and its listeners say of themselves.

use std::rc::Rc;
use std::time::Duration;

use crate::channel::AbstractChannel;
use crate::channel::core::ChannelCore;
use crate::channel::listener::MessageQueueListener;
use crate::channel::sent::Sent;
use crate::channel::subscription::Occupancy;
use crate::channel::subscription::Subscription;
use crate::log::Log;
use crate::model::error::InvalidListenerException;
use crate::model::event_id::EventId;
use crate::model::stats::ChannelStats;
use crate::model::stats::ListenerStats;
use crate::platform::clock;
use crate::queue::Queue;

impl<M> AbstractChannel<M> {
    /// Returns a listener.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn get_listener(
        &self,
        listener_id: &str,
    ) -> Result<MessageQueueListener<M>, InvalidListenerException> {
        Ok(self.subscription(listener_id)?.listener.clone())
    }

    /// Returns the listeners in the order in which they were registered.
    pub fn listeners(&self) -> Vec<MessageQueueListener<M>> {
        let state = self.core.shared.state.borrow();
        let mut subscriptions: Vec<_> = state
            .subscriptions
            .iter()
            .map(|(_, subscription)| subscription)
            .collect();
        subscriptions.sort_unstable_by_key(|subscription| subscription.number);
        subscriptions
            .iter()
            .map(|subscription| subscription.listener.clone())
            .collect()
    }

    /// Returns how many listeners are registered.
    pub fn listener_count(&self) -> usize {
        self.core.shared.state.borrow().subscriptions.len()
    }

    /// Returns how many messages wait for a listener.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn waiting(&self, listener_id: &str) -> Result<u64, InvalidListenerException> {
        let subscription = self.subscription(listener_id)?;
        let state = self.core.shared.state.borrow();
        let occupancy = subscription.occupancy.borrow();
        Ok(occupancy.queue().map_or(0, |queue| queue.len(&state.log)))
    }

    /// Returns the state of a listener.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn listener_stats(
        &self,
        listener_id: &str,
    ) -> Result<ListenerStats, InvalidListenerException> {
        Ok(self
            .core
            .subscription_stats(&*self.subscription(listener_id)?))
    }

    /// Returns how long the oldest unread message of a listener has been waiting; nothing if its
    /// queue is empty.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn waiting_for(
        &self,
        listener_id: &str,
    ) -> Result<Option<Duration>, InvalidListenerException> {
        let since = self.core.waiting_since(&*self.subscription(listener_id)?);
        let milliseconds = |since: f64| (clock::milliseconds() - since).max(0.0);
        Ok(since.map(|since| Duration::from_secs_f64(milliseconds(since) / 1000.0)))
    }

    /// Returns the state of the channel.
    pub fn stats(&self) -> ChannelStats {
        self.core.stats()
    }

    /// Returns how many listeners were disconnected because their queue was full.
    pub fn overflows(&self) -> u64 {
        self.core.shared.state.borrow().overflows
    }

    /// Returns the subscription of a listener.
    pub(crate) fn subscription(
        &self,
        listener_id: &str,
    ) -> Result<Rc<Subscription<M>>, InvalidListenerException> {
        let key = self.names.get(listener_id);
        let subscription = key.and_then(|key| self.core.subscription(key));
        subscription.ok_or_else(|| InvalidListenerException::unknown(listener_id))
    }
}

impl<M> ChannelCore<M> {
    /// Returns the subscription with a key.
    pub(crate) fn subscription(&self, key: usize) -> Option<Rc<Subscription<M>>> {
        self.shared.state.borrow().subscriptions.get(key).cloned()
    }

    /// Returns the number of the oldest broadcast kept, or of the next one; and whether every
    /// listener has read all broadcasts.
    pub(crate) fn kept(&self) -> (u64, bool) {
        self.shared.state.borrow().log.kept()
    }

    /// Returns the event id in a stream's first block. Normally it is the position that the stream
    /// continues after. If the stream opens with a gap, it is the id before that gap, so that a
    /// client that disconnects before it reads the gap receives it again.
    pub(crate) fn first_id(&self, subscription: &Subscription<M>) -> Option<EventId> {
        if let Occupancy::Here(queue) = &*subscription.occupancy.borrow()
            && let Some(gap) = queue.first_gap()
        {
            return gap.from.clone();
        }
        self.last_id(subscription)
    }

    /// Returns the event id that the client has everything up to; nothing if it receives a gap
    /// first.
    pub(crate) fn last_id(&self, subscription: &Subscription<M>) -> Option<EventId> {
        subscription.last().map(|last| self.event_id(last))
    }

    pub(crate) fn subscription_stats(&self, subscription: &Subscription<M>) -> ListenerStats {
        subscription.stats(&self.shared.state.borrow().log)
    }

    /// Returns when the oldest unread message was sent, in milliseconds of the clock of the
    /// channel.
    pub(crate) fn waiting_since(&self, subscription: &Subscription<M>) -> Option<f64> {
        self.with_queue(subscription, |queue, log| queue.waiting_since(log))?
    }

    /// Returns the state of the channel.
    pub(crate) fn stats(&self) -> ChannelStats {
        self.expire();
        let state = self.shared.state.borrow();
        let mut stats = ChannelStats {
            tally: state.left,
            listeners: state.subscriptions.len() as u64,
            broadcasts: state.log.tail() - 1,
            refused_sends: state.refused_sends,
            overflows: state.overflows,
            kept: state.log.len() as u64,
            kept_bytes: state.log.bytes(),
            ..ChannelStats::default()
        };
        let here = |(_, subscription): &(usize, &Rc<Subscription<M>>)| !subscription.is_left();
        for (_, subscription) in state.subscriptions.iter().filter(here) {
            let listener = subscription.stats(&state.log);
            stats.tally.add(listener.tally);
            stats.queued += listener.queued;
            stats.bytes += listener.bytes;
            stats.lag = stats.lag.max(listener.lag);
            stats.remembered += listener.remembered;
        }
        stats
    }

    /// Returns whether a stream has something to read: a message, a gap, or the close of the
    /// channel.
    #[cfg(feature = "npm")]
    pub(crate) fn has_more(&self, subscription: &Subscription<M>) -> bool {
        let has_more = self.with_queue(subscription, |queue, log| queue.has_more(log));
        has_more != Some(false) || self.is_closed()
    }

    /// Runs `read` on the queue of a listener, and the log. `None` if the listener has left.
    pub(crate) fn with_queue<R>(
        &self,
        subscription: &Subscription<M>,
        read: impl FnOnce(&mut Queue<Rc<Sent<M>>>, &mut Log<Rc<Sent<M>>>) -> R,
    ) -> Option<R> {
        let mut state = self.shared.state.borrow_mut();
        let mut occupancy = subscription.occupancy.borrow_mut();
        Some(read(occupancy.queue_mut()?, &mut state.log))
    }
}
