//! Subscribing: how a listener is registered.

use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::channel::listener::MessageQueueListener;
use crate::channel::subscription::RegisterOptions;
use crate::channel::subscription::Seat;
use crate::model::error::Error;
use crate::model::error::InvalidChannelException;
use crate::model::error::InvalidListenerException;
use crate::model::gap::Gap;
use crate::model::limit::Overflow;
use crate::model::position::Position;
use crate::queue::Queue;

impl<M> AbstractChannel<M> {
    /// Adds a new listener, which is stopped.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when the channel is closed.
    pub fn add_listener(&self) -> Result<MessageQueueListener<M>, InvalidChannelException> {
        let listener = MessageQueueListener::new();
        match self.register_listener(&listener) {
            Ok(()) => Ok(listener),
            // A new id is registered nowhere, so nothing else can be wrong.
            Err(_) => Err(InvalidChannelException::closed()),
        }
    }

    /// Adds a listener: it gets what is sent from now on.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when the channel is closed; [`InvalidListenerException`] when a
    /// listener with this id is registered already.
    pub fn register_listener(&self, listener: &MessageQueueListener<M>) -> Result<(), Error> {
        self.register_with(listener, RegisterOptions::default())
    }

    /// Adds a listener with options of its own, as [`register_listener`](Self::register_listener) does.
    ///
    /// # Errors
    ///
    /// As those of [`register_listener`](Self::register_listener).
    pub fn register_with(
        &self,
        listener: &MessageQueueListener<M>,
        options: RegisterOptions,
    ) -> Result<(), Error> {
        self.take_seat(listener, options, None).map(drop)
    }

    /// Adds a listener that goes on right after an event id, as far as the history reaches. If that cannot be
    /// done, what the history has is replayed, after a [`Gap`] that says so.
    ///
    /// # Errors
    ///
    /// As those of [`register_listener`](Self::register_listener).
    pub fn register_after(
        &self,
        listener: &MessageQueueListener<M>,
        options: RegisterOptions,
        last_event_id: &str,
    ) -> Result<(), Error> {
        self.take_seat(listener, options, Some(last_event_id))
            .map(drop)
    }

    pub(crate) fn take_seat(
        &self,
        listener: &MessageQueueListener<M>,
        options: RegisterOptions,
        last_event_id: Option<&str>,
    ) -> Result<Rc<Seat<M>>, Error> {
        self.expire();
        let mut state = self.core.state.borrow_mut();
        let state = &mut *state;
        if state.closed {
            return Err(InvalidChannelException::closed().into());
        }
        let (id, key) = (listener.shared_id(), state.seats.vacant_key());
        if !state.names.insert(id.clone(), key) {
            return Err(InvalidListenerException::registered(&id).into());
        }
        let newest = state.log.tail() - 1;
        let (queue, came) = match last_event_id {
            Some(id) => {
                let (last, gap, goes_on) = self.resume_point(id, &state.log, state.dispatched);
                let next = last.sequence() + 1;
                let mut queue = Queue::attach_at(&mut state.log, next, options.limit);
                if let Some(gap) = gap {
                    queue.gaps().push(gap);
                }
                if options.resumable {
                    // Behind every id that a client may have of a former listener of that name.
                    state.dispatched += 1;
                    let since = Position::dispatch(newest, state.dispatched);
                    queue.remember(since);
                    if let Some(id) = goes_on {
                        queue.gaps().push(Gap::forgotten(id, since));
                    }
                }
                (queue, last)
            }
            None => {
                let mut queue = Queue::attach(&mut state.log, options.limit);
                let mut came = Position::broadcast(newest);
                if options.resumable {
                    came = Position::dispatch(newest, state.dispatched);
                    queue.remember(came);
                }
                (queue, came)
            }
        };
        let refuses = queue.overflow(&state.log) == Some(Overflow::Refuse);
        let seat = Seat::new(listener.clone(), key, state.next_seat, came, refuses, queue);
        if refuses {
            state.refusing.push(seat.clone());
        }
        if last_event_id.is_some() {
            let replayed = seat.stats(&state.log).queued;
            seat.counters.count(|tally| tally.replayed = replayed);
        }
        state.next_seat += 1;
        state.seats.insert(seat.clone());
        Ok(seat)
    }
}
