//! MessageQueueListener: an id, a running flag and an `on_message`.
//!
//! A listener is a handle: clones share everything. It holds no messages, since its queue belongs
//! to the channel that it is registered with. So one listener may be registered with several
//! channels, and stopping it stops its streams on all of them.

use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::rc::Rc;
use std::task::Waker;

use crate::model::error::CallbackError;
use crate::model::message::Message;
use crate::platform::ids;

/// A callback that sees each message when it is delivered. An error refuses the message.
pub type OnMessage<M> = Rc<dyn Fn(&M) -> Result<(), CallbackError>>;

/// A predicate that says which messages a listener receives. It sees each message once, right
/// before the delivery.
pub type Filter<M> = Rc<dyn Fn(&M) -> bool>;

/// Receives the messages of the channels that it is registered with, while it is running.
///
/// A listener is stopped at first. Messages that are sent before it is started wait for it.
///
/// ```
/// # use eric_sse::{Message, MessageQueueListener, SseChannel};
/// let channel = SseChannel::new();
/// let listener = MessageQueueListener::with_on_message(|message: &Message| {
///     match message.payload::<u32>() {
///         Ok(Some(1..)) => Ok(()),
///         _ => Err("a positive number is wanted".into()),
///     }
/// });
/// channel.register_listener(&listener)?;
/// listener.start_sync();
/// channel.dispatch(listener.id(), Message::new("count", 0)?)?;
/// let refused = channel.deliver_next(listener.id()).unwrap_err();
/// assert_eq!(refused.to_string(), "a positive number is wanted");
/// # Ok::<(), eric_sse::Error>(())
/// ```
pub struct MessageQueueListener<M = Message> {
    inner: Rc<Inner<M>>,
}

struct Inner<M> {
    id: Rc<str>,
    running: Cell<bool>,
    /// Counts the calls of stop. A stream ends if the count has changed: a stop ends it even if a
    /// start follows before the stream is polled.
    stops: Cell<u32>,
    /// Boxed, since most listeners have none.
    callbacks: RefCell<Option<Box<Callbacks<M>>>>,
    /// How many streams were ever opened: the number of the next one. Four bytes, since each
    /// listener has it. Two streams share a number if four billion were opened between them.
    streams: Cell<u32>,
    /// The parked streams of this listener, by their number. A wake empties the list.
    parked: RefCell<Vec<(u32, Waker)>>,
}

struct Callbacks<M> {
    on_message: Option<OnMessage<M>>,
    filter: Option<Filter<M>>,
}

impl<M> Default for Callbacks<M> {
    fn default() -> Self {
        Self {
            on_message: None,
            filter: None,
        }
    }
}

impl<M> Clone for MessageQueueListener<M> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<M> Default for MessageQueueListener<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> MessageQueueListener<M> {
    /// Creates a stopped listener with a random UUID as its id.
    pub fn new() -> Self {
        Self::with_id(ids::unique())
    }

    /// Creates a stopped listener with an id that the caller chooses.
    pub fn with_id(id: impl Into<Rc<str>>) -> Self {
        Self {
            inner: Rc::new(Inner {
                id: id.into(),
                running: Cell::new(false),
                stops: Cell::new(0),
                streams: Cell::new(0),
                callbacks: RefCell::new(None),
                parked: RefCell::default(),
            }),
        }
    }

    /// Creates a stopped listener that sees each message when it is delivered.
    ///
    /// An error refuses the message: it is not delivered.
    pub fn with_on_message(on_message: impl Fn(&M) -> Result<(), CallbackError> + 'static) -> Self {
        let listener = Self::new();
        listener.set_on_message(Some(Rc::new(on_message)));
        listener
    }

    /// Replaces the callback that sees each message when it is delivered.
    pub fn set_on_message(&self, on_message: Option<OnMessage<M>>) {
        // The old callback is dropped here, after the borrow: it may own anything.
        let _old = std::mem::replace(&mut self.callbacks().on_message, on_message);
    }

    /// Replaces the predicate that says which messages are delivered. The others are skipped.
    pub fn set_filter(&self, filter: Option<Filter<M>>) {
        let _old = std::mem::replace(&mut self.callbacks().filter, filter);
    }

