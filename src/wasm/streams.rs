//! Streams by number, and those that were woken.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};

use js_sys::Function;
use slab::Slab;
use wasm_bindgen::prelude::*;

use crate::channel::core::ChannelCore;
use crate::channel::subscription::Subscription;
use crate::chunk::{Chunks, SharedChunks};
use crate::model::error::CallbackError;
use crate::queue::Next;
use crate::stream::MessageStream;
use crate::wasm::chunks::TextWriter;
use crate::wasm::handover::{self, Given, give, give_id, give_text};
use crate::wasm::host::{callback_value, wake_soon};
use crate::wasm::messages::JsMessage;

/// An open stream.
struct OpenStream {
    /// Taken out while the stream is being read, so that its callback may call anything.
    stream: Cell<Option<Stream>>,
    /// Set when the stream is ended while it is being read.
    ended: Cell<bool>,
    waker: Waker,
}

enum Stream {
    Messages(Box<MessageStream<JsMessage>>),
    Bytes(Box<Chunks<JsMessage, Rc<JsValue>>>),
}

impl Stream {
    /// The stream of messages, which is underneath one of bytes.
    fn messages(&mut self) -> &mut MessageStream<JsMessage> {
        match self {
            Self::Messages(stream) => stream,
            Self::Bytes(chunks) => &mut chunks.stream,
        }
    }
}

thread_local! {
    static STREAMS: RefCell<Slab<Rc<OpenStream>>> = const { RefCell::new(Slab::new()) };
    /// Numbers of the streams woken since they were last taken. A number may stand here after its
    /// stream has ended: waking a stream that has nothing new to offer does no harm.
    static WOKEN: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    static TAKEN: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// Notes a stream's number when it is woken.
struct Note(u32);

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let first = WOKEN.with_borrow_mut(|woken| {
            woken.push(self.0);
            woken.len() == 1
        });
        if first {
            wake_soon();
        }
    }
}

/// How a stream of bytes is opened.
pub(crate) struct Bytes<'a> {
    pub(crate) chunks: &'a Rc<SharedChunks<Rc<JsValue>>>,
    /// Whether ids without a message are sent as events.
    pub(crate) position_events: bool,
}

pub(crate) fn open(
    channel: &ChannelCore<JsMessage>,
    subscription: Rc<Subscription<JsMessage>>,
    bytes: Option<Bytes>,
    on_error: Function,
) -> usize {
    let stream = MessageStream::new(channel.clone(), subscription, None).on_error(report(on_error));
    insert(match bytes {
        Some(bytes) => {
            let mut chunks = Chunks::new(stream, bytes.chunks);
            chunks.position_events = bytes.position_events;
            Stream::Bytes(Box::new(chunks))
        }
        None => Stream::Messages(Box::new(stream)),
    })
}

fn report(on_error: Function) -> impl Fn(CallbackError) {
    move |error| {
        // An error of the function that receives errors cannot be reported.
        let _ = on_error.call1(&JsValue::UNDEFINED, &callback_value(error));
    }
}

fn insert(stream: Stream) -> usize {
    STREAMS.with_borrow_mut(|streams| {
        let entry = streams.vacant_entry();
        let number = entry.key();
        entry.insert(Rc::new(OpenStream {
            stream: Cell::new(Some(stream)),
            ended: Cell::new(false),
            waker: Waker::from(Arc::new(Note(number as u32))),
        }));
        number
    })
}

/// The stream has ended.
pub const ENDED: u32 = 1;
/// The channel was closed.
pub const CLOSED: u32 = 2;
/// The host has a value, from this call or the one before: a message, a chunk, or the data of a
/// gap's event.
pub const GIVEN: u32 = 3;
/// The stream waits, and will be woken when it has more to offer. It is added to the other answers.
pub const QUIET: u32 = 4;

/// Takes what a stream has to offer, and gives it to the host. Returns what that is.
#[wasm_bindgen]
pub fn next(number: usize) -> u32 {
    let Some((opened, mut stream)) = take_out(number) else {
        return ENDED;
    };
    let answer = match &mut stream {
        Stream::Messages(messages) => next_message(messages, &opened),
        Stream::Bytes(chunks) => next_chunk(chunks, &opened),
    };
    put_back(opened, stream);
    answer
}

