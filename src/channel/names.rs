//! Names: the ids by which the native crate finds a channel's listeners.
//!
//! The core channel knows subscriptions by their keys. The npm package finds its listeners in
//! JavaScript: a hash map would weigh as much as the log there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The keys of a channel's subscriptions, by the ids of their listeners.
///
/// # Invariants
///
/// - An id is here exactly while its subscription is at the channel. It goes before any code runs
///   that could look it up.
#[derive(Debug, Default)]
pub(crate) struct Names(RefCell<HashMap<Rc<str>, usize>>);

impl Names {
    pub(super) fn contains(&self, id: &str) -> bool {
        self.0.borrow().contains_key(id)
    }

    pub(super) fn insert(&self, id: &Rc<str>, key: usize) {
        self.0.borrow_mut().insert(id.clone(), key);
    }

    pub(super) fn get(&self, id: &str) -> Option<usize> {
        self.0.borrow().get(id).copied()
    }

    pub(crate) fn remove(&self, id: &str) {
        self.0.borrow_mut().remove(id);
    }
}
