//! Helpers that the tests share: reading a stream poll by poll, wakers that count or call back, and
//! a message whose drop calls back.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use eric_sse::{AbstractChannel, Delivered, MessageQueueListener};
use futures::{Stream, StreamExt};

/// The result of [code] for the event of the channel's closing.
pub const CLOSED: &str = "(closed)";

/// The channel of most tests: messages are words.
pub type Words = AbstractChannel<&'static str>;

/// Returns the word that was delivered, or [`CLOSED`].
pub fn text(delivered: Delivered<&'static str>) -> &'static str {
    match delivered {
        Delivered::Message(word) => *word,
        Delivered::Closed => CLOSED,
        Delivered::Gap(gap) => panic!("nothing can be missing: {gap:?}"),
    }
}

/// Polls a stream once.
pub fn poll<S: Stream + Unpin>(stream: &mut S, waker: &Waker) -> Poll<Option<S::Item>> {
    stream.poll_next_unpin(&mut Context::from_waker(waker))
}

/// Returns what a stream has ready now, and whether it then ended (`true`) or waits (`false`).
pub fn ready<S: Stream + Unpin>(stream: &mut S) -> (Vec<S::Item>, bool) {
    let mut items = Vec::new();
    loop {
        match poll(stream, Waker::noop()) {
            Poll::Ready(Some(item)) => items.push(item),
            Poll::Ready(None) => return (items, true),
            Poll::Pending => return (items, false),
        }
    }
}

/// Returns what a stream has ready now, and sees that it then waits for more.
pub fn waiting<S: Stream + Unpin>(stream: &mut S) -> Vec<S::Item> {
    let (items, ended) = ready(stream);
    assert!(!ended, "the stream ended");
    items
}

/// Returns the rest of a stream, and sees that it ends without waiting for anything.
pub fn rest<S: Stream + Unpin>(stream: &mut S) -> Vec<S::Item> {
    let (items, ended) = ready(stream);
    assert!(ended, "the stream waits for more");
    items
}

/// As [`waiting`], of a stream of words.
pub fn words<S: Stream<Item = Delivered<&'static str>> + Unpin>(
    stream: &mut S,
) -> Vec<&'static str> {
    waiting(stream).into_iter().map(text).collect()
}

/// As [`rest`], of a stream of words.
pub fn last_words<S: Stream<Item = Delivered<&'static str>> + Unpin>(
    stream: &mut S,
) -> Vec<&'static str> {
    rest(stream).into_iter().map(text).collect()
}

/// Sees that a stream has ended.
pub fn is_ended<S: Stream + Unpin>(stream: &mut S) -> bool {
    matches!(poll(stream, Waker::noop()), Poll::Ready(None))
}

/// Sees that a stream waits.
pub fn is_waiting<S: Stream + Unpin>(stream: &mut S) -> bool {
    poll(stream, Waker::noop()).is_pending()
}

/// Delivers everything that waits for a listener, by `deliver_next`.
pub fn deliver_all<M: Clone>(channel: &AbstractChannel<M>, id: &str) -> Vec<M> {
    std::iter::from_fn(|| channel.deliver_next(id).ok()).collect()
}

/// Adds a listener and starts it.
pub fn running<M>(channel: &AbstractChannel<M>) -> MessageQueueListener<M> {
    let listener = channel.add_listener().expect("the channel is open");
    listener.start_sync();
    listener
}

/// Registers a listener that has an `on_message`, and starts it.
pub fn running_with<M>(
    channel: &AbstractChannel<M>,
    on_message: impl Fn(&M) -> Result<(), eric_sse::CallbackError> + 'static,
) -> MessageQueueListener<M> {
    let listener = MessageQueueListener::with_on_message(on_message);
    channel
        .register_listener(&listener)
        .expect("the channel is open");
    listener.start_sync();
    listener
}

/// Counts how often its wakers were woken.
#[derive(Default)]
pub struct Wakes(AtomicUsize);

impl Wakes {
    pub fn new() -> (Arc<Self>, Waker) {
        let wakes = Arc::new(Self::default());
        (wakes.clone(), wakes.into())
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

thread_local! {
    static NEXT_CALL: Cell<usize> = const { Cell::new(0) };
    static CALLS: RefCell<HashMap<usize, Rc<dyn Fn()>>> = RefCell::default();
}

/// Wakes by calling a function that is not `Send`; drops the function together with its last waker,
/// as an executor drops a task that can never be woken any more.
struct Calls(usize);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        let call = CALLS.with_borrow(|calls| calls.get(&self.0).cloned());
        call.expect("a waker outlives its thread")();
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        let call = CALLS.with_borrow_mut(|calls| calls.remove(&self.0));
        drop(call);
    }
}

/// Returns a waker that calls a function at once when woken, and owns it.
pub fn waker_that(call: impl Fn() + 'static) -> Waker {
    let number = NEXT_CALL.replace(NEXT_CALL.get() + 1);
    CALLS.with_borrow_mut(|calls| calls.insert(number, Rc::new(call)));
    Arc::new(Calls(number)).into()
}

/// Calls a function when dropped.
pub struct OnDrop(pub Box<dyn Fn()>);

impl OnDrop {
    pub fn new(call: impl Fn() + 'static) -> Self {
        Self(Box::new(call))
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A list that callbacks append to and tests read.
pub struct Seen<T>(Rc<RefCell<Vec<T>>>);

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Seen<T> {
    pub fn new() -> Self {
        Self(Rc::default())
    }

    pub fn push(&self, item: T) {
        self.0.borrow_mut().push(item);
    }

    pub fn take(&self) -> Vec<T> {
        self.0.take()
    }
}
