//! Sending: to all listeners, or to one.

use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::channel::core::ChannelCore;
use crate::channel::sent::Sent;
use crate::channel::subscription::Leave;
use crate::channel::subscription::Subscription;
use crate::model::error::InvalidChannelException;
use crate::model::error::InvalidListenerException;
use crate::model::error::QueueFullException;
use crate::model::error::SendError;
use crate::model::limit::Overflow;
use crate::model::position::Position;
use crate::platform::clock;

impl<M> AbstractChannel<M> {
    /// Sends a message to every listener. The cost does not depend on their number.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] if the channel is closed. [`QueueFullException`] if a listener
    /// refuses the message because its queue is full: then no listener receives it. The error
    /// contains the message.
    pub fn broadcast(&self, message: M) -> Result<Position, SendError<M>> {
        self.send(message, Box::default(), clock::milliseconds())
    }

    /// Sends a message to every listener except those with the given ids, also when such a listener
    /// is replayed the history. Behind an empty id, the others are those of the only listeners that
    /// receive it.
    ///
    /// For an excepted listener the message counts as waiting until it is skipped, and as filtered
    /// then.
    ///
    /// # Errors
    ///
    /// Those of [`broadcast`](Self::broadcast).
    pub fn broadcast_except(&self, message: M, except: &[&str]) -> Result<Position, SendError<M>> {
        let except = except.iter().map(|id| Rc::from(*id));
        self.send(message, except.collect(), clock::milliseconds())
    }

    pub(super) fn send(
        &self,
        message: M,
        except: Box<[Rc<str>]>,
        at: f64,
    ) -> Result<Position, SendError<M>> {
        let bytes = (self.weigh)(&message);
        let disconnected = |subscription: &Subscription<M>| self.forget(subscription);
        self.core
            .broadcast(except, message, bytes, at, disconnected)
    }

    /// Sends a message to one listener.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] if the channel is closed. [`InvalidListenerException`] if the
    /// listener is unknown. [`QueueFullException`] if the listener refuses the message because its
    /// queue is full. The error contains the message.
    pub fn dispatch(&self, listener_id: &str, message: M) -> Result<Position, SendError<M>> {
        match self.subscription(listener_id) {
            Ok(subscription) => {
                let bytes = (self.weigh)(&message);
                let disconnected = |subscription: &Subscription<M>| self.forget(subscription);
                self.core
                    .dispatch(&subscription, message, bytes, disconnected)
            }
            Err(unknown) => Err(SendError::new(message, unknown)),
        }
    }
}

impl<M> ChannelCore<M> {
    /// As [`AbstractChannel::broadcast_except`]. `at` is when the message was sent, in milliseconds
    /// of the clock of the channel.
    ///
    /// `disconnected` receives each subscription that left because its queue was full. Its owner
    /// forgets it, before any other code runs. A function is called only if there is one: a list
    /// would be made and dropped for every send.
    pub(crate) fn broadcast(
        &self,
        except: Box<[Rc<str>]>,
        message: M,
        bytes: u64,
        at: f64,
        mut disconnected: impl FnMut(&Subscription<M>),
    ) -> Result<Position, SendError<M>> {
        let (mut unneeded, mut full) = (Vec::new(), Vec::new());
        let (position, is_awaited) = {
            let mut state = self.shared.state.borrow_mut();
            let state = &mut *state;
            if state.closed {
                return Err(SendError::new(message, InvalidChannelException::closed()));
            }
            if !state.refusing.is_empty() {
                let refusing = state.full(bytes, &except);
                if !refusing.is_empty() {
                    state.refused_sends += 1;
                    return Err(SendError::new(message, QueueFullException::new(refusing)));
                }
            }
            let position = Position::broadcast(state.log.tail());
            let sent = Sent::new(message, position, bytes, at, except);
            let lagged = state.log.append(sent, bytes, at, &mut unneeded);
            if !state.with_inbox.is_empty() {
                state.enforce_inboxes(&mut full, &mut unneeded);
            }
            if lagged {
                state.find_lagging(&mut full);
            }
            for subscription in &full {
                state.leave(subscription, Leave::Overflow, &mut unneeded);
            }
            (position, !state.parked.is_empty())
        };
        // Without a borrow: a drop, an end and a waker may run any code.
        if unneeded.capacity() == 0 && full.capacity() == 0 {
            // The usual case. Even the drop of two empty vectors shows in `cargo bench`.
            std::mem::forget((unneeded, full));
        } else {
            full.iter()
                .for_each(|subscription| disconnected(subscription));
            drop(unneeded);
            full.iter()
                .for_each(|subscription| subscription.listener.wake());
        }
        if is_awaited {
            self.wake_parked();
        }
        Ok(position)
    }

    /// As [`AbstractChannel::dispatch`]. `disconnected` is that of [`broadcast`](Self::broadcast).
    pub(crate) fn dispatch(
        &self,
        subscription: &Rc<Subscription<M>>,
        message: M,
        bytes: u64,
        disconnected: impl FnOnce(&Subscription<M>),
    ) -> Result<Position, SendError<M>> {
        let at = clock::milliseconds();
        let mut unneeded = Vec::new();
        let (position, is_full) = {
            let mut state = self.shared.state.borrow_mut();
            let state = &mut *state;
            if state.closed {
                return Err(SendError::new(message, InvalidChannelException::closed()));
            }
            let mut occupancy = subscription.occupancy.borrow_mut();
            let Some(queue) = occupancy.queue_mut() else {
                return Err(SendError::new(message, InvalidListenerException::removed()));
            };
            let overflow = queue.overflow(&state.log);
            if overflow == Some(Overflow::Refuse) && queue.is_over(&state.log, 1, bytes) {
                state.refused_sends += 1;
                let full = vec![subscription.listener.id().to_string()];
                return Err(SendError::new(message, QueueFullException::new(full)));
            }
            state.dispatched += 1;
            let position = Position::dispatch(state.log.tail() - 1, state.dispatched);
            let sent = Sent::new(message, position, bytes, at, [].into());
            queue.dispatch(&state.log, sent, &mut unneeded);
            state.note_inbox(subscription, overflow);
            let over = queue.is_over(&state.log, 0, 0);
            if overflow == Some(Overflow::DropOldest) {
                queue.enforce(&mut state.log, &mut unneeded);
            }
            let is_full = over && overflow == Some(Overflow::Disconnect);
            drop(occupancy);
            if is_full {
                state.leave(subscription, Leave::Overflow, &mut unneeded);
            }
            (position, is_full)
        };
        if is_full {
            disconnected(subscription);
        }
        drop(unneeded);
        subscription.listener.wake();
        Ok(position)
    }
}
