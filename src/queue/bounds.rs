//! Bounds: how much of the log a queue may be behind, by its limit.

use crate::log::{Bound, Log};
use crate::model::limit::{Overflow, QueueLimit};

pub(super) fn bound_of(limit: Option<QueueLimit>) -> Bound {
    // A broadcast is not appended if a refusing listener has no room for it.
    let bound = limit.filter(|limit| limit.overflow != Overflow::Refuse);
    Bound {
        entries: bound.map_or(u64::MAX, |bound| bound.messages),
        bytes: bound.map_or(u64::MAX, |bound| bound.bytes),
        limit,
    }
}

pub(super) fn replay_bound<T>(log: &Log<T>, limit: Option<QueueLimit>) -> Bound {
    let (bound, history) = (bound_of(limit), log.history());
    Bound {
        entries: bound.entries.saturating_add(history.messages),
        bytes: bound.bytes.saturating_add(history.bytes),
        ..bound
    }
}
