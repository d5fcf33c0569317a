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
//! There is no such thing yet: a queue grows until it is read or its listener removed.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::task::Waker;

use crate::error::{
    CallbackError, Error, InvalidChannelException, InvalidListenerException, NoMessagesException,
};
use crate::event::EventId;
use crate::ids;
use crate::listener::MessageQueueListener;
use crate::log::Log;
use crate::message::Message;
use crate::position::Position;
use crate::queue::Queue;
use crate::stream::MessageStream;

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
}

struct State<M> {
    log: Log<Rc<Sent<M>>>,
    seats: HashMap<Rc<str>, Rc<Seat<M>>>,
    /// The seats with a parked stream: those that a broadcast has to wake. A seat may outstay its
    /// stream here until the next broadcast, but not its own removal.
    parked: Vec<Rc<Seat<M>>>,
    /// Number of the next listener to be registered: their order.
    next_seat: u64,
    closed: bool,
}

/// What was sent, with its place in the order. Made once and shared by everybody who gets it.
#[derive(Debug)]
pub struct Sent<M> {
    pub(crate) message: M,
    pub(crate) position: Position,
    /// The message's block of an event stream, made when the first reader needs it.
    pub(crate) block: OnceCell<Box<[u8]>>,
}

/// A message as it is delivered: the message, shared with its other receivers, and its position.
#[derive(Debug)]
pub struct Delivery<M> {
    pub(crate) sent: Rc<Sent<M>>,
}

/// What a stream of a channel yields.
#[derive(Clone, Debug)]
pub enum Delivered<M> {
    /// The next message.
    Message(Delivery<M>),
    /// The channel was closed and everything sent before has been delivered. The stream's last item.
    Closed,
}

/// A listener's place at a channel: what it has still to read there.
pub(crate) struct Seat<M> {
    pub(crate) listener: MessageQueueListener<M>,
    number: u64,
    /// `None` once the listener was removed.
    queue: RefCell<Option<Queue<Rc<Sent<M>>>>>,
    /// Where this seat stands in `State::parked`.
    parked_at: Cell<Option<usize>>,
}

/// What a listener gets when it looks.
pub(crate) enum Taken<M> {
    Message(Rc<Sent<M>>),
    Empty,
    Closed,
    Removed,
}

impl<M> Deref for Delivery<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.sent.message
    }
}

impl<M> Clone for Delivery<M> {
    fn clone(&self) -> Self {
        Self {
            sent: self.sent.clone(),
        }
    }
}

