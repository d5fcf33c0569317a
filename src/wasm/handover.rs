//! What the host is handed over beside the number that a call answers with.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::channel::sent::Sent;
use crate::model::error::Error;
use crate::wasm::host::{self, thrown};
use crate::wasm::messages::JsMessage;

thread_local! {
    /// What woken streams have read last: one that reads the same again needs no crossing.
    static LAST: RefCell<Option<Given>> = const { RefCell::new(None) };
    /// Whether woken streams are being read.
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

/// Gives the host what is nobody else's.
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
    // Outside of a wake nothing is kept: the next read may never come.
    LAST.set(Some(given).filter(|_| IS_SHARED.get()));
}

/// Woken streams are read from now on: what one of them reads is kept for the next.
pub(crate) fn share() {
    LAST.set(None);
    IS_SHARED.set(true);
}

/// The woken streams have been read.
pub(crate) fn let_go() {
    LAST.set(None);
    IS_SHARED.set(false);
}