fn next_message(messages: &mut MessageStream<JsMessage>, opened: &OpenStream) -> u32 {
    match messages.step_unless(&opened.ended) {
        Next::Message(delivery) if opened.ended.get() => {
            // The callback ended the stream that was to have the message: it is the next one again.
            messages.give_back(delivery);
            ENDED
        }
        Next::Message(delivery) => {
            let has_more = messages.has_more();
            if !has_more {
                messages.park(&opened.waker);
            }
            give(Given::Message(delivery.into_sent()));
            if has_more { GIVEN } else { GIVEN | QUIET }
        }
        Next::Gap(gap) => {
            let to = messages.channel().event_id(gap.to);
            give_text(&gap.data(&to));
            GIVEN
        }
        Next::Closed => CLOSED,
        Next::Ended => ENDED,
        Next::Pending => {
            messages.park(&opened.waker);
            QUIET
        }
    }
}

fn next_chunk(chunks: &mut Chunks<JsMessage, Rc<JsValue>>, opened: &OpenStream) -> u32 {
    match chunks.step::<TextWriter>(&opened.ended) {
        Poll::Ready(Some(chunk)) => {
            chunks.stream.park(&opened.waker);
            if chunks.has_more() {
                opened.waker.wake_by_ref();
            }
            give(Given::Chunk(chunk));
            GIVEN | QUIET
        }
        Poll::Ready(None) => ENDED,
        Poll::Pending => {
            chunks.stream.park(&opened.waker);
            QUIET
        }
    }
}

/// Parks a stream without taking anything: it is woken when it may have to end. Returns whether it
/// goes on.
#[wasm_bindgen]
pub fn park(number: usize) -> bool {
    let Some((opened, mut stream)) = take_out(number) else {
        return false;
    };
    let goes_on = stream.messages().goes_on();
    if goes_on {
        stream.messages().park(&opened.waker);
    }
    put_back(opened, stream);
    goes_on
}

/// Returns whether a stream has nothing more to offer, because what it offered last was the closing
/// of its channel.
#[wasm_bindgen(js_name = isOver)]
pub fn is_over(number: usize) -> bool {
    let Some((opened, mut stream)) = take_out(number) else {
        return false;
    };
    let over = stream.messages().is_over();
    put_back(opened, stream);
    over
}

/// Returns the event id up to which the client of a stream of bytes has everything, if the client
/// does not have that id yet. The caller sends it.
#[wasm_bindgen(js_name = unsentId)]
pub fn unsent_id(number: usize) -> bool {
    let Some((opened, stream)) = take_out(number) else {
        return false;
    };
    let id = match &stream {
        Stream::Messages(_) => None,
        Stream::Bytes(chunks) => chunks.unsent_id(),
    };
    put_back(opened, stream);
    give_id(id)
}

/// Ends a stream and frees its number. The host lets go of what it was given last.
#[wasm_bindgen]
pub fn end(number: usize) {
    handover::let_go();
    let opened = STREAMS.with_borrow_mut(|streams| streams.try_remove(number));
    if let Some(opened) = opened {
        opened.ended.set(true);
        drop(opened.stream.take());
    }
}

/// Takes the numbers of the streams woken since the last call, and returns how many these are:
/// [`woken`] has them. They do not cross as an array: most often there is one.
#[wasm_bindgen(js_name = takeWoken)]
pub fn take_woken() -> usize {
    let taken = WOKEN.take();
    let count = taken.len();
    handover::share(count > 1);
    TAKEN.set(taken);
    count
}

/// Returns a number that was taken last; behind the last one a number that no stream has.
#[wasm_bindgen]
pub fn woken(index: usize) -> u32 {
    TAKEN.with_borrow(|taken| taken.get(index).copied().unwrap_or(u32::MAX))
}

/// Returns how many streams are open.
#[wasm_bindgen(js_name = openStreams)]
pub fn open_streams() -> usize {
    STREAMS.with_borrow(Slab::len)
}

/// Takes a stream out of its place, to be read. `None` for one that is unknown, or that is being
/// read already: the package does not ask again before it has the answer.
fn take_out(number: usize) -> Option<(Rc<OpenStream>, Stream)> {
    let opened = STREAMS.with_borrow(|streams| streams.get(number).cloned())?;
    let stream = opened.stream.take()?;
    Some((opened, stream))
}

/// Puts a stream back, unless it was ended meanwhile.
fn put_back(opened: Rc<OpenStream>, stream: Stream) {
    if !opened.ended.get() {
        opened.stream.set(Some(stream));
    }
}
