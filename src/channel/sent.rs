//! Sent: a message that was sent, and one that is delivered.

use std::cell::Cell;
use std::cell::OnceCell;
use std::ops::Deref;
use std::rc::Rc;

use crate::channel::listener::MessageQueueListener;
use crate::model::position::Position;
use crate::queue::inbox::Entry;

/// A message that was sent, with its position. It is made once, and all receivers share it.
#[derive(Debug)]
pub struct Sent<M> {
    pub(crate) message: M,
    pub(crate) position: Position,
    /// How many bytes it counts for in limits.
    pub(crate) bytes: u64,
    /// When it was sent, in milliseconds of the clock of the channel.
    pub(crate) at: f64,
    /// The ids of the listeners that do not receive a broadcast. Behind an empty id, which no
    /// listener has, they are those of the only listeners that receive it.
    pub(crate) except: Box<[Rc<str>]>,
    /// Whether its block of an event stream was encoded before.
    pub(crate) written: Cell<bool>,
    /// The block. It is kept when it is encoded for the second time.
    pub(crate) block: OnceCell<Box<[u8]>>,
}

impl<M> Sent<M> {
    pub(crate) fn new(
        message: M,
        position: Position,
        bytes: u64,
        at: f64,
        except: Box<[Rc<str>]>,
    ) -> Rc<Self> {
        Rc::new(Self {
            message,
            position,
            bytes,
            at,
            except,
            written: Cell::new(false),
            block: OnceCell::new(),
        })
    }

    /// Returns whether a listener receives it.
    pub(crate) fn is_for(&self, listener: &MessageQueueListener<M>) -> bool {
        is_for(&self.except, listener.id())
    }
}

/// Returns whether a listener receives a broadcast with these exceptions.
pub(super) fn is_for(except: &[Rc<str>], listener_id: &str) -> bool {
    let is_only = except.first().is_some_and(|id| id.is_empty());
    except.iter().any(|id| **id == *listener_id) == is_only
}

impl<M> Entry for Rc<Sent<M>> {
    fn position(&self) -> Position {
        self.position
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn at(&self) -> f64 {
        self.at
    }
}

/// A message as it is delivered: shared with its other receivers, and with its position.
#[derive(Debug)]
pub struct Delivery<M>(Taken<M>);

/// Two words, so that a stream returns it in registers.
#[derive(Debug)]
enum Taken<M> {
    /// The listener had received everything up to the broadcast before it.
    InOrder(Rc<Sent<M>>),
    After(Box<(Rc<Sent<M>>, Position)>),
}

impl<M> Deref for Delivery<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.sent().message
    }
}

impl<M> Clone for Delivery<M> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Taken::InOrder(sent) => Taken::InOrder(sent.clone()),
            Taken::After(taken) => Taken::After(taken.clone()),
        })
    }
}

impl<M> Delivery<M> {
    /// A broadcast, whose listener had received everything before it.
    #[inline]
    pub(crate) fn in_order(sent: Rc<Sent<M>>) -> Self {
        Self(Taken::InOrder(sent))
    }

    /// Any message. `before` is how far the listener had come.
    pub(crate) fn after(before: Position, sent: Rc<Sent<M>>) -> Self {
        Self(if before == sent.position.preceding_broadcast() {
            Taken::InOrder(sent)
        } else {
            Taken::After(Box::new((sent, before)))
        })
    }

    #[inline]
    pub(crate) fn sent(&self) -> &Rc<Sent<M>> {
        match &self.0 {
            Taken::InOrder(sent) => sent,
            Taken::After(taken) => &taken.0,
        }
    }

    #[inline]
    pub(crate) fn into_sent(self) -> Rc<Sent<M>> {
        match self.0 {
            Taken::InOrder(sent) => sent,
            Taken::After(taken) => taken.0,
        }
    }

    /// Returns how far the listener had come before. It undoes the delivery.
    pub(crate) fn before(&self) -> Position {
        match &self.0 {
            Taken::InOrder(sent) => sent.position.preceding_broadcast(),
            Taken::After(taken) => taken.1,
        }
    }

    /// Returns the message's position in the channel's order.
    pub fn position(&self) -> Position {
        self.sent().position
    }
}
