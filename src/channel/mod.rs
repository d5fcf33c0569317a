//! AbstractChannel: listeners, and the messages sent to them.
//!
//! A channel is a handle: clones share everything. It is single-threaded and never blocks.
//!
//! ## Delivery order
//!
//! A listener gets what was sent after it was registered, broadcasts and dispatches alike, in exactly
//! the order in which it was sent, whether or not it has been started. It is delivered to only while
//! running: by [`deliver_next`](AbstractChannel::deliver_next), or through a
//! [`message_stream`](AbstractChannel::message_stream). Each message is delivered to a listener
//! at most once, however many streams read for it.
//!
//! ## Ending
//!
//! [`close`](AbstractChannel::close) refuses further sends and listeners. What was queued before is still
//! delivered; a running stream then yields [`Delivered::Closed`] and ends, and its listener is
//! stopped. [`remove_listener`](AbstractChannel::remove_listener) drops the listener's queue; its streams end.
//!
//! ## Re-entrancy
//!
//! Callbacks and wakers run while the channel holds no borrow. They may call everything: send, add,
//! remove, stop and close.
//!
//! ## Full queue
//!
//! A listener may be registered with a [`QueueLimit`](crate::QueueLimit). When more is sent to it, its
//! oldest messages are dropped and it is told how many, or it is disconnected, or the sender is refused;
//! a broadcast that one listener refuses nobody gets. A listener that stalls delays nobody else, and what is kept
//! for it stays within its limit.
//!
//! ## History
//!
//! A channel may keep its newest broadcasts for those who come back. A listener can be registered
//! [after](AbstractChannel::register_after) an event id: replay and live are joined without a gap and without a duplicate,
//! or the first thing that it gets says that there is a [`Gap`]. What a listener of the same name may have been sent alone is told
//! behind what is replayed, if it is resumable.
//!
//! ## Another life
//!
//! Who stores what is broadcast can have a new channel [go on](AbstractChannel::restore) as the one that has ended: event ids
//! that clients have from then hold.

pub(crate) mod listener;
pub(crate) mod names;
pub(crate) mod subscription;

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use slab::Slab;

use crate::channel::listener::MessageQueueListener;
use crate::channel::names::{ById, Names};
use crate::channel::subscription::{Delivery, Leave, ListenerOptions, NOWHERE, Seat, Sent, Taken};
use crate::log::Log;
use crate::model::error::{
    CallbackError, Error, InvalidChannelException, InvalidListenerException, NoMessagesException,
    QueueFullException, SendError,
};
use crate::model::gap::{self, Gap, GapReason, LastEventId};
use crate::model::limit::{History, Overflow};
use crate::model::message::Message;
use crate::model::position::Position;
use crate::model::stats::{ChannelStats, ListenerStats, Tally};
use crate::platform::clock;
use crate::platform::ids;
use crate::queue::{Queue, Read};
use crate::stream::MessageStream;
use crate::wire::event::EventId;

/// The base of channels: delivers messages of any type to listeners.
///
/// [`SseChannel`](crate::SseChannel) is the implementation for Server-Sent Events. What a stream yields
/// is changed by mapping it.
///
/// ```
/// use eric_sse::{AbstractChannel, Delivered};
/// use futures::{StreamExt, executor::block_on};
///
/// let channel = AbstractChannel::<&str>::new();
/// let stream = channel.watch()?;
/// channel.broadcast("hello")?;
/// channel.close();
///
/// let texts = stream.map(|delivered| match delivered {
///     Delivered::Message(message) => message.to_uppercase(),
///     Delivered::Gap(gap) => format!("{:?} MISSED", gap.missed),
///     Delivered::Closed => "THE END".to_string(),
/// });
/// assert_eq!(block_on(texts.collect::<Vec<_>>()), ["HELLO", "THE END"]);
/// # Ok::<(), eric_sse::Error>(())
/// ```
pub struct AbstractChannel<M = Message> {
    core: Rc<Core<M>>,
}

struct Core<M> {
    /// Made when first asked for, as is the epoch: some runtimes have no random numbers while a
    /// program's modules are being loaded.
    id: OnceCell<Rc<str>>,
    epoch: OnceCell<Rc<str>>,
    state: RefCell<State<M>>,
    /// How many bytes a message counts for.
    weigh: fn(&M) -> u64,
}

struct State<M> {
    log: Log<Rc<Sent<M>>>,
    seats: Slab<Rc<Seat<M>>>,
    names: Box<dyn Names>,
    /// The seats with a parked stream: those that a broadcast has to wake. A seat may outstay its
    /// stream here until the next broadcast, but not its own removal.
    parked: Vec<Rc<Seat<M>>>,
    /// The seats with a limit and something in their lane: the log alone does not keep their limit.
    laned: Vec<Rc<Seat<M>>>,
    /// The seats that refuse what they have no room for.
    refusing: Vec<Rc<Seat<M>>>,
    /// What became of the messages of listeners that have left.
    left: Tally,
    refused_sends: u64,
    /// The number of the last dispatch, to whomever: one that is given once is never given again, to no listener of the same name.
    dispatched: u64,
    /// How many listeners were disconnected because they were full.
    overflows: u64,
    /// Number of the next listener to be registered: their order.
    next_seat: u64,
    closed: bool,
}

