//! MessageStream: the messages of one listener, as a stream.
//!
//! ## Waiting
//!
//! A stream parks its waker and is woken by a send, a stop, a removal or a close. It never polls in
//! a loop: an idle stream costs nothing.
//!
//! ## Delivery
//!
//! A message is taken from the queue when the stream is polled, not before. So a stream that is
//! dropped while it waits has taken nothing. If a listener has several streams, each of its
//! messages goes to one of them.
//!
//! ## Refusal
//!
//! A message that `on_message` refuses is not delivered. The stream continues with the next one.
//! The error goes to [`on_error`](MessageStream::on_error) if there is such a function, otherwise
//! to the console: standard error, or that of JavaScript.
//!
//! ## Ending
//!
//! Stopped, removed and closed are distinct. A stream whose listener was stopped or removed ends at
//! once. The queue of a stopped listener remains, that of a removed one is dropped. A stream
//! whose channel was closed delivers what was queued before, yields [`Delivered::Closed`] and ends.
//! If the listener is stopped during the delivery of a message, that message is still delivered.

mod open;

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use crate::channel::Delivered;
use crate::channel::core::ChannelCore;
use crate::channel::listener::MessageQueueListener;
use crate::channel::sent::Delivery;
use crate::channel::subscription::Subscription;
use crate::model::error::CallbackError;
use crate::model::gap::Gap;
use crate::model::message::Message;
use crate::platform::console;
use crate::queue::Next;

/// A stream of a listener's messages. See
/// [`AbstractChannel::message_stream`](crate::AbstractChannel::message_stream) and
/// [`AbstractChannel::watch`](crate::AbstractChannel::watch).
pub struct MessageStream<M = Message> {
    channel: ChannelCore<M>,
    subscription: Rc<Subscription<M>>,
    /// Tells this stream apart from the listener's others where they park.
    number: u32,
    /// `None` if the listener remains when this stream ends.
    forget: Option<Box<Forget>>,
    /// How often the listener had been stopped when this stream was opened.
    stops: u32,
    phase: Phase,
    on_error: Option<Box<dyn Fn(CallbackError)>>,
}

/// Forgets the id of a listener that is removed with its stream. Boxed by the stream, since most
/// streams have none.
pub(crate) struct Forget(Box<dyn FnOnce()>);

impl Forget {
    pub(crate) fn new(forget: impl FnOnce() + 'static) -> Self {
        Self(Box::new(forget))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not read yet: ends if the listener is not running at the first read.
    Opened,
    Running,
    Ended,
}

impl<M> MessageStream<M> {
    pub(crate) fn new(
        channel: ChannelCore<M>,
        subscription: Rc<Subscription<M>>,
        forget: Option<Box<Forget>>,
    ) -> Self {
        Self {
            number: subscription.listener.number_stream(),
            stops: subscription.listener.stops(),
            phase: match subscription.listener.is_running_sync() {
                true => Phase::Running,
                false => Phase::Opened,
            },
            on_error: None,
            channel,
            subscription,
            forget,
        }
    }

    /// Reports the errors of `on_message` to a function, instead of to the console.
    #[must_use]
    pub fn on_error(mut self, report: impl Fn(CallbackError) + 'static) -> Self {
        self.report_to(report);
        self
    }

    pub(crate) fn report_to(&mut self, report: impl Fn(CallbackError) + 'static) {
        self.on_error = Some(Box::new(report));
    }

    /// Returns the listener that this stream reads for.
    pub fn listener(&self) -> &MessageQueueListener<M> {
        &self.subscription.listener
    }

    /// Makes a message that the stream has yielded the listener's next one again, for a receiver
    /// that could not pass it on. Give several back in the reverse order.
    pub fn give_back(&self, delivery: Delivery<M>) {
        self.channel.give_back(&self.subscription, delivery);
    }

    /// Gives back a gap that this stream has yielded: the listener's next stream yields it, at its
    /// place. Give it and messages back in the reverse order.
    pub fn give_back_gap(&self, gap: impl Into<Box<Gap>>) {
        self.channel.give_back_gap(&self.subscription, *gap.into());
    }

