//! Subscribing: how a listener is registered.

use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::channel::core::ChannelCore;
use crate::channel::listener::MessageQueueListener;
use crate::channel::subscription::RegisterOptions;
use crate::channel::subscription::Subscription;
use crate::model::error::Error;
use crate::model::error::InvalidChannelException;
use crate::model::error::InvalidListenerException;
use crate::model::limit::Overflow;
use crate::model::position::Position;
use crate::queue::Queue;

impl<M> AbstractChannel<M> {
    /// Adds a new listener, which is stopped.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] if the channel is closed.
    pub fn add_listener(&self) -> Result<MessageQueueListener<M>, InvalidChannelException> {
        let listener = MessageQueueListener::new();
        match self.register_listener(&listener) {
            Ok(()) => Ok(listener),
            // A new id is registered nowhere, so nothing else can be wrong.
            Err(_) => Err(InvalidChannelException::closed()),
        }
    }

    /// Adds a listener, which receives what is sent from now on.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] if the channel is closed.
    /// [`InvalidListenerException`](crate::InvalidListenerException) if a listener with this id is
    /// already registered.
    pub fn register_listener(&self, listener: &MessageQueueListener<M>) -> Result<(), Error> {
        self.register_with(listener, RegisterOptions::default())
    }

    /// Adds a listener with options of its own, as [`register_listener`](Self::register_listener)
    /// does.
    ///
    /// # Errors
    ///
    /// Those of [`register_listener`](Self::register_listener).
    pub fn register_with(
        &self,
        listener: &MessageQueueListener<M>,
        options: RegisterOptions,
    ) -> Result<(), Error> {
        self.subscribe(listener, options, None).map(drop)
    }

    /// Adds a listener that resumes right after an event id, as far as the history reaches. If that
    /// is impossible, it receives the whole history, after a [`Gap`](crate::Gap) that says so.
    ///
    /// # Errors
    ///
    /// Those of [`register_listener`](Self::register_listener).
    pub fn register_after(
        &self,
        listener: &MessageQueueListener<M>,
        options: RegisterOptions,
        last_event_id: &str,
    ) -> Result<(), Error> {
        self.subscribe(listener, options, Some(last_event_id))
            .map(drop)
    }

    pub(crate) fn subscribe(
        &self,
        listener: &MessageQueueListener<M>,
        options: RegisterOptions,
        last_event_id: Option<&str>,
    ) -> Result<Rc<Subscription<M>>, Error> {
        // First of all: what is dropped may register a listener.
        self.expire();
        if self.names.contains(listener.id()) && !self.is_closed() {
            return Err(InvalidListenerException::registered(listener.id()).into());
        }
        let subscription = self.core.subscribe(listener, options, last_event_id)?;
        self.names.insert(listener.shared_id(), subscription.key);
        Ok(subscription)
    }
}

impl<M> ChannelCore<M> {
    /// Adds a subscription. The caller has dropped what is too old.
    pub(crate) fn subscribe(
        &self,
        listener: &MessageQueueListener<M>,
        options: RegisterOptions,
        last_event_id: Option<&str>,
    ) -> Result<Rc<Subscription<M>>, InvalidChannelException> {
        let mut state = self.shared.state.borrow_mut();
        let state = &mut *state;
        if state.closed {
            return Err(InvalidChannelException::closed());
        }
        let key = state.subscriptions.vacant_key();
        let newest = state.log.tail() - 1;
        let claim = last_event_id.map(|id| self.claim(id, state));
        let mut queue = Queue::attach(&mut state.log, options.limit);
        if options.resumable {
            // After every id that a client may have from a former listener of that name.
            state.dispatched += u64::from(claim.is_some());
            queue.remember(Position::dispatch(newest, state.dispatched));
        }
        let mut unneeded = Vec::new();
        let replayed = claim.map(|claim| {
            let oldest = state.log.history_start();
            queue.resume(&mut state.log, claim, Some(oldest), &mut unneeded);
            queue.len(&state.log)
        });
        debug_assert!(unneeded.is_empty(), "a cursor at the end keeps nothing");
        let refuses = queue.overflow(&state.log) == Some(Overflow::Refuse);
        let subscription = Subscription::new(
            listener.clone(),
            key,
            state.next_subscription,
            refuses,
            queue,
        );
        if refuses {
            state.refusing.push(subscription.clone());
        }
        if let Some(replayed) = replayed {
            subscription
                .counters
                .count(|tally| tally.replayed = replayed);
        }
        state.next_subscription += 1;
        state.subscriptions.insert(subscription.clone());
        Ok(subscription)
    }
}
