//! Waking: the streams that wait for something to happen.

use std::rc::Rc;
use std::task::Waker;

use crate::channel::core::ChannelCore;
use crate::channel::subscription::NOWHERE;
use crate::channel::subscription::Subscription;

impl<M> ChannelCore<M> {
    /// Parks a stream of the subscription until something happens that it should look at.
    pub(crate) fn park(&self, subscription: &Rc<Subscription<M>>, stream: u32, waker: &Waker) {
        subscription.listener.park(stream, waker);
        if subscription.parked_at.get() == NOWHERE {
            let mut state = self.shared.state.borrow_mut();
            subscription.parked_at.set(state.parked.len());
            state.parked.push(subscription.clone());
        }
    }

    pub(super) fn wake_parked(&self) {
        let mut woken = self.shared.state.borrow_mut().take_parked();
        woken
            .drain(..)
            .for_each(|subscription| subscription.listener.wake());
        self.shared.state.borrow_mut().reuse_parked(woken);
    }
}
