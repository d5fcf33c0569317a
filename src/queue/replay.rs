//! Replay: how a queue goes back, and the room that it has meanwhile.

use crate::log::Log;
use crate::model::position::Position;
use crate::queue::Queue;
use crate::queue::bounds::{bound_of, replay_bound};
use crate::queue::inbox::Replay;

/// What is missing behind a position that a queue was set back to.
#[derive(Debug, PartialEq)]
pub(crate) struct Missing {
    /// How many entries before what comes next.
    pub(crate) expired: u64,
    /// How many entries of the lane that the reader says it has, and was never given.
    pub(crate) skipped: u64,
}

impl<T: Clone> Queue<T> {
    /// Goes back to what follows a position, as far as the history and the lane still have it; `last` is up to where the reader
    /// was given everything. Returns what is missing, and forgets what was to be told. [`enforce`](Self::enforce) has to follow the next append.
    pub(crate) fn rewind(
        &mut self,
        log: &mut Log<T>,
        position: Position,
        last: Position,
        unneeded: &mut Vec<T>,
    ) -> Missing {
        let (wanted, place) = (position.sequence() + 1, log.place(&self.cursor));
        let own = self.own();
        own.gaps.clear();
        let given = own.given.map_or(last, |given| given.max(last));
        own.given = Some(given);
        own.before_last = None;
        let end = match &own.replay {
            Some(replay) => replay.end,
            None => own.newest_read().max(Position::broadcast(place - 1)),
        };
        let next = wanted.max(log.history_start().min(place));
        let mut at = own.read;
        while let Some(laned) = own.lane.get(at) {
            if laned.position.is_dispatch() {
                at += 1;
                continue;
            }
            // A broadcast that was given back stands in the log again, or is counted as missing.
            own.lane_bytes -= laned.bytes;
            unneeded.extend(own.lane.remove(at).map(|laned| laned.entry));
        }
        let bytes = own.past_bytes + own.lane_bytes;
        let (mut read, mut past_bytes) = (0, 0);
        let (mut expired, mut skipped) = (next - wanted, 0);
        while let Some(laned) = own.lane.get(read) {
            let is_had = laned.position <= position;
            // Remembered all the same: the next rewind has to count it again.
            let is_lost = next > wanted && laned.position.sequence() + 1 < next;
            if !is_had && !is_lost {
                break;
            }
            expired += u64::from(!is_had);
            skipped += u64::from(is_had && read >= own.read && laned.position > given);
            read += 1;
            past_bytes += laned.bytes;
        }
        own.read = read;
        own.past_bytes = past_bytes;
        own.lane_bytes = bytes - past_bytes;
        own.missed = 0;
        let bound = replay_bound(log, log.limit(&self.cursor).copied());
        let cursor = log.attach_at(next, bound);
        log.detach(std::mem::replace(&mut self.cursor, cursor), unneeded);
        self.replay_up_to(end, log);
        self.forget(log, unneeded);
        Missing { expired, skipped }
    }

    /// Lets what is unread up to a position count on top of the limit, until it is read.
    pub(super) fn replay_up_to(&mut self, end: Position, log: &Log<T>) {
        let (place, behind) = (log.place(&self.cursor), end.sequence() + 1);
        let (mut messages, mut bytes) = (0, 0);
        if place < behind {
            messages = behind - place;
            bytes = log.bytes_from(place) - log.bytes_from(behind);
        }
        let own = self.own();
        let mut at = own.read;
        while let Some(laned) = own.lane.get(at).filter(|laned| laned.position <= end) {
            messages += 1;
            bytes += laned.bytes;
            at += 1;
        }
        own.replay = Some(Replay {
            end,
            messages,
            bytes,
        });
    }

    /// Ends the replay if all of it has been read: what comes then has the limit for itself. Has to follow what is read otherwise than by
    /// [`take`](Self::take).
    pub(crate) fn end_replay(&mut self, log: &mut Log<T>) {
        let next = self.cursor.next();
        if let Some(own) = &mut self.own
            && let Some(Replay { end, .. }) = own.replay
            && own.is_behind(next, end)
            && !log.lags(&self.cursor)
        {
            own.replay = None;
            let bound = bound_of(log.limit(&self.cursor).copied());
            log.rebind(&mut self.cursor, bound);
        }
    }
}
