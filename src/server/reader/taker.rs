//! Taker: takes messages from a listener's queue, as lines.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::channel::Delivered;
use crate::channel::sent::Delivery;
use crate::channel::subscription::Leave;
use crate::model::error::QueueFullException;
use crate::model::gap::Gap;
use crate::server::hub::OpenFeed;
use crate::server::message::{self, WireMessage};
use crate::server::protocol::refusal::Refusal;
use crate::server::reader::window::Window;

/// A batch is written as soon as it has this length.
const BATCH: usize = 64 * 1024;

/// The outcome of taking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batch {
    /// A batch, with others behind it.
    Next,
    /// The last batch.
    Last,
    /// Nothing, since the reader has left.
    Left,
}

/// An item that was taken from a queue and can be given back.
pub(super) enum Taken {
    Message(Delivery<WireMessage>),
    Gap(Gap),
}

/// The reading end of a stream.
pub(super) struct Taker {
    pub(super) feed: OpenFeed,
    retry: u64,
    /// The lines of the batch.
    pub(super) bytes: Vec<u8>,
    /// The number of events that are still to be taken; unlimited if `None`.
    remaining: Option<u64>,
    /// The items that may have to be given back; `None` if the listener is removed with its stream.
    pub(super) window: Option<Window<Taken>>,
}

impl Taker {
    /// Takes from a stream whose events carry a reconnection time. The window is that of a listener
    /// that remains.
    pub(super) fn new(feed: OpenFeed, retry: u64, window: Option<Window<Taken>>) -> Self {
        Self {
            remaining: feed.most,
            bytes: Vec::new(),
            feed,
            retry,
            window,
        }
    }

    /// Takes what is ready from the queue, or waits.
    pub(super) fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Batch> {
        self.bytes.clear();
        while self.bytes.len() < BATCH {
            if self.remaining == Some(0) {
                match self.bytes.is_empty() {
                    true => return self.poll_over(context),
                    false => break,
                }
            }
            match Pin::new(&mut self.feed.stream).poll_next(context) {
                Poll::Ready(Some(delivered)) => self.add(delivered),
                Poll::Ready(None) => {
                    self.add_reason();
                    return Poll::Ready(Batch::Last);
                }
                Poll::Pending if self.bytes.is_empty() => {
                    // A stream that waits holds no memory.
                    self.bytes = Vec::new();
                    return Poll::Pending;
                }
                Poll::Pending => break,
            }
            if let Some(remaining) = &mut self.remaining {
                *remaining -= 1;
            }
        }
        Poll::Ready(Batch::Next)
    }

    /// Adds the line of what the stream has delivered, and notes it in the window.
    fn add(&mut self, delivered: Delivered<WireMessage>) {
        let start = self.bytes.len();
        let taken = match delivered {
            Delivered::Message(message) => {
                let id = self.feed.channel.event_id(message.position());
                WireMessage::write(&message, &id, &mut self.bytes);
                Some(Taken::Message(message))
            }
            Delivered::Gap(gap) => {
                let to = self.feed.channel.event_id(gap.to);
                message::write_gap(&gap, &to, self.retry, &mut self.bytes);
                Some(Taken::Gap(*gap))
            }
            Delivered::Closed => {
                message::write_closed(self.retry, &mut self.bytes);
                None
            }
        };
        if let Some(window) = &mut self.window {
            let bytes = self.bytes.len() - start;
            match taken {
                Some(taken) => window.push(taken, bytes),
                None => window.skip(bytes),
            }
        }
    }

    /// Takes nothing more: the reader has all the events that it asked for. The stream stays open
    /// until the reader leaves, since only that shows whether it has read them.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<Batch> {
        if self.is_over() {
            return Poll::Ready(Batch::Last);
        }
        self.feed.stream.park(context.waker());
        Poll::Pending
    }

    /// Returns whether nothing more is sent to the listener.
    pub(super) fn is_over(&self) -> bool {
        self.feed.channel.is_closed() || self.is_removed()
    }

    /// Returns whether the listener was removed.
    pub(super) fn is_removed(&self) -> bool {
        self.feed.stream.subscription().left().is_some()
    }

    /// Adds an error if the listener was disconnected because its queue was full. The stream of a
    /// listener that was removed just ends.
    fn add_reason(&mut self) {
        let subscription = self.feed.stream.subscription();
        if subscription.left() == Some(Leave::Overflow) {
            let full = QueueFullException::new(vec![subscription.listener.id().to_owned()]);
            Refusal::from(full).write(&mut self.bytes);
        }
    }
}
