//! Waking: the streams that wait for something to happen.

use std::rc::Rc;
use std::task::Waker;

use crate::channel::AbstractChannel;
use crate::channel::subscription::NOWHERE;
use crate::channel::subscription::Seat;

impl<M> AbstractChannel<M> {
    /// Parks a stream of the seat until something happens that it should look at.
    pub(crate) fn park(&self, seat: &Rc<Seat<M>>, stream: u64, waker: &Waker) {
        seat.listener.park(stream, waker);
        if seat.parked_at.get() == NOWHERE {
            let mut state = self.core.state.borrow_mut();
            seat.parked_at.set(state.parked.len());
            state.parked.push(seat.clone());
        }
    }

    pub(super) fn wake_parked(&self) {
        let mut woken = self.core.state.borrow_mut().take_parked();
        woken.drain(..).for_each(|seat| seat.listener.wake());
        self.core.state.borrow_mut().reuse_parked(woken);
    }
}