/// What a stream of a channel yields.
#[derive(Clone, Debug)]
pub enum Delivered<M> {
    /// The next message.
    Message(Delivery<M>),
    /// Messages are missing before the next one. In a box: as what is rare, it would make every message's move from hand to hand slower.
    Gap(Box<Gap>),
    /// The channel was closed and everything sent before has been delivered. The stream's last item.
    Closed,
}

impl<M> Clone for AbstractChannel<M> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
        }
    }
}

impl<M> Default for AbstractChannel<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> AbstractChannel<M> {
    /// Creates a channel with a random UUID as its id.
    pub fn new() -> Self {
        Self::create(
            None,
            History::NONE,
            |_| size_of::<M>() as u64,
            names(),
            None,
        )
    }

    /// Creates a channel with an id of the caller's.
    pub fn with_id(id: impl Into<Rc<str>>) -> Self {
        Self::create(
            Some(id.into()),
            History::NONE,
            |_| size_of::<M>() as u64,
            names(),
            None,
        )
    }

    /// Creates a channel that keeps a history and weighs its messages, for bounds in bytes. It goes on as another life of one
    /// that has ended, if its epoch and the numbers of its newest broadcast and dispatch are given.
    pub(crate) fn create(
        id: Option<Rc<str>>,
        history: History,
        weigh: fn(&M) -> u64,
        names: Box<dyn Names>,
        former: Option<(Rc<str>, Position)>,
    ) -> Self {
        let (epoch, position) = match former {
            Some((epoch, position)) => (OnceCell::from(epoch), position),
            None => (OnceCell::new(), Position::broadcast(0)),
        };
        let state = State {
            log: Log::new(history, position.sequence() + 1),
            seats: Slab::new(),
            names,
            parked: Vec::new(),
            laned: Vec::new(),
            refusing: Vec::new(),
            left: Tally::default(),
            refused_sends: 0,
            dispatched: position.dispatch_number(),
            overflows: 0,
            next_seat: 0,
            closed: false,
        };
        Self {
            core: Rc::new(Core {
                id: id.map_or_else(OnceCell::new, OnceCell::from),
                epoch,
                state: RefCell::new(state),
                weigh,
            }),
        }
    }

    /// Returns the channel's id.
    pub fn id(&self) -> &str {
        self.core.id.get_or_init(|| ids::unique().into())
    }

    /// Returns the event id of a position in this channel's order: `<epoch>-<position>`.
    ///
    /// The epoch is random and belongs to this channel alone, so that an id from another channel, or
    /// from before a restart, is recognised.
    pub fn event_id(&self, position: Position) -> EventId {
        EventId::of_position(self.epoch(), position)
    }

    /// Returns the event id of the newest broadcast, or the one before the first. Who was shown the state of things
    /// as of this id misses nothing [after](Self::register_after) it.
    pub fn last_event_id(&self) -> EventId {
        let newest = self.core.state.borrow().log.tail() - 1;
        self.event_id(Position::broadcast(newest))
    }

