//! Names: the ids of a channel's listeners.
//!
//! The npm package finds its listeners itself: a hash map would weigh as much as the log there.

use std::collections::HashMap;
use std::rc::Rc;

use crate::model::error::InvalidListenerException;

/// Maps the ids of listeners to the keys of their subscriptions.
pub(crate) trait Names {
    /// Adds a name.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if it is taken.
    fn insert(&mut self, id: &Rc<str>, key: usize) -> Result<(), InvalidListenerException>;

    /// Returns the key of a name.
    fn get(&self, id: &str) -> Option<usize>;

    /// Removes a name.
    fn remove(&mut self, id: &str);

    /// Returns whether the key of a disconnected listener is free at once. If not, it is free once
    /// its owner has removed the listener.
    fn frees(&self) -> bool;
}

/// Names in a hash map.
#[derive(Debug, Default)]
pub(crate) struct ById(HashMap<Rc<str>, usize>);

impl Names for ById {
    fn insert(&mut self, id: &Rc<str>, key: usize) -> Result<(), InvalidListenerException> {
        if self.0.contains_key(id) {
            return Err(InvalidListenerException::registered(id));
        }
        self.0.insert(id.clone(), key);
        Ok(())
    }

    fn get(&self, id: &str) -> Option<usize> {
        self.0.get(id).copied()
    }

    fn remove(&mut self, id: &str) {
        self.0.remove(id);
    }

    fn frees(&self) -> bool {
        true
    }
}