    #[inline(never)]
    fn callbacks(&self) -> RefMut<'_, Callbacks<M>> {
        let callbacks = self.inner.callbacks.borrow_mut();
        RefMut::map(callbacks, |callbacks| {
            &mut **callbacks.get_or_insert_default()
        })
    }

    /// Returns the id, unique across processes unless the caller chose it.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// Starts listening: waiting and new messages are delivered.
    pub fn start_sync(&self) {
        self.inner.running.set(true);
    }

    /// Stops listening: the listener's streams end, and new messages wait.
    pub fn stop_sync(&self) {
        self.inner.stops.set(self.inner.stops.get().wrapping_add(1));
        self.inner.running.set(false);
        self.wake();
    }

    /// Returns whether the listener is running.
    pub fn is_running_sync(&self) -> bool {
        self.inner.running.get()
    }

    /// As [`start_sync`](Self::start_sync).
    pub async fn start(&self) {
        self.start_sync();
    }

    /// As [`stop_sync`](Self::stop_sync).
    pub async fn stop(&self) {
        self.stop_sync();
    }

    /// As [`is_running_sync`](Self::is_running_sync).
    pub async fn is_running(&self) -> bool {
        self.is_running_sync()
    }

    pub(crate) fn shared_id(&self) -> &Rc<str> {
        &self.inner.id
    }

    /// Whether each message has to be shown to the listener before it is delivered.
    pub(crate) fn looks_at_messages(&self) -> bool {
        let callbacks = self.inner.callbacks.borrow();
        let any =
            |callbacks: &Callbacks<M>| callbacks.on_message.is_some() || callbacks.filter.is_some();
        callbacks.as_deref().is_some_and(any)
    }

    /// Asks the filter, which may call anything: no borrow is held meanwhile.
    pub(crate) fn wants(&self, message: &M) -> bool {
        let callback = |callbacks: &Callbacks<M>| callbacks.filter.clone();
        let filter = self.inner.callbacks.borrow().as_deref().and_then(callback);
        filter.is_none_or(|filter| filter(message))
    }

    /// Shows the message to the callback, which may call anything: no borrow is held meanwhile.
    pub(crate) fn accept(&self, message: &M) -> Result<(), CallbackError> {
        let callback = |callbacks: &Callbacks<M>| callbacks.on_message.clone();
        let on_message = self.inner.callbacks.borrow().as_deref().and_then(callback);
        match on_message {
            Some(on_message) => on_message(message),
            None => Ok(()),
        }
    }

    /// Returns how often the listener was stopped.
    pub(crate) fn stops(&self) -> u32 {
        self.inner.stops.get()
    }

    /// Stops the listener because its channel was closed. This does not count as a stop by the
    /// user, which ends all streams at once: the listener's other streams on that channel still
    /// yield the close.
    pub(crate) fn stop_at_close(&self) {
        self.inner.running.set(false);
        self.wake();
    }

    /// Returns a number for a new stream of this listener.
    pub(crate) fn number_stream(&self) -> u32 {
        let number = self.inner.streams.get();
        self.inner.streams.replace(number.wrapping_add(1))
    }

    /// Parks a stream until [`wake`](Self::wake).
    pub(crate) fn park(&self, stream: u32, waker: &Waker) {
        let waker = waker.clone();
        let _old = {
            let mut parked = self.inner.parked.borrow_mut();
            match parked.iter_mut().find(|(number, _)| *number == stream) {
                Some((_, old)) => Some(std::mem::replace(old, waker)),
                None => {
                    if parked.capacity() == 0 {
                        // Most listeners have one stream.
                        *parked = Vec::with_capacity(1);
                    }
                    parked.push((stream, waker));
                    None
                }
            }
        };
    }

    /// Forgets a stream that no longer waits.
    pub(crate) fn unpark(&self, stream: u32) {
        let _old = {
            let mut parked = self.inner.parked.borrow_mut();
            let index = parked.iter().position(|(number, _)| *number == stream);
            index.map(|index| parked.swap_remove(index))
        };
    }

    /// Wakes the parked streams, after the borrow: a waker may poll its stream at once.
    pub(crate) fn wake(&self) {
        let mut parked = self.inner.parked.take();
        for (_, waker) in parked.drain(..) {
            waker.wake();
        }
        // A stream that parks at every message need not allocate each time.
        let mut empty = self.inner.parked.borrow_mut();
        if empty.capacity() == 0 {
            *empty = parked;
        }
    }
}

impl<M> fmt::Debug for MessageQueueListener<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageQueueListener")
            .field("id", &self.id())
            .field("running", &self.is_running_sync())
            .finish_non_exhaustive()
    }
}