    fn epoch(&self) -> &str {
        self.core.epoch.get_or_init(|| ids::epoch().into())
    }

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
        self.register_with(listener, ListenerOptions::default())
    }

    /// Adds a listener with options of its own, as [`register_listener`](Self::register_listener) does.
    ///
    /// # Errors
    ///
    /// As those of [`register_listener`](Self::register_listener).
    pub fn register_with(
        &self,
        listener: &MessageQueueListener<M>,
        options: ListenerOptions,
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
        options: ListenerOptions,
        last_event_id: &str,
    ) -> Result<(), Error> {
        self.take_seat(listener, options, Some(last_event_id))
            .map(drop)
    }

    pub(crate) fn take_seat(
        &self,
        listener: &MessageQueueListener<M>,
        options: ListenerOptions,
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

    /// Finds the position behind which a client that has this id goes on, what it has to be told first, and the id if it is one of
    /// ours.
    fn resume_point(
        &self,
        last_event_id: &str,
        log: &Log<Rc<Sent<M>>>,
        dispatched: u64,
    ) -> (Position, Option<Gap>, Option<EventId>) {
        let to = Position::broadcast(log.history_start() - 1);
        let (reason, missed, from, goes_on) = match self.parse(last_event_id, log, dispatched) {
            Ok((id, position)) if position.sequence() >= to.sequence() => {
                return (position, None, Some(id));
            }
            Ok((id, position)) => {
                let missed = to.sequence() - position.sequence();
                (GapReason::Expired, Some(missed), Some(id.clone()), Some(id))
            }
            Err((reason, from)) => (reason, None, from, None),
        };
        let gap = Gap {
            reason,
            missed,
            from,
            to,
        };
        (to, Some(gap), goes_on)
    }

    /// Reads an event id that this channel has given. Else returns why it is none, and the id as far as it looks like one.
    fn parse(
        &self,
        id: &str,
        log: &Log<Rc<Sent<M>>>,
        dispatched: u64,
    ) -> Result<(EventId, Position), (GapReason, Option<EventId>)> {
        match LastEventId::parse(id, self.epoch()) {
            LastEventId::Known(id, position) => {
                let is_given =
                    position.sequence() < log.tail() && position.dispatch_number() <= dispatched;
                match is_given {
                    true => Ok((id, position)),
                    false => Err((GapReason::Unknown, Some(id))),
                }
            }
            LastEventId::OtherEpoch(id) => Err((GapReason::Epoch, Some(id))),
            LastEventId::Unknown => Err((GapReason::Unknown, None)),
        }
    }

    /// Sets a resumable listener back to what follows an event id, its own dispatched messages included. If that
    /// cannot be done, it goes on where it is, after a [`Gap`] that says so. A dispatched message that is older
    /// than a broadcast that is missing counts as missing too: nothing behind a gap is older than its end.
    /// One that is not resumable can be set back as well, but for what was dispatched to it and read: that is a gap.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when the listener is unknown.
    pub fn rewind(
        &self,
        listener_id: &str,
        last_event_id: &str,
    ) -> Result<(), InvalidListenerException> {
        self.rewind_seat(&self.seat(listener_id)?, last_event_id);
        Ok(())
    }

    /// As [`rewind`](Self::rewind); does nothing to a seat that was left.
    pub(crate) fn rewind_seat(&self, seat: &Rc<Seat<M>>, last_event_id: &str) {
        self.expire();
        let mut unneeded = Vec::new();
        {
            let mut state = self.core.state.borrow_mut();
            let state = &mut *state;
            let log = &mut state.log;
            let mut queue = seat.queue.borrow_mut();
            let Some(queue) = queue.as_mut() else { return };
            match self.parse(last_event_id, log, state.dispatched) {
                Ok((id, position)) => {
                    let last = seat.last.replace(position);
                    let before = queue.len(log) + queue.untold(log);
                    let missing = queue.rewind(log, position, last, &mut unneeded);
                    let after = queue.len(log);
                    seat.counters.count(|tally| {
                        tally.replayed += after.saturating_sub(before);
                        // What the client says that it has already.
                        tally.discarded += before.saturating_sub(after);
                    });
                    let reason = match missing.expired {
                        0 => GapReason::Forgotten,
                        _ => GapReason::Expired,
                    };
                    let missed = missing.expired + missing.skipped;
                    if queue.forgotten() > position {
                        let gap = Gap::forgotten(id.clone(), queue.forgotten());
                        gap::tell(queue.gaps(), gap);
                    }
                    if missed > 0 {
                        let gap = Gap {
                            reason,
                            missed: Some(missed),
                            from: Some(id),
                            to: queue.before(log).max(position),
                        };
                        gap::tell(queue.gaps(), gap);
                    }
                }
                Err((reason, from)) => {
                    queue.gaps().clear();
                    let to = queue.before(log).max(seat.last.get());
                    gap::tell(
                        queue.gaps(),
                        Gap {
                            reason,
                            missed: None,
                            from,
                            to,
                        },
                    );
                }
            }
            if queue.has_lane() {
                let overflow = queue.overflow(&state.log);
                state.has_lane(seat, overflow);
            }
        }
        // Dropped and woken without a borrow.
        drop(unneeded);
        seat.listener.wake();
    }

    /// Removes a listener, with everything that waits for it. Its streams end.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when it is unknown.
    pub fn remove_listener(&self, listener_id: &str) -> Result<(), InvalidListenerException> {
        let seat = self.seat(listener_id)?;
        self.leave_seat(&seat, Leave::Removed);
        Ok(())
    }

    /// Removes a listener by its seat. A seat that was left before is left alone, even when another
    /// listener with the same id has come since.
    pub(crate) fn leave_seat(&self, seat: &Seat<M>, why: Leave) {
        let mut unneeded = Vec::new();
        let freed = {
            let mut state = self.core.state.borrow_mut();
            let Some(queue) = seat.queue.take() else {
                // Its owner has now seen that it was disconnected.
                let kept = state.seats.get(seat.key);
                if kept.is_some_and(|kept| std::ptr::eq(&**kept, seat)) {
                    state.seats.remove(seat.key);
                }
                return;
            };
            seat.left.set(Some(why));
            seat.untold.set(queue.has_gaps());
            state.overflows += u64::from(why == Leave::Overflow);
            state.forget(seat);
            let lost = queue.len(&state.log) + queue.untold(&state.log);
            let dropped = queue.untold_overflow(&state.log);
            seat.counters.count(|tally| {
                tally.dropped += dropped;
                tally.discarded += lost - dropped;
            });
            state.left.add(seat.counters.tally());
            state.names.remove(seat.listener.id());
            let frees = why == Leave::Removed || state.names.frees();
            queue.detach(&mut state.log, &mut unneeded);
            frees.then(|| state.seats.remove(seat.key))
        };
        // Dropped without a borrow: a message or a listener may own anything.
        drop((unneeded, freed));
        seat.listener.wake();
    }

    /// Returns a listener.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when it is unknown.
    pub fn get_listener(
        &self,
        listener_id: &str,
    ) -> Result<MessageQueueListener<M>, InvalidListenerException> {
        Ok(self.seat(listener_id)?.listener.clone())
    }

    /// Returns the listeners in the order in which they were registered.
    pub fn listeners(&self) -> Vec<MessageQueueListener<M>> {
        let state = self.core.state.borrow();
        let mut seats: Vec<_> = state.seats.iter().map(|(_, seat)| seat).collect();
        seats.sort_unstable_by_key(|seat| seat.number);
        seats.iter().map(|seat| seat.listener.clone()).collect()
    }

    /// Returns how many listeners are registered.
    pub fn listener_count(&self) -> usize {
        self.core.state.borrow().seats.len()
    }

    /// Returns how many messages wait for a listener.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when it is unknown.
    pub fn waiting(&self, listener_id: &str) -> Result<u64, InvalidListenerException> {
        let seat = self.seat(listener_id)?;
        let state = self.core.state.borrow();
        let queue = seat.queue.borrow();
        Ok(queue.as_ref().map_or(0, |queue| queue.len(&state.log)))
    }

    /// Sends a message to every listener. Costs the same however many there are.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when the channel is closed; [`QueueFullException`] when a listener refuses what
    /// it has no room for, and then nobody gets the message. The message comes back inside the error.
    pub fn broadcast(&self, message: M) -> Result<Position, SendError<M>> {
        let bytes = (self.core.weigh)(&message);
        self.broadcast_to_all_but(Box::default(), message, bytes, clock::milliseconds())
    }

    /// Sends a message to every listener but those whose ids are given, also when one of them comes back for a replay.
    ///
    /// For an excepted listener it counts as waiting until it is passed over, and as filtered then.
    ///
    /// # Errors
    ///
    /// As those of [`broadcast`](Self::broadcast).
    pub fn broadcast_except(&self, message: M, except: &[&str]) -> Result<Position, SendError<M>> {
        let bytes = (self.core.weigh)(&message);
        let except = except.iter().map(|id| Rc::from(*id));
        self.broadcast_to_all_but(except.collect(), message, bytes, clock::milliseconds())
    }

    /// Makes a new channel another life of one that has ended: it has its epoch, and goes on with its numbers right behind
    /// an event id. What the former one has broadcast behind that id is [refilled](Self::refill) first. So clients of the former life
    /// go on without a gap, but for what was dispatched to them.
    ///
    /// An id of a broadcast is enough where nothing was dispatched. Otherwise it is followed by a number that no dispatch has
    /// exceeded, as in `e-17.3`: a client that comes back with the id of a later one is told that it is unknown.
    ///
    /// Returns whether it does. It does not when the id is none, or when the channel has been used: when an event id was asked of
    /// it, or there were listeners or messages.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use eric_sse::{Message, SseChannel};
    /// let (former, channel) = (SseChannel::new(), SseChannel::new());
    /// let start = former.last_event_id();
    /// former.broadcast(Message::new("tick", 1)?)?;
    ///
    /// assert!(channel.restore(start.as_str()));
    /// channel.refill(Message::new("tick", 1)?, &[], Duration::from_secs(10))?;
    /// assert_eq!(channel.last_event_id(), former.last_event_id());
    /// # Ok::<(), eric_sse::Error>(())
    /// ```
    #[must_use = "a channel that was not restored has numbers of its own"]
    pub fn restore(&self, last_event_id: &str) -> bool {
        let is_used = {
            let state = self.core.state.borrow();
            state.log.tail() > 1 || state.next_seat > 0 || self.core.epoch.get().is_some()
        };
        match gap::parts(last_event_id) {
            Some((epoch, position)) if !is_used => {
                self.core.epoch.get_or_init(|| epoch.into());
                let mut state = self.core.state.borrow_mut();
                state.log = Log::new(state.log.history(), position.sequence() + 1);
                state.dispatched = position.dispatch_number();
                true
            }
            _ => false,
        }
    }

    /// Sends a message that was sent before, so long ago, in a former life of the [restored](Self::restore) channel. The
    /// oldest comes first.
    ///
    /// # Errors
    ///
    /// As those of [`broadcast`](Self::broadcast).
    pub fn refill(
        &self,
        message: M,
        except: &[&str],
        age: Duration,
    ) -> Result<Position, SendError<M>> {
        let bytes = (self.core.weigh)(&message);
        let except = except.iter().map(|id| Rc::from(*id));
        let at = clock::milliseconds() - age.as_secs_f64() * 1000.0;
        let newest = self.core.state.borrow().log.newest_at();
        let at = newest.map_or(at, |newest| at.max(newest));
        self.broadcast_to_all_but(except.collect(), message, bytes, at)
    }

    /// `at` is when it was sent, in milliseconds of the channel's clock.
    pub(crate) fn broadcast_to_all_but(
        &self,
        except: Box<[Rc<str>]>,
        message: M,
        bytes: u64,
        at: f64,
    ) -> Result<Position, SendError<M>> {
        let (mut unneeded, mut full) = (Vec::new(), Vec::new());
        let (position, is_awaited) = {
            let mut state = self.core.state.borrow_mut();
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
            if !state.laned.is_empty() {
                state.enforce_lanes(&mut full, &mut unneeded);
            }
            if lagged {
                state.find_lagging(&mut full);
            }
            (position, !state.parked.is_empty())
        };
        // Dropped, disconnected and woken without a borrow: all of it may call back.
        if unneeded.capacity() == 0 && full.capacity() == 0 {
            // Mostly so: even to drop two vectors that hold nothing is to be seen in `cargo bench`.
            std::mem::forget((unneeded, full));
        } else {
            drop(unneeded);
            for seat in full {
                self.leave_seat(&seat, Leave::Overflow);
            }
        }
        if is_awaited {
            self.wake_parked();
        }
        Ok(position)
    }

    /// Sends a message to one listener.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when the channel is closed; [`InvalidListenerException`] when the
    /// listener is unknown; [`QueueFullException`] when it refuses what it has no room for. The message comes
    /// back inside the error.
    pub fn dispatch(&self, listener_id: &str, message: M) -> Result<Position, SendError<M>> {
        match self.seat(listener_id) {
            Ok(seat) => {
                let bytes = (self.core.weigh)(&message);
                self.dispatch_to(&seat, message, bytes)
            }
            Err(unknown) => Err(SendError::new(message, unknown)),
        }
    }

    pub(crate) fn dispatch_to(
        &self,
        seat: &Rc<Seat<M>>,
        message: M,
        bytes: u64,
    ) -> Result<Position, SendError<M>> {
        let at = clock::milliseconds();
        let mut unneeded = Vec::new();
        let (position, full) = {
            let mut state = self.core.state.borrow_mut();
            let state = &mut *state;
            if state.closed {
                return Err(SendError::new(message, InvalidChannelException::closed()));
            }
            let mut queue = seat.queue.borrow_mut();
            let Some(queue) = queue.as_mut() else {
                let unknown = InvalidListenerException::unknown(seat.listener.id());
                return Err(SendError::new(message, unknown));
            };
            let overflow = queue.overflow(&state.log);
            if overflow == Some(Overflow::Refuse) && queue.is_over(&state.log, 1, bytes) {
                state.refused_sends += 1;
                let full = vec![seat.listener.id().to_string()];
                return Err(SendError::new(message, QueueFullException::new(full)));
            }
            state.dispatched += 1;
            let position = Position::dispatch(state.log.tail() - 1, state.dispatched);
            let sent = Sent::new(message, position, bytes, at, [].into());
            queue.dispatch(&state.log, position, bytes, at, sent, &mut unneeded);
            state.has_lane(seat, overflow);
            let over = queue.is_over(&state.log, 0, 0);
            if overflow == Some(Overflow::DropOldest) {
                queue.enforce(&mut state.log, &mut unneeded);
            }
            let full = over && overflow == Some(Overflow::Disconnect);
            (position, full)
        };
        drop(unneeded);
        if full {
            self.leave_seat(seat, Leave::Overflow);
        }
        seat.listener.wake();
        Ok(position)
    }

    /// Opens a stream of what a registered listener gets. It ends when the listener is stopped or
    /// removed, or the channel closed; one opened for a stopped listener ends at once.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when the listener is unknown.
    pub fn message_stream(
        &self,
        listener: &MessageQueueListener<M>,
    ) -> Result<MessageStream<M>, InvalidListenerException> {
        Ok(MessageStream::new(
            self.clone(),
            self.seat(listener.id())?,
            false,
        ))
    }

    /// Adds a listener, starts it and opens its stream. The listener exists from this call on, and is
    /// removed when the stream ends or is dropped.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when the channel is closed.
    pub fn watch(&self) -> Result<MessageStream<M>, Error> {
        self.watch_with(ListenerOptions::default(), None)
    }

    /// As [`watch`](Self::watch), with options for the listener, and behind an event id if one is given, as
    /// [`register_after`](Self::register_after) does.
    ///
    /// # Errors
    ///
    /// As those of [`watch`](Self::watch).
    pub fn watch_with(
        &self,
        options: ListenerOptions,
        last_event_id: Option<&str>,
    ) -> Result<MessageStream<M>, Error> {
        let listener = MessageQueueListener::new();
        let seat = self.take_seat(&listener, options, last_event_id)?;
        listener.start_sync();
        Ok(MessageStream::new(self.clone(), seat, true))
    }

    /// Closes the channel: sends and listeners are refused from now on, and what was queued before is
    /// delivered. Closing a closed channel does nothing.
    pub fn close(&self) {
        self.core.state.borrow_mut().closed = true;
        self.wake_parked();
    }

    fn wake_parked(&self) {
        let mut woken = self.core.state.borrow_mut().take_parked();
        woken.drain(..).for_each(|seat| seat.listener.wake());
        self.core.state.borrow_mut().reuse_parked(woken);
    }

    /// Returns whether the channel was closed.
    pub fn is_closed(&self) -> bool {
        self.core.state.borrow().closed
    }

    pub(crate) fn seat(&self, listener_id: &str) -> Result<Rc<Seat<M>>, InvalidListenerException> {
        let key = self.core.state.borrow().names.get(listener_id);
        let seat = key.and_then(|key| self.seat_at(key));
        seat.ok_or_else(|| InvalidListenerException::unknown(listener_id))
    }

    /// Returns the seat with a key.
    pub(crate) fn seat_at(&self, key: usize) -> Option<Rc<Seat<M>>> {
        self.core.state.borrow().seats.get(key).cloned()
    }

    /// Takes the oldest message that waits for a seat, or what has to be said before it.
    #[inline]
    pub(crate) fn take(&self, seat: &Seat<M>) -> Taken<M> {
        if let Some(queue) = seat.queue.borrow_mut().as_mut() {
            let log = &mut self.core.state.borrow_mut().log;
            let is_for_all = |sent: &Rc<Sent<M>>| sent.except.is_empty();
            if let Some(sent) = queue.take_broadcast(log, is_for_all) {
                seat.last.set(sent.position);
                return Taken::Message(sent);
            }
        }
        self.take_any(seat)
    }

    #[inline(never)]
    fn take_any(&self, seat: &Seat<M>) -> Taken<M> {
        // Before the borrows, so that it is dropped after them: a message may own anything.
        let mut unneeded = Vec::new();
        let mut state = self.core.state.borrow_mut();
        let mut queue = seat.queue.borrow_mut();
        let Some(queue) = queue.as_mut() else {
            return Taken::Removed;
        };
        loop {
            match queue.take(&mut state.log, &mut unneeded) {
                Some(Read::Entry(sent)) if !sent.is_for(&seat.listener) => {
                    seat.last.set(sent.position);
                    seat.counters.count(|tally| tally.filtered += 1);
                    unneeded.push(sent);
                }
                Some(Read::Entry(sent)) => {
                    queue.was_at(seat.last.replace(sent.position));
                    return Taken::Message(sent);
                }
                Some(Read::Gap(gap)) => {
                    queue.was_at(seat.last.replace(gap.to));
                    return Taken::Gap(gap);
                }
                Some(Read::Missed(dropped, to)) => {
                    seat.counters.count(|tally| tally.dropped += dropped);
                    let last = seat.last.get();
                    let gap = Gap {
                        reason: GapReason::Overflow,
                        missed: Some(dropped),
                        from: Some(self.event_id(last)),
                        // The client may have come with the id of something that was never given to it.
                        to: to.max(last),
                    };
                    // It is past already: it comes next.
                    gap::tell(queue.gaps(), gap);
                }
                None if state.closed => return Taken::Closed,
                None => return Taken::Empty,
            }
        }
    }

    /// Has a gap that was taken told again, at its place.
    pub(crate) fn give_back_gap(&self, seat: &Seat<M>, gap: Gap) {
        let told = self.with_queue(seat, |queue, _| gap::tell(queue.gaps(), gap));
        seat.untold.set(told.is_none());
        seat.listener.wake();
    }

    /// Makes the message that was just taken the next one again, unless it is to come again anyway.
    pub(crate) fn give_back(&self, seat: &Rc<Seat<M>>, sent: Rc<Sent<M>>) {
        let position = sent.position;
        let comes_again = self.with_queue(seat, |queue, log| queue.is_unread(log, position));
        if comes_again == Some(true) {
            return;
        }
        seat.counters.undelivered();
        let mut unneeded = Vec::new();
        {
            let mut state = self.core.state.borrow_mut();
            let state = &mut *state;
            let mut queue = seat.queue.borrow_mut();
            match queue.as_mut() {
                Some(queue) => {
                    let (last, before) = (seat.last.get(), queue.take_before_last(position));
                    seat.last.set(match last == position {
                        true => before,
                        // What is not for the listener was passed over since.
                        false => position.broadcast_before().min(last),
                    });
                    let (bytes, at) = (sent.bytes, sent.at);
                    queue.give_back(&state.log, position, bytes, at, sent, &mut unneeded);
                    if queue.has_lane() {
                        let overflow = queue.overflow(&state.log);
                        state.has_lane(seat, overflow);
                    }
                }
                None => {
                    // It leaves with the listener.
                    seat.counters.count(|tally| tally.discarded += 1);
                    let left = &mut state.left;
                    left.delivered = left.delivered.saturating_sub(1);
                    left.discarded += 1;
                    unneeded.push(sent);
                }
            }
        }
        // Dropped without a borrow.
        drop(unneeded);
        seat.listener.wake();
    }

    /// Returns whether the seat's listener was removed.
    pub(crate) fn is_left(&self, seat: &Seat<M>) -> bool {
        seat.left.get().is_some()
    }

    /// Returns the event id that a client has at the beginning of a stream: behind which a seat goes on; or the one it is told first that it does
    /// not go on behind, so that it is told again if it comes back before.
    pub(crate) fn first_id(&self, seat: &Seat<M>) -> Option<EventId> {
        let from = self.with_queue(seat, |queue, _| {
            queue.first_gap().map(|gap| gap.from.clone())
        });
        from.flatten().unwrap_or_else(|| self.last_id(seat))
    }

    /// Returns the event id behind which a seat goes on, unless it is to be told first that it does not.
    pub(crate) fn last_id(&self, seat: &Seat<M>) -> Option<EventId> {
        let has_gaps = self.with_queue(seat, |queue, _| queue.has_gaps());
        (!has_gaps.unwrap_or(seat.untold.get())).then(|| self.event_id(seat.last.get()))
    }

    /// Returns the number of the oldest broadcast that is kept, or of the next one; and whether no listener has a broadcast to read.
    pub(crate) fn kept(&self) -> (u64, bool) {
        self.core.state.borrow().log.kept()
    }

    /// Returns whether something waits for a seat, or is to be told to it.
    #[cfg(feature = "npm")]
    pub(crate) fn has_more(&self, seat: &Seat<M>) -> bool {
        let has_more = self.with_queue(seat, |queue, log| queue.has_more(log));
        has_more != Some(false) || self.is_closed()
    }

    /// Runs `read` on a seat's queue and the log. `None` once the listener was removed.
    pub(crate) fn with_queue<R>(
        &self,
        seat: &Seat<M>,
        read: impl FnOnce(&mut Queue<Rc<Sent<M>>>, &mut Log<Rc<Sent<M>>>) -> R,
    ) -> Option<R> {
        let mut state = self.core.state.borrow_mut();
        let mut queue = seat.queue.borrow_mut();
        Some(read(queue.as_mut()?, &mut state.log))
    }

    /// Parks a stream of the seat until something happens that it should look at.
    pub(crate) fn park(&self, seat: &Rc<Seat<M>>, stream: u64, waker: &Waker) {
        seat.listener.park(stream, waker);
        if seat.parked_at.get() == NOWHERE {
            let mut state = self.core.state.borrow_mut();
            seat.parked_at.set(state.parked.len());
            state.parked.push(seat.clone());
        }
    }
}

