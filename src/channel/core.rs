//! ChannelCore: what a channel is made of. [`AbstractChannel`](crate::AbstractChannel) is its
//! public face.
//!
//! The core knows subscriptions by their keys. The native crate finds them by the ids of their
//! listeners, the npm package does so in JavaScript.

use std::cell::OnceCell;
use std::cell::RefCell;
use std::rc::Rc;

use slab::Slab;

use crate::channel::state::State;
use crate::log::Log;
use crate::model::event_id::EventId;
use crate::model::limit::History;
use crate::model::position::Position;
use crate::model::stats::Tally;
use crate::platform::clock;
use crate::platform::ids;

/// A handle: clones share everything.
pub(crate) struct ChannelCore<M> {
    pub(super) shared: Rc<Shared<M>>,
}

pub(super) struct Shared<M> {
    /// Made when it is first asked for: some runtimes have no random numbers while they load the
    /// modules of a program.
    pub(super) epoch: OnceCell<Rc<str>>,
    pub(super) state: RefCell<State<M>>,
}

impl<M> Clone for ChannelCore<M> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<M> ChannelCore<M> {
    /// Creates a channel. With an epoch, and the numbers of the newest broadcast and dispatch, it
    /// is another life of a channel that has ended.
    pub(crate) fn new(history: History, former: Option<(Rc<str>, Position)>) -> Self {
        let (epoch, position) = match former {
            Some((epoch, position)) => (OnceCell::from(epoch), position),
            None => (OnceCell::new(), Position::broadcast(0)),
        };
        let state = State {
            log: Log::new(history, position.sequence() + 1),
            subscriptions: Slab::new(),
            parked: Vec::new(),
            with_inbox: Vec::new(),
            refusing: Vec::new(),
            left: Tally::default(),
            refused_sends: 0,
            dispatched: position.dispatch_number(),
            overflows: 0,
            next_subscription: 0,
            closed: false,
        };
        Self {
            shared: Rc::new(Shared {
                epoch,
                state: RefCell::new(state),
            }),
        }
    }

    /// Returns the event id of a position.
    pub(crate) fn event_id(&self, position: Position) -> EventId {
        EventId::of_position(self.epoch(), position)
    }

    /// Returns the event id of the newest broadcast, or the one before the first.
    pub(crate) fn last_event_id(&self) -> EventId {
        let newest = self.shared.state.borrow().log.tail() - 1;
        self.event_id(Position::broadcast(newest))
    }

    pub(super) fn epoch(&self) -> &str {
        self.shared.epoch.get_or_init(|| ids::epoch().into())
    }

    /// Refuses sends and subscriptions from now on.
    pub(crate) fn close(&self) {
        self.shared.state.borrow_mut().closed = true;
        self.wake_parked();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.shared.state.borrow().closed
    }

    /// Drops what has become too old for the history.
    pub(crate) fn expire(&self) {
        let at = clock::milliseconds();
        let mut unneeded = Vec::new();
        let mut state = self.shared.state.borrow_mut();
        state.log.expire(at, &mut unneeded);
        // The borrow ends before `unneeded` is dropped.
    }
}