    /// Ends the stream. Does nothing to an ended one.
    pub fn end(&mut self) {
        if self.phase == Phase::Ended {
            return;
        }
        self.phase = Phase::Ended;
        self.subscription.listener.unpark(self.number);
        // The id of a listener that has left may be another one's by now.
        if let Some(forget) = self.forget.take()
            && !self.subscription.is_left()
        {
            forget.0();
            self.channel.unsubscribe(&self.subscription);
        }
    }

    /// Returns whether the stream has ended.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Takes the next item. If it is [`Next::Pending`], [park](Self::park), or lose the wake-up.
    pub(crate) fn step(&mut self) -> Next<Delivery<M>> {
        self.step_unless(&Cell::new(false))
    }

    /// As [`step`](Self::step). Takes nothing more once a callback has set `ended`: the stream has
    /// no reader any more.
    pub(crate) fn step_unless(&mut self, ended: &Cell<bool>) -> Next<Delivery<M>> {
        while !ended.get() && self.goes_on() {
            match self.channel.take(&self.subscription) {
                Next::Message(delivery) => {
                    match self.channel.show(&self.subscription, delivery.sent()) {
                        Ok(true) => return Next::Message(delivery),
                        Ok(false) => {}
                        Err(error) => self.report(error),
                    }
                }
                Next::Gap(gap) => return Next::Gap(gap),
                Next::Pending => return Next::Pending,
                Next::Closed => {
                    self.subscription.listener.stop_at_close();
                    self.end();
                    return Next::Closed;
                }
                Next::Ended => self.end(),
            }
        }
        Next::Ended
    }

    /// Returns whether the stream may take from the queue. Otherwise it ends now.
    pub(crate) fn goes_on(&mut self) -> bool {
        if self.is_to_end() {
            self.end();
            return false;
        }
        self.phase = Phase::Running;
        true
    }

    /// Returns whether the stream has ended, or must end before it takes anything more.
    fn is_to_end(&self) -> bool {
        let stopped = match self.phase {
            Phase::Ended => return true,
            Phase::Opened => !self.subscription.listener.is_running_sync(),
            // The close of another channel may have stopped the listener, which does not count.
            Phase::Running => {
                !self.subscription.listener.is_running_sync() && !self.channel.is_closed()
            }
        };
        let stopped = stopped || self.subscription.listener.stops() != self.stops;
        stopped || self.subscription.is_left()
    }

    /// Returns whether there may be something to take, the end included.
    #[cfg(feature = "npm")]
    pub(crate) fn has_more(&self) -> bool {
        self.is_to_end() || self.channel.has_more(&self.subscription)
    }

    /// Parks the stream until there may be something to take.
    pub(crate) fn park(&self, waker: &Waker) {
        self.channel.park(&self.subscription, self.number, waker);
    }

    pub(crate) fn channel(&self) -> &ChannelCore<M> {
        &self.channel
    }

    pub(crate) fn subscription(&self) -> &Rc<Subscription<M>> {
        &self.subscription
    }

    fn report(&self, error: CallbackError) {
        match &self.on_error {
            Some(report) => report(error),
            None => console::report(self.subscription.listener.id(), &error),
        }
    }
}

impl<M> Drop for MessageStream<M> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<M> Stream for MessageStream<M> {
    type Item = Delivered<M>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.step() {
            Next::Message(delivery) => Poll::Ready(Some(Delivered::Message(delivery))),
            Next::Gap(gap) => Poll::Ready(Some(Delivered::Gap(Box::new(gap)))),
            Next::Closed => Poll::Ready(Some(Delivered::Closed)),
            Next::Ended => Poll::Ready(None),
            Next::Pending => {
                self.park(context.waker());
                Poll::Pending
            }
        }
    }
}

impl<M> fmt::Debug for MessageStream<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageStream")
            .field("listener", &self.subscription.listener)
            .field("ended", &(self.phase == Phase::Ended))
            .finish_non_exhaustive()
    }
}