impl<M: Clone> AbstractChannel<M> {
    /// Delivers the oldest message that waits for a listener, after its `on_message` has seen it.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when the listener is unknown; [`NoMessagesException`] when nothing
    /// waits for it or it is stopped; [`Error::Callback`] when `on_message` refused the message, which is then
    /// gone.
    pub fn deliver_next(&self, listener_id: &str) -> Result<M, Error> {
        let seat = self.seat(listener_id)?;
        let sent = self.deliver_to(&seat)?;
        Ok(Rc::try_unwrap(sent).map_or_else(|sent| sent.message.clone(), |sent| sent.message))
    }
}

impl<M> AbstractChannel<M> {
    pub(crate) fn deliver_to(&self, seat: &Seat<M>) -> Result<Rc<Sent<M>>, Error> {
        if !seat.listener.is_running_sync() {
            return Err(NoMessagesException::stopped().into());
        }
        loop {
            return match self.take(seat) {
                // Only streams tell of gaps; here they are counted.
                Taken::Gap(_) => continue,
                Taken::Message(sent) => match self.show(seat, &sent) {
                    Ok(true) => Ok(sent),
                    Ok(false) => continue,
                    Err(error) => Err(Error::Callback(error)),
                },
                Taken::Empty => Err(NoMessagesException::empty().into()),
                Taken::Closed => Err(NoMessagesException::closed().into()),
                Taken::Removed => Err(InvalidListenerException::unknown(seat.listener.id()).into()),
            };
        }
    }

