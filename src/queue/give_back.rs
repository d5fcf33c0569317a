//! Giving back: a message that was taken is unread again.

use crate::log::Log;
use crate::model::position::Position;
use crate::queue::Queue;
use crate::queue::inbox::{Entry, Extras};

impl<T: Entry> Queue<T> {
    /// Returns whether the entry at a position is unread. An entry that was read is unread again
    /// after the queue went back.
    pub(crate) fn is_unread(&self, log: &Log<T>, position: Position) -> bool {
        let is_in_log = !position.is_dispatch() && position.sequence() >= log.place(&self.cursor);
        let is_in_inbox = |extras: &Extras<T>| {
            let mut unread = (extras.read..).map_while(|at| extras.inbox.get(at));
            unread.any(|entry| entry.position() == position)
        };
        is_in_log || self.extras.as_deref().is_some_and(is_in_inbox)
    }

    /// Makes the entry that was taken last the oldest unread one again. `before` is
    /// [`last`](Self::last) before it was taken. If newer entries were dropped since, the entry
    /// counts as dropped with them. [`enforce`](Self::enforce) follows the next append.
    pub(crate) fn give_back(
        &mut self,
        log: &Log<T>,
        entry: T,
        before: Position,
        unneeded: &mut Vec<T>,
    ) {
        let lags = self.lags(log);
        let extras = self.extras();
        extras.progress.undo(before);
        if lags {
            extras.missed += 1;
            unneeded.push(entry);
            return;
        }
        let (position, bytes) = (entry.position(), entry.bytes());
        extras.unread_bytes += bytes;
        // Newer dispatches were dropped, and the gap for them was given back. They would precede
        // this entry, so they are forgotten.
        while extras.newest_read() > position {
            unneeded.extend(extras.forget(extras.read - 1));
        }
        if extras.newest_read() == position {
            extras.read -= 1;
            extras.read_bytes -= bytes;
            unneeded.push(entry);
            return;
        }
        extras.inbox.insert(extras.read, entry);
        self.forget(log, unneeded);
    }
}
