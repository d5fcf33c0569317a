//! What the host is handed over beside the number that a call answers with.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::channel::sent::Sent;
use crate::model::error::Error;
use crate::model::event_id::EventId;
use crate::wasm::host::{self, thrown};
use crate::wasm::messages::JsMessage;

thread_local! {
    /// The value that a stream has read last. A stream that reads the same needs no crossing.
    static LAST: RefCell<Option<Given>> = const { RefCell::new(None) };
    /// Whether the last wake was one of several streams.
    static IS_SHARED: Cell<bool> = const { Cell::new(false) };
}

/// A value that several streams may read.
pub(crate) enum Given {
    Message(Rc<Sent<JsMessage>>),
    Chunk(Rc<JsValue>),
}

impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Message(one), Self::Message(other)) => Rc::ptr_eq(one, other),
            (Self::Chunk(one), Self::Chunk(other)) => Rc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// Gives the host an exception to throw.
pub(crate) fn give_error(error: Error) {
    give_once(&thrown(error));
}

/// Gives the host a text.
pub(crate) fn give_text(text: &str) {
    give_once(&text.into());
}

/// Gives the host an event id. Returns whether there is one.
pub(crate) fn give_id(id: Option<EventId>) -> bool {
    if let Some(id) = &id {
        give_text(id.as_str());
    }
    id.is_some()
}

/// Gives the host a value that no other stream reads.
pub(crate) fn give_once(given: &JsValue) {
    LAST.set(None);
    host::give(given);
}

/// Gives something to the host, unless that is what it was given last.
pub(crate) fn give(given: Given) {
    if LAST.with_borrow(|last| last.as_ref() == Some(&given)) {
        return;
    }
    host::give(match &given {
        Given::Message(sent) => sent.message.as_ref(),
        Given::Chunk(chunk) => chunk,
    });
    // A stream that was woken alone reads for itself: nothing is kept.
    LAST.set(Some(given).filter(|_| IS_SHARED.get()));
}

/// Streams were woken. If there are several, the value that one of them reads is kept for the next,
/// in the wake and after it: streams that read in turn read the same messages.
pub(crate) fn share(is_shared: bool) {
    let_go();
    IS_SHARED.set(is_shared);
}

/// Keeps the last value no longer. A stream that ends calls it, so that nothing of a channel stays
/// here when its last stream has ended.
pub(crate) fn let_go() {
    LAST.set(None);
}