    /// Shows a message to the listener's filter and callback, and counts what they say. Returns whether it
    /// is to be delivered.
    pub(crate) fn show(&self, seat: &Seat<M>, sent: &Sent<M>) -> Result<bool, CallbackError> {
        if seat.listener.looks_at_messages() && !self.ask(seat, &sent.message)? {
            return Ok(false);
        }
        seat.counters.delivered(1);
        if self.is_left(seat) {
            self.core.state.borrow_mut().left.delivered += 1;
        }
        Ok(true)
    }

    #[inline(never)]
    fn ask(&self, seat: &Seat<M>, message: &M) -> Result<bool, CallbackError> {
        if !seat.listener.wants(message) {
            self.count(seat, |tally| tally.filtered += 1);
            return Ok(false);
        }
        let accepted = seat.listener.accept(message);
        if accepted.is_err() {
            self.count(seat, |tally| tally.refused += 1);
        }
        accepted.map(|()| true)
    }

    /// Counts for a seat, and for the channel when the seat was left meanwhile.
    fn count(&self, seat: &Seat<M>, add: impl Fn(&mut Tally)) {
        seat.counters.count(&add);
        if self.is_left(seat) {
            add(&mut self.core.state.borrow_mut().left);
        }
    }

    /// Returns the state of a listener.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when it is unknown.
    pub fn listener_stats(
        &self,
        listener_id: &str,
    ) -> Result<ListenerStats, InvalidListenerException> {
        Ok(self.seat_stats(&*self.seat(listener_id)?))
    }

