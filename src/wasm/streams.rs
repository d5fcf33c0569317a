//! Streams by number, and those that were woken.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};

use js_sys::Function;
use slab::Slab;
use wasm_bindgen::prelude::*;

use crate::channel::AbstractChannel;
use crate::chunk::{ChunkStep, Chunks, Wire};
use crate::seat::{Delivery, Seat, Sent};
use crate::stream::{MessageStream, Step};
use crate::wasm::host::{callback_value, wake_soon};
use crate::wasm::messages::JsMessage;

/// An open stream.
struct Reader {
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
    static READERS: RefCell<Slab<Rc<Reader>>> = const { RefCell::new(Slab::new()) };
    /// Numbers of the streams woken since they were last taken. A number may stand here after its
    /// stream has ended: waking a stream that has nothing new to offer does no harm.
    static WOKEN: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    static TAKEN: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    /// The chunk that was last given out, of which JavaScript has an array: streams at the same place share both.
    static LAST: RefCell<Option<Rc<JsValue>>> = const { RefCell::new(None) };
    /// The message that was last given out, in the same way.
    static LAST_SENT: RefCell<Option<Rc<Sent<JsMessage>>>> = const { RefCell::new(None) };
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

pub(crate) fn open(
    channel: &AbstractChannel<JsMessage>,
    seat: Rc<Seat<JsMessage>>,
    wire: Option<&Rc<Wire<Rc<JsValue>>>>,
    on_error: Function,
) -> usize {
    let stream = MessageStream::new(channel.clone(), seat, false).on_error(report(on_error));
    insert(match wire {
        Some(wire) => Stream::Bytes(Box::new(Chunks::new(stream, wire.clone()))),
        None => Stream::Messages(Box::new(stream)),
    })
}

fn report(on_error: Function) -> impl Fn(crate::CallbackError) {
    move |error| {
        // What reports errors has nowhere to report its own.
        let _ = on_error.call1(&JsValue::UNDEFINED, &callback_value(error));
    }
}

fn insert(stream: Stream) -> usize {
    READERS.with_borrow_mut(|readers| {
        let entry = readers.vacant_entry();
        let number = entry.key();
        entry.insert(Rc::new(Reader {
            stream: Cell::new(Some(stream)),
            ended: Cell::new(false),
            waker: Waker::from(Arc::new(Note(number as u32))),
        }));
        number
    })
}

/// Takes what a stream has to offer: the message, `undefined` when it has to wait (it will be woken), `null`
/// when it has ended, `true` when its channel was closed, a string when messages are missing: the data of the event that
/// says so; `false` stands for the message that was given out last.
#[wasm_bindgen(js_name = nextMessage)]
pub fn next_message(number: usize) -> JsValue {
    let Some((reader, mut stream)) = take_out(number) else {
        return JsValue::NULL;
    };
    let messages = stream.messages();
    let answer = match messages.step_unless(&reader.ended) {
        Step::Message(sent) if reader.ended.get() => {
            // The callback ended the stream that was to have the message: it is the next one again.
            messages.give_back(Delivery { sent });
            JsValue::NULL
        }
        Step::Message(sent) => shared_message(sent),
        Step::Gap(gap) => {
            let to = messages.channel().event_id(gap.to);
            gap.data(&to).into()
        }
        Step::Closed => JsValue::TRUE,
        Step::Ended => JsValue::NULL,
        Step::Pending => {
            messages.park(&reader.waker);
            JsValue::UNDEFINED
        }
    };
    put_back(reader, stream);
    answer
}

/// Takes the bytes that a stream has ready, or `undefined` or `null` as [`next_message`] does; `true` stands for the array that was
/// given out last. With the bytes the stream waits already, and is woken if it has more to offer.
#[wasm_bindgen(js_name = nextChunk)]
pub fn next_chunk(number: usize) -> JsValue {
    let Some((reader, mut stream)) = take_out(number) else {
        return JsValue::NULL;
    };
    let answer = match &mut stream {
        Stream::Messages(_) => JsValue::NULL,
        Stream::Bytes(chunks) => match chunks.step(&reader.ended) {
            ChunkStep::Chunk(chunk) => {
                chunks.stream.park(&reader.waker);
                if chunks.has_more() {
                    reader.waker.wake_by_ref();
                }
                shared_array(chunk)
            }
            ChunkStep::Ended => JsValue::NULL,
            ChunkStep::Pending => {
                chunks.stream.park(&reader.waker);
                JsValue::UNDEFINED
            }
        },
    };
    put_back(reader, stream);
    answer
}

/// Waits without taking anything: the stream is woken when it may have to end. Returns whether it
/// goes on.
#[wasm_bindgen]
pub fn rest(number: usize) -> bool {
    let Some((reader, mut stream)) = take_out(number) else {
        return false;
    };
    let goes_on = stream.messages().goes_on();
    if goes_on {
        stream.messages().park(&reader.waker);
    }
    put_back(reader, stream);
    goes_on
}

/// Returns whether a stream has nothing more to offer, because what it offered last was the closing of its channel.
#[wasm_bindgen(js_name = isOver)]
pub fn is_over(number: usize) -> bool {
    let Some((reader, mut stream)) = take_out(number) else {
        return false;
    };
    let over = stream.messages().is_over();
    put_back(reader, stream);
    over
}

/// Ends a stream and frees its number.
#[wasm_bindgen]
pub fn end(number: usize) {
    let reader = READERS.with_borrow_mut(|readers| readers.try_remove(number));
    if let Some(reader) = reader {
        reader.ended.set(true);
        drop(reader.stream.take());
    }
}

/// Takes the numbers of the streams woken since the last call, and returns how many these are: [`woken`] has them. They do not
/// cross as an array: most often there is one.
#[wasm_bindgen(js_name = takeWoken)]
pub fn take_woken() -> usize {
    LAST.set(None);
    LAST_SENT.set(None);
    let taken = WOKEN.take();
    let count = taken.len();
    TAKEN.set(taken);
    count
}

/// Returns a number that was taken last.
#[wasm_bindgen]
pub fn woken(index: usize) -> Option<u32> {
    TAKEN.with_borrow(|taken| taken.get(index).copied())
}

/// Returns how many streams are open.
#[wasm_bindgen(js_name = openStreams)]
pub fn open_streams() -> usize {
    READERS.with_borrow(Slab::len)
}

/// Hands a message out to JavaScript.
pub(crate) fn into_js(sent: Rc<Sent<JsMessage>>) -> JsValue {
    match Rc::try_unwrap(sent) {
        Ok(sent) => sent.message.into(),
        Err(sent) => AsRef::<JsValue>::as_ref(&sent.message).clone(),
    }
}

/// Takes a stream out of its place, to be read. `None` for one that is unknown, or that is being read already: the
/// package does not ask again before it has the answer.
fn take_out(number: usize) -> Option<(Rc<Reader>, Stream)> {
    let reader = READERS.with_borrow(|readers| readers.get(number).cloned())?;
    let stream = reader.stream.take()?;
    Some((reader, stream))
}

/// Puts a stream back, unless it was ended meanwhile.
fn put_back(reader: Rc<Reader>, stream: Stream) {
    if !reader.ended.get() {
        reader.stream.set(Some(stream));
    }
}

fn shared_message(sent: Rc<Sent<JsMessage>>) -> JsValue {
    let last = LAST_SENT.replace(Some(sent.clone()));
    match last {
        Some(last) if Rc::ptr_eq(&last, &sent) => JsValue::FALSE,
        _ => AsRef::<JsValue>::as_ref(&sent.message).clone(),
    }
}

fn shared_array(chunk: Rc<JsValue>) -> JsValue {
    let is_last =
        LAST.with_borrow(|last| last.as_ref().is_some_and(|last| Rc::ptr_eq(last, &chunk)));
    if is_last {
        return JsValue::TRUE;
    }
    let array = (*chunk).clone();
    LAST.set(Some(chunk));
    array
}
