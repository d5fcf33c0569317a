//! Names: the ids of a channel's listeners.
//!
//! Apart from the channel, for those who find their listeners by themselves: the npm package does,
//! and a hash map would weigh as much as the log there.

use std::collections::HashMap;
use std::rc::Rc;

/// The keys of a channel's seats, by the ids of their listeners.
pub(crate) trait Names {
    /// Adds a name. Returns `false` if it is taken.
    fn insert(&mut self, id: Rc<str>, key: usize) -> bool;

    /// Returns the key of a name.
    fn get(&self, id: &str) -> Option<usize>;

    /// Removes a name.
    fn remove(&mut self, id: &str);

    /// Returns whether the key of a listener that was disconnected is free at once, or only when
    /// its owner has seen to it.
    fn frees(&self) -> bool;
}

/// Names in a hash map.
#[derive(Debug, Default)]
pub(crate) struct ById(HashMap<Rc<str>, usize>);

impl Names for ById {
    fn insert(&mut self, id: Rc<str>, key: usize) -> bool {
        if self.0.contains_key(&id) {
            return false;
        }
        self.0.insert(id, key);
        true
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