    pub(crate) fn seat_stats(&self, seat: &Seat<M>) -> ListenerStats {
        seat.stats(&self.core.state.borrow().log)
    }

    /// Returns for how long the oldest message that waits for a listener has been waiting; `None` when none does.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when the listener is unknown.
    pub fn waiting_for(
        &self,
        listener_id: &str,
    ) -> Result<Option<Duration>, InvalidListenerException> {
        let since = self.waiting_since(&*self.seat(listener_id)?);
        let milliseconds = |since: f64| (clock::milliseconds() - since).max(0.0);
        Ok(since.map(|since| Duration::from_secs_f64(milliseconds(since) / 1000.0)))
    }

    /// Returns since when something waits for a seat, in milliseconds of the channel's clock.
    pub(crate) fn waiting_since(&self, seat: &Seat<M>) -> Option<f64> {
        self.with_queue(seat, |queue, log| queue.waiting_since(log))?
    }

    /// Returns the state of the channel.
    pub fn stats(&self) -> ChannelStats {
        self.expire();
        let state = self.core.state.borrow();
        let mut stats = ChannelStats {
            tally: state.left,
            listeners: state.seats.len() as u64,
            broadcasts: state.log.tail() - 1,
            refused_sends: state.refused_sends,
            overflows: state.overflows,
            kept: state.log.len() as u64,
            kept_bytes: state.log.bytes(),
            ..ChannelStats::default()
        };
        let here = |(_, seat): &(usize, &Rc<Seat<M>>)| seat.left.get().is_none();
        for (_, seat) in state.seats.iter().filter(here) {
            let listener = seat.stats(&state.log);
            stats.tally.add(listener.tally);
            stats.queued += listener.queued;
            stats.bytes += listener.bytes;
            stats.lag = stats.lag.max(listener.lag);
            stats.remembered += listener.remembered;
        }
        stats
    }