impl<M> Delivery<M> {
    /// Returns where the message stands in the channel's order.
    pub fn position(&self) -> Position {
        self.sent.position
    }
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
        Self::create(OnceCell::new())
    }

    /// Creates a channel with an id of the caller's.
    pub fn with_id(id: impl Into<Rc<str>>) -> Self {
        Self::create(OnceCell::from(id.into()))
    }

    fn create(id: OnceCell<Rc<str>>) -> Self {
        let state = State {
            log: Log::new(),
            seats: HashMap::new(),
            parked: Vec::new(),
            next_seat: 0,
            closed: false,
        };
        Self {
            core: Rc::new(Core {
                id,
                epoch: OnceCell::new(),
                state: RefCell::new(state),
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
        let epoch = self.core.epoch.get_or_init(|| ids::epoch().into());
        EventId::of_position(epoch, position)
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
        self.take_seat(listener).map(drop)
    }

    pub(crate) fn take_seat(
        &self,
        listener: &MessageQueueListener<M>,
    ) -> Result<Rc<Seat<M>>, Error> {
        let mut state = self.core.state.borrow_mut();
        let state = &mut *state;
        if state.closed {
            return Err(InvalidChannelException::closed().into());
        }
        let id = listener.shared_id();
        if state.seats.contains_key(&id) {
            return Err(InvalidListenerException::registered(&id).into());
        }
        let seat = Rc::new(Seat {
            listener: listener.clone(),
            number: state.next_seat,
            queue: RefCell::new(Some(Queue::attach(&mut state.log))),
            parked_at: Cell::new(None),
        });
        state.next_seat += 1;
        state.seats.insert(id, seat.clone());
        Ok(seat)
    }

    /// Removes a listener, with everything that waits for it. Its streams end.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when it is unknown.
    pub fn remove_listener(&self, listener_id: &str) -> Result<(), InvalidListenerException> {
        let seat = self.seat(listener_id)?;
        self.leave_seat(&seat);
        Ok(())
    }

    /// Removes a listener by its seat. A seat that was left before is left alone, even when another
    /// listener with the same id has come since.
    pub(crate) fn leave_seat(&self, seat: &Seat<M>) {
        let dropped = {
            let mut state = self.core.state.borrow_mut();
            let Some(queue) = seat.queue.take() else {
                return;
            };
            state.unpark(seat);
            let seat = state.seats.remove(seat.listener.id());
            (queue.detach(&mut state.log), seat)
        };
        // Dropped without a borrow: a message or a listener may own anything.
        drop(dropped);
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
        let mut seats: Vec<_> = state.seats.values().collect();
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
    /// [`InvalidChannelException`] when the channel is closed.
    pub fn broadcast(&self, message: M) -> Result<Position, InvalidChannelException> {
        let (position, mut woken, unwanted) = {
            let mut state = self.core.state.borrow_mut();
            if state.closed {
                return Err(InvalidChannelException::closed());
            }
            let position = Position::broadcast(state.log.tail());
            let unwanted = state.log.append(Sent::new(message, position));
            (position, state.take_parked(), unwanted)
        };
        // Dropped and woken without a borrow: both may call back.
        drop(unwanted);
        if !woken.is_empty() {
            woken.drain(..).for_each(|seat| seat.listener.wake());
            self.core.state.borrow_mut().reuse_parked(woken);
        }
        Ok(position)
    }

    /// Sends a message to one listener.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when the channel is closed; [`InvalidListenerException`] when the
    /// listener is unknown.
    pub fn dispatch(&self, listener_id: &str, message: M) -> Result<Position, Error> {
        let seat = self.seat(listener_id)?;
        self.dispatch_to(&seat, message)
    }

    pub(crate) fn dispatch_to(&self, seat: &Seat<M>, message: M) -> Result<Position, Error> {
        let position = {
            let state = self.core.state.borrow();
            if state.closed {
                return Err(InvalidChannelException::closed().into());
            }
            let mut queue = seat.queue.borrow_mut();
            let Some(queue) = queue.as_mut() else {
                return Err(InvalidListenerException::unknown(seat.listener.id()).into());
            };
            let position = queue.next_dispatch(&state.log);
            queue.dispatch(position, Sent::new(message, position));
            position
        };
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
        let listener = MessageQueueListener::new();
        let seat = self.take_seat(&listener)?;
        listener.start_sync();
        Ok(MessageStream::new(self.clone(), seat, true))
    }

    /// Closes the channel: sends and listeners are refused from now on, and what was queued before is
    /// delivered. Closing a closed channel does nothing.
    pub fn close(&self) {
        let woken = {
            let mut state = self.core.state.borrow_mut();
            state.closed = true;
            state.take_parked()
        };
        woken.iter().for_each(|seat| seat.listener.wake());
    }

    /// Returns whether the channel was closed.
    pub fn is_closed(&self) -> bool {
        self.core.state.borrow().closed
    }

    pub(crate) fn seat(&self, listener_id: &str) -> Result<Rc<Seat<M>>, InvalidListenerException> {
        let state = self.core.state.borrow();
        let seat = state.seats.get(listener_id).cloned();
        seat.ok_or_else(|| InvalidListenerException::unknown(listener_id))
    }

    /// Takes the oldest message that waits for a seat.
    pub(crate) fn take(&self, seat: &Seat<M>) -> Taken<M> {
        let mut state = self.core.state.borrow_mut();
        let mut queue = seat.queue.borrow_mut();
        let Some(queue) = queue.as_mut() else {
            return Taken::Removed;
        };
        match queue.take(&mut state.log) {
            Some(sent) => Taken::Message(sent),
            None if state.closed => Taken::Closed,
            None => Taken::Empty,
        }
    }

    /// Makes the message that was just taken the next one again.
    pub(crate) fn give_back(&self, seat: &Seat<M>, sent: Rc<Sent<M>>) {
        let left = {
            let mut queue = seat.queue.borrow_mut();
            match queue.as_mut() {
                Some(queue) => {
                    queue.give_back(sent.position, sent);
                    None
                }
                None => Some(sent),
            }
        };
        // Dropped without a borrow, when the listener was removed.
        drop(left);
        seat.listener.wake();
    }

    /// Returns whether the seat's listener was removed.
    pub(crate) fn is_left(&self, seat: &Seat<M>) -> bool {
        seat.queue.borrow().is_none()
    }

    /// Returns whether no broadcast is kept for anybody.
    pub(crate) fn is_all_read(&self) -> bool {
        self.core.state.borrow().log.len() == 0
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
        if seat.parked_at.get().is_none() {
            let mut state = self.core.state.borrow_mut();
            seat.parked_at.set(Some(state.parked.len()));
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
        match self.take(seat) {
            Taken::Message(sent) => {
                let accepted: Result<(), CallbackError> = seat.listener.accept(&sent.message);
                accepted.map(|()| sent).map_err(Error::Callback)
            }
            Taken::Empty => Err(NoMessagesException::empty().into()),
            Taken::Closed => Err(NoMessagesException::closed().into()),
            Taken::Removed => Err(InvalidListenerException::unknown(seat.listener.id()).into()),
        }
    }
}

impl<M> Sent<M> {
    fn new(message: M, position: Position) -> Rc<Self> {
        Rc::new(Self {
            message,
            position,
            block: OnceCell::new(),
        })
    }
}

impl<M> State<M> {
    fn take_parked(&mut self) -> Vec<Rc<Seat<M>>> {
        let parked = std::mem::take(&mut self.parked);
        parked.iter().for_each(|seat| seat.parked_at.set(None));
        parked
    }

    /// Takes the emptied list back, so that a broadcast to parked streams need not allocate.
    fn reuse_parked(&mut self, emptied: Vec<Rc<Seat<M>>>) {
        if self.parked.is_empty() {
            self.parked = emptied;
        }
    }

    fn unpark(&mut self, seat: &Seat<M>) {
        if let Some(index) = seat.parked_at.take() {
            self.parked.swap_remove(index);
            if let Some(moved) = self.parked.get(index) {
                moved.parked_at.set(Some(index));
            }
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
