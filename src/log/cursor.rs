//! A reader's place in the log, and its bound.

use std::num::NonZeroUsize;

use crate::model::limit::QueueLimit;

/// How many entries and bytes a cursor may have unread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    /// The limit that the bound comes from. The class keeps it for all its cursors.
    pub(crate) limit: Option<QueueLimit>,
}

impl Bound {
    #[cfg(test)]
    pub(crate) const NONE: Self = Self {
        entries: u64::MAX,
        bytes: u64::MAX,
        limit: None,
    };
}

/// A reader's place in a [`Log`](crate::log::Log): the number of the entry that it reads next.
///
/// Packed, because every listener has one: in WebAssembly it would have four bytes of padding, and
/// its owner as many behind it.
#[derive(Debug)]
#[cfg_attr(target_arch = "wasm32", repr(Rust, packed(4)))]
pub(crate) struct Cursor {
    pub(super) next: u64,
    /// Counted from one, so that an enum with a cursor in one variant is no larger.
    pub(super) class: NonZeroUsize,
}

impl Cursor {
    /// Returns the number of the entry that is read next, whether or not it exists yet. Before a
    /// cursor has [caught up](crate::log::Log::catch_up), it may have missed that entry.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Returns the index of its class.
    pub(super) fn class(&self) -> usize {
        self.class.get() - 1
    }
}