    /// Returns how many listeners were disconnected because they were full.
    pub fn overflows(&self) -> u64 {
        self.core.state.borrow().overflows
    }

    /// Drops what has become too old for the history.
    pub fn expire(&self) {
        let at = clock::milliseconds();
        let mut unneeded = Vec::new();
        self.core.state.borrow_mut().log.expire(at, &mut unneeded);
    }
}

impl<M> State<M> {
    fn take_parked(&mut self) -> Vec<Rc<Seat<M>>> {
        let parked = std::mem::take(&mut self.parked);
        parked.iter().for_each(|seat| seat.parked_at.set(NOWHERE));
        parked
    }

    /// Takes the emptied list back, so that a broadcast to parked streams need not allocate.
    fn reuse_parked(&mut self, emptied: Vec<Rc<Seat<M>>>) {
        if self.parked.is_empty() {
            self.parked = emptied;
        }
    }

    /// Notes that a seat has something in its lane.
    fn has_lane(&mut self, seat: &Rc<Seat<M>>, overflow: Option<Overflow>) {
        if overflow.is_some() && !seat.laned.replace(true) {
            self.laned.push(seat.clone());
        }
    }

    /// Names the listeners that refuse a broadcast of a weight.
    fn full(&self, bytes: u64, except: &[Rc<str>]) -> Vec<String> {
        let mut full = Vec::new();
        for seat in &self.refusing {
            let queue = seat.queue.borrow();
            let over = |queue: &Queue<_>| queue.is_over(&self.log, 1, bytes);
            let is_excepted = except.iter().any(|id| **id == *seat.listener.id());
            if queue.as_ref().is_some_and(over) && !is_excepted {
                full.push(seat.listener.id().to_string());
            }
        }
        full
    }

