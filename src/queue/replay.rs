//! Replay: how a queue goes back, and the room on top of its limit until the replay is read.

use crate::log::Log;
use crate::model::claim::Claim;
use crate::model::position::Position;
use crate::queue::Queue;
use crate::queue::bounds::{bound_of, replay_bound};
use crate::queue::inbox::Entry;
use crate::queue::inbox::Replay;
use crate::queue::plan::{Reach, plan};

impl<T: Entry> Queue<T> {
    /// Continues after the position that a client claims, as far as the history and the inbox still
    /// have what follows. [`plan`] decides where. The gaps of the plan replace the former ones.
    ///
    /// A client with a foreign id reads from `oldest`, if that is given. Otherwise it stays.
    pub(crate) fn resume(
        &mut self,
        log: &mut Log<T>,
        claim: Claim,
        oldest: Option<u64>,
        unneeded: &mut Vec<T>,
    ) {
        let place = log.place(&self.cursor);
        let stay = match oldest {
            Some(oldest) => Position::broadcast(oldest - 1),
            None => self.before(log).max(self.last()),
        };
        let extras = self.extras();
        let progress = &extras.progress;
        let reach = Reach {
            oldest: log.history_start().min(place),
            stay,
            lost: progress.lost(),
            high_water: progress.high_water().max(progress.last()),
            read: extras.read,
        };
        // By index, which is less code than both halves of a ring in turn.
        let inbox = (0..).map_while(|at| extras.inbox.get(at));
        let dispatches = inbox.map(T::position);
        let start = plan(claim, &reach, dispatches.filter(Position::is_dispatch));
        extras.gaps = start.gaps;
        let at = start.at.or(oldest.map(|oldest| (stay, oldest)));
        if let Some((position, next)) = at {
            self.restart(log, position, next, start.read, unneeded);
        }
    }

    /// Moves the reader behind a position: it reads the broadcast `next`, and the inbox behind its
    /// first `read` entries.
    fn restart(
        &mut self,
        log: &mut Log<T>,
        position: Position,
        next: u64,
        read: usize,
        unneeded: &mut Vec<T>,
    ) {
        let place = log.place(&self.cursor);
        let extras = self.extras();
        extras.progress.restart(position);
        let end = match &extras.replay {
            Some(replay) => replay.end,
            None => extras.newest_read().max(Position::broadcast(place - 1)),
        };
        let mut at = extras.read;
        while let Some(entry) = extras.inbox.get(at) {
            if entry.position().is_dispatch() {
                at += 1;
                continue;
            }
            // A broadcast that was given back is in the log again, or is counted as missing.
            extras.unread_bytes -= entry.bytes();
            unneeded.extend(extras.inbox.remove(at));
        }
        let bytes = extras.read_bytes + extras.unread_bytes;
        extras.read = read;
        extras.read_bytes = 0;
        for at in 0..read {
            extras.read_bytes += extras.inbox[at].bytes();
        }
        extras.unread_bytes = bytes - extras.read_bytes;
        extras.missed = 0;
        let bound = replay_bound(log, log.limit(&self.cursor).copied());
        let cursor = log.attach_at(next, bound);
        log.detach(std::mem::replace(&mut self.cursor, cursor), unneeded);
        self.replay_up_to(end, log);
        self.forget(log, unneeded);
    }

    /// Lets the unread entries up to a position exceed the limit, until they are read.
    pub(super) fn replay_up_to(&mut self, end: Position, log: &Log<T>) {
        let (place, behind) = (log.place(&self.cursor), end.sequence() + 1);
        let (mut messages, mut bytes) = (0, 0);
        if place < behind {
            messages = behind - place;
            bytes = log.bytes_from(place) - log.bytes_from(behind);
        }
        let extras = self.extras();
        let mut at = extras.read;
        while let Some(entry) = extras.inbox.get(at).filter(|entry| entry.position() <= end) {
            messages += 1;
            bytes += entry.bytes();
            at += 1;
        }
        extras.replay = Some(Replay {
            end,
            messages,
            bytes,
        });
    }

    /// Ends the replay once all of it was read. From then on the whole limit is for what comes
    /// next.
    pub(super) fn end_replay(&mut self, log: &mut Log<T>) {
        let next = self.cursor.next();
        if let Some(extras) = &mut self.extras
            && let Some(Replay { end, .. }) = extras.replay
            && extras.is_behind(next, end)
            && !log.lags(&self.cursor)
        {
            extras.replay = None;
            let bound = bound_of(log.limit(&self.cursor).copied());
            log.rebind(&mut self.cursor, bound);
        }
    }

    /// Drops the extras once the cursor says as much. So a queue that has replayed is a mere cursor
    /// again.
    #[inline(never)]
    pub(super) fn settle(&mut self) {
        let last = Position::broadcast(self.cursor.next() - 1);
        self.extras.take_if(|extras| extras.is_plain(last));
    }
}