    /// Keeps the limits of those with something in their lane. Adds to `full` who is to be disconnected.
    fn enforce_lanes(&mut self, full: &mut Vec<Rc<Seat<M>>>, unneeded: &mut Vec<Rc<Sent<M>>>) {
        let log = &mut self.log;
        self.laned.retain(|seat| {
            let mut queue = seat.queue.borrow_mut();
            let Some(queue) = queue.as_mut().filter(|queue| queue.has_lane()) else {
                seat.laned.set(false);
                return false;
            };
            match queue.overflow(log) {
                Some(Overflow::DropOldest) => queue.enforce(log, unneeded),
                Some(Overflow::Disconnect) if queue.is_over(log, 0, 0) => full.push(seat.clone()),
                _ => {}
            }
            true
        });
    }

    /// Adds to `full` who has missed something and is to be disconnected for it.
    fn find_lagging(&self, full: &mut Vec<Rc<Seat<M>>>) {
        for (_, seat) in &self.seats {
            if let Some(queue) = seat.queue.borrow().as_ref()
                && queue.overflow(&self.log) == Some(Overflow::Disconnect)
                && queue.lags(&self.log)
            {
                full.push(seat.clone());
            }
        }
    }

    /// Removes a seat that is being left from the lists it may stand in.
    fn forget(&mut self, seat: &Seat<M>) {
        self.unpark(seat);
        if seat.laned.take() {
            self.laned.retain(|other| !std::ptr::eq(&**other, seat));
        }
        if seat.refuses {
            self.refusing.retain(|other| !std::ptr::eq(&**other, seat));
        }
    }

    fn unpark(&mut self, seat: &Seat<M>) {
        let index = seat.parked_at.replace(NOWHERE);
        if index < self.parked.len() {
            self.parked.swap_remove(index);
        }
        if let Some(moved) = self.parked.get(index) {
            moved.parked_at.set(index);
        }
    }
}

impl<M> fmt::Debug for AbstractChannel<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbstractChannel")
            .field("id", &self.core.id.get())
            .field("listeners", &self.listener_count())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

fn names() -> Box<dyn Names> {
    Box::new(ById::default())
}
