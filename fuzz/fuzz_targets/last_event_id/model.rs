//! A plain model of one listener that comes back: lists of what it has still to read.
//!
//! It has no log and no cursors, and it never drops a broadcast: what the history has is computed from all that
//! was ever sent.

use std::collections::VecDeque;

use eric_sse::{GapReason, Overflow, QueueLimit};

/// Where something stands: the number of the newest broadcast, and that of the dispatch behind it or 0.
pub type Place = (u64, u64);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item {
    pub number: u32,
    pub place: Place,
    pub bytes: u64,
    /// Whether the listener is excepted from it: it counts, and is passed over.
    pub excepted: bool,
    /// Whether it was taken and given back.
    pub returned: bool,
}

impl Item {
    /// Whether it waits for the listener alone.
    fn is_own(&self) -> bool {
        self.place.1 > 0 || self.returned
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    pub reason: GapReason,
    pub missed: Option<u64>,
    pub from: Option<String>,
    pub to: Place,
}

/// What a stream yields next.
#[derive(Debug, PartialEq)]
pub enum Next {
    Item(Item),
    Gap(Gap),
}

/// What an id says.
enum Read {
    Ours(Place),
    OtherEpoch,
    Unknown,
}

/// Writes a place as it stands in an id.
pub fn written(place: Place) -> String {
    match place {
        (sequence, 0) => sequence.to_string(),
        (sequence, dispatch) => format!("{sequence}.{dispatch}"),
    }
}

/// Reads an id: it is one only if it is what would be written for what it says.
fn read(id: &str, epoch: &str) -> Read {
    let Some((its_epoch, place)) = id.split_once('-') else {
        return Read::Unknown;
    };
    let (sequence, dispatch) = place.split_once('.').unwrap_or((place, "0"));
    // None of ours has more digits.
    if sequence.len() > 16 || dispatch.len() > 16 {
        return Read::Unknown;
    }
    let (Ok(sequence), Ok(dispatch)) = (sequence.parse(), dispatch.parse()) else {
        return Read::Unknown;
    };
    let legal = |char: char| char.is_ascii_alphanumeric() || char == '.' || char == '_';
    if its_epoch.is_empty()
        || written((sequence, dispatch)) != place
        || !its_epoch.chars().all(legal)
        || id.len() > 64
    {
        return Read::Unknown;
    }
    match its_epoch == epoch {
        true => Read::Ours((sequence, dispatch)),
        false => Read::OtherEpoch,
    }
}

/// All broadcasts, and how many of them may be kept.
pub struct Broadcasts {
    pub all: Vec<Item>,
    pub messages: u64,
    pub bytes: u64,
    /// Whether they may be kept for any time at all.
    pub keeps: bool,
}

impl Broadcasts {
    pub fn tail(&self) -> u64 {
        self.all.len() as u64 + 1
    }

    /// Returns the number of the oldest broadcast that the history has, or of the next one.
    pub fn start(&self) -> u64 {
        let (mut start, mut bytes) = (self.tail(), 0);
        while self.keeps && start > 1 && self.tail() - start < self.messages {
            bytes += self.all[start as usize - 2].bytes;
            if bytes > self.bytes {
                break;
            }
            start -= 1;
        }
        start
    }

    fn from(&self, number: u64) -> &[Item] {
        &self.all[number as usize - 1..]
    }
}

/// What is replayed counts on top of a limit, until it has been read.
#[derive(Clone, Copy)]
struct Replay {
    end: Place,
    messages: u64,
    bytes: u64,
}

/// One listener, from when it was registered.
#[derive(Default)]
pub struct Listener {
    epoch: String,
    gap: Option<Gap>,
    /// Up to where it has got everything, or was told what it has not: what it gets next stands behind that.
    told: Place,
    /// The same, as far as the listener has an id of it.
    last: Place,
    /// What it has still to read, in order.
    due: VecDeque<Item>,
    /// The broadcast that it reads next.
    next: u64,
    dispatched: u64,
    /// The dispatches that it has read, as far as they are remembered.
    past: VecDeque<Item>,
    forgotten: Place,
    limit: Option<QueueLimit>,
    replay: Option<Replay>,
    /// How many were dropped untold, and whether the newest of them was a broadcast that outgrew its bound.
    missed: u64,
    lags: bool,
    /// Whether it was disconnected.
    pub gone: bool,
}

impl Listener {
    /// Registers after an id, or without one.
    pub fn register(
        sent: &Broadcasts,
        id: Option<&str>,
        epoch: &str,
        resumable: bool,
        limit: Option<QueueLimit>,
    ) -> Self {
        let newest = (sent.tail() - 1, 0);
        let Some(id) = id else {
            return Self {
                epoch: epoch.into(),
                told: newest,
                last: newest,
                next: sent.tail(),
                limit,
                ..Self::default()
            };
        };
        let start = sent.start();
        let gap = |reason, missed, from: Option<&str>, to| Gap {
            reason,
            missed,
            from: from.map(String::from),
            to,
        };
        let end = (start - 1, 0);
        let (told, gap) = match read(id, epoch) {
            Read::Unknown => (end, Some(gap(GapReason::Unknown, None, None, end))),
            Read::OtherEpoch => (end, Some(gap(GapReason::Epoch, None, Some(id), end))),
            Read::Ours((sequence, _)) if sequence >= sent.tail() => {
                (end, Some(gap(GapReason::Unknown, None, Some(id), end)))
            }
            Read::Ours((sequence, _)) if sequence + 1 < start => {
                // Its queue is gone, and what was in there is not known.
                let missed = (!resumable).then_some(start - 1 - sequence);
                (end, Some(gap(GapReason::Expired, missed, Some(id), end)))
            }
            // Who has the id of the gap has been told.
            Read::Ours((sequence, dispatch)) if resumable => {
                let to = (sequence, dispatch + 1);
                (to, Some(gap(GapReason::Forgotten, None, Some(id), to)))
            }
            Read::Ours(place) => (place, None),
        };
        let next = told.0 + 1;
        let mut listener = Self {
            epoch: epoch.into(),
            gap,
            told,
            last: told,
            due: sent.from(next).iter().copied().collect(),
            next,
            // An id that it has is not given again.
            dispatched: told.1,
            forgotten: told,
            limit,
            ..Self::default()
        };
        listener.replay_up_to(newest);
        listener
    }

    /// Whether it refuses a message of so many bytes.
    pub fn refuses(&self, bytes: u64) -> bool {
        let is_refusing = |limit: QueueLimit| limit.overflow == Overflow::Refuse;
        self.limit.is_some_and(is_refusing) && self.is_over(1, bytes)
    }

    pub fn broadcast(&mut self, sent: &Broadcasts, item: Item) {
        self.due.push_back(item);
        let Some(limit) = self.limit else { return };
        if limit.overflow == Overflow::Refuse {
            return;
        }
        let mut dropped = 0;
        // Broadcasts have a bound of their own, which a replay makes wider by what the history may have.
        let (more, more_bytes) = match self.replay {
            Some(_) => (sent.messages, sent.bytes),
            None => (0, 0),
        };
        let messages = limit.messages.saturating_add(more);
        let bytes = limit.bytes.saturating_add(more_bytes);
        loop {
            let shared = self.due.iter().filter(|item| !item.is_own());
            let (count, weight) = (
                shared.clone().count() as u64,
                shared.map(|item| item.bytes).sum::<u64>(),
            );
            if count <= messages && (weight <= bytes || count <= 1) {
                break;
            }
            self.drop_shared();
            self.lags = true;
            dropped += 1;
        }
        let has_own = self.due.iter().any(Item::is_own);
        match limit.overflow {
            Overflow::Disconnect => self.gone = dropped > 0 || (has_own && self.is_over(0, 0)),
            _ if has_own => self.enforce(sent),
            _ => {}
        }
    }

    /// Returns where it stands, `None` when it is refused.
    pub fn dispatch(&mut self, sent: &Broadcasts, number: u32, bytes: u64) -> Option<Place> {
        if self.refuses(bytes) {
            return None;
        }
        self.dispatched += 1;
        let place = (sent.tail() - 1, self.dispatched);
        self.due.push_back(Item {
            number,
            place,
            bytes,
            excepted: false,
            returned: false,
        });
        match self.limit.map(|limit| limit.overflow) {
            Some(Overflow::DropOldest) => self.enforce(sent),
            Some(Overflow::Disconnect) => self.gone = self.is_over(0, 0),
            _ => {}
        }
        Some(place)
    }

    fn is_over(&self, entries: u64, bytes: u64) -> bool {
        let Some(limit) = self.limit else {
            return false;
        };
        let (more, more_bytes) = match self.replay {
            Some(replay) => (replay.messages, replay.bytes),
            None => (0, 0),
        };
        let waiting = self.due.len() as u64 + entries;
        let weight = self.due.iter().map(|item| item.bytes).sum::<u64>() + bytes;
        waiting > limit.messages.saturating_add(more)
            || (weight > limit.bytes.saturating_add(more_bytes) && waiting > 1)
    }

    /// Drops the oldest while there is something of its own and too much in all; and what is older than a broadcast that
    /// was dropped.
    fn enforce(&mut self, sent: &Broadcasts) {
        let is_older = |item: &Item, next: u64| item.is_own() && item.place.0 + 1 < next;
        while let Some(item) = self.due.front()
            && self.lags
            && is_older(item, self.next)
        {
            self.drop_own(sent);
        }
        while self.due.iter().any(Item::is_own) && self.is_over(0, 0) {
            match self.due.front().is_some_and(Item::is_own) {
                true => self.drop_own(sent),
                false => {
                    self.drop_shared();
                    self.lags = false;
                }
            }
        }
    }

    fn drop_own(&mut self, sent: &Broadcasts) {
        let item = self.due.pop_front().expect("it is the first");
        self.missed += 1;
        if item.place.1 > 0 {
            self.past.push_back(item);
            self.forget(sent);
        }
    }

    fn drop_shared(&mut self) {
        let oldest = self.due.iter().position(|item| !item.is_own());
        let item = oldest.and_then(|oldest| self.due.remove(oldest));
        self.next = item.expect("it is over its bound").place.0 + 1;
        self.missed += 1;
    }

    fn replay_up_to(&mut self, end: Place) {
        let replayed = self.due.iter().filter(|item| item.place <= end);
        self.replay = Some(Replay {
            end,
            messages: replayed.clone().count() as u64,
            bytes: replayed.map(|item| item.bytes).sum(),
        });
    }

    pub fn waiting(&self) -> u64 {
        self.due.len() as u64
    }

    /// Takes what the stream yields next; `None` when it waits, or ends with the channel.
    pub fn take(&mut self, sent: &Broadcasts) -> Option<Next> {
        if let Some(gap) = self.gap.take() {
            self.told = gap.to;
            self.last = gap.to;
            return Some(Next::Gap(gap));
        }
        let item = loop {
            if self.missed > 0 {
                self.lags = false;
                let to = self.before();
                let gap = Gap {
                    reason: GapReason::Overflow,
                    missed: Some(self.missed),
                    from: Some(format!("{}-{}", self.epoch, written(self.last))),
                    to,
                };
                self.missed = 0;
                assert!(to >= self.told, "a gap to {to:?} after {:?}", self.told);
                self.told = to;
                self.last = to;
                return Some(Next::Gap(gap));
            }
            let is_replayed = |end: Place| self.due.iter().any(|item| item.place <= end);
            self.replay = self.replay.filter(|replay| is_replayed(replay.end));
            let item = self.due.pop_front();
            self.next = item.map_or(sent.tail(), |item| item.place.0 + 1);
            match item {
                Some(item) if item.excepted => self.last = item.place,
                item => break item?,
            }
        };
        assert!(item.place > self.told, "{item:?} after {:?}", self.told);
        self.told = item.place;
        self.last = item.place;
        if item.place.1 > 0 {
            self.past.push_back(item);
            self.forget(sent);
        }
        Some(Next::Item(item))
    }

    /// Forgets the oldest dispatches that it has read, beyond its limit, or else beyond the bounds of the history.
    fn forget(&mut self, sent: &Broadcasts) {
        let (messages, bytes) = match self.limit {
            Some(limit) => (limit.messages, limit.bytes),
            None => (sent.messages, sent.bytes),
        };
        while self.past.len() as u64 > messages
            || self.past.iter().map(|item| item.bytes).sum::<u64>() > bytes
        {
            let old = self.past.pop_front().expect("it is over a bound");
            self.forgotten = self.forgotten.max(old.place);
        }
    }

    /// Whether what stands at a place is still to come.
    pub fn comes(&self, place: Place) -> bool {
        self.due.iter().any(|item| item.place == place)
    }

    /// Makes what was taken last the next one again.
    pub fn give_back(&mut self, item: Item) {
        // Set back to before it: it comes anyway.
        if self.comes(item.place) {
            return;
        }
        self.last = self.last.min(broadcast_before(item.place));
        // Newer ones were dropped meanwhile: it is missing with them.
        if self.missed > 0 {
            self.missed += 1;
            return;
        }
        if self
            .past
            .back()
            .is_some_and(|last| last.place == item.place)
        {
            self.past.pop_back();
        }
        self.told = match item.place {
            (sequence, 0) => (sequence - 1, u64::MAX),
            (sequence, dispatch) => (sequence, dispatch - 1),
        };
        self.due.push_front(Item {
            returned: true,
            ..item
        });
    }

    /// Goes back, or forward, to what follows an id.
    pub fn rewind(&mut self, sent: &Broadcasts, id: &str, epoch: &str) {
        let (reason, from) = match read(id, epoch) {
            Read::Ours(place) if place.0 < sent.tail() => {
                let (missing, is_known) = self.rewind_to(sent, place);
                self.gap = (missing > 0 || !is_known).then(|| Gap {
                    reason: match missing {
                        0 => GapReason::Forgotten,
                        _ => GapReason::Expired,
                    },
                    missed: is_known.then_some(missing),
                    from: Some(id.into()),
                    to: self.before(),
                });
                return;
            }
            Read::Ours(_) => (GapReason::Unknown, Some(id.into())),
            Read::OtherEpoch => (GapReason::Epoch, Some(id.into())),
            Read::Unknown => (GapReason::Unknown, None),
        };
        self.gap = Some(Gap {
            reason,
            missed: None,
            from,
            to: self.before(),
        });
    }

    /// Returns how many are missing, and whether those are all.
    fn rewind_to(&mut self, sent: &Broadcasts, place: Place) -> (u64, bool) {
        let newest_read = self.past.back().map_or((0, 0), |item| item.place);
        let end = match self.replay {
            Some(replay) => replay.end,
            None => newest_read.max((self.next - 1, 0)),
        };
        let wanted = place.0 + 1;
        // An id with a greater number was never given.
        self.told = (place.0, place.1.min(self.dispatched));
        self.last = place;
        (self.missed, self.lags) = (0, false);
        self.next = wanted.max(sent.start().min(self.next));
        let mut missed = self.next - wanted;
        let dispatched = self.past.drain(..).chain(self.due.drain(..));
        let dispatched: Vec<Item> = dispatched.filter(|item| item.place.1 > 0).collect();
        for item in dispatched {
            if item.place <= place {
                self.past.push_back(item);
            } else if missed > 0 && item.place.0 + 1 < self.next {
                // It is older than a broadcast that is missing.
                self.past.push_back(item);
                missed += 1;
            } else {
                self.due.push_back(item);
            }
        }
        self.due.extend(sent.from(self.next));
        self.due.make_contiguous().sort_by_key(|item| item.place);
        self.replay_up_to(end);
        let is_known = self.forgotten <= place;
        self.forget(sent);
        (missed, is_known)
    }

    /// Returns the newest place that was given to it and that everything due stands behind.
    fn before(&self) -> Place {
        let own = self.due.iter().find(|item| item.is_own());
        let next = own.map_or((self.next, 0), |own| own.place.min((self.next, 0)));
        let read = self.past.back().map_or((0, 0), |item| item.place);
        [read, self.forgotten]
            .into_iter()
            .filter(|own| *own < next)
            .fold(broadcast_before(next), Place::max)
    }
}

/// Returns the place of the newest broadcast before one.
fn broadcast_before(place: Place) -> Place {
    match place {
        (sequence, 0) => (sequence.saturating_sub(1), 0),
        (sequence, _) => (sequence, 0),
    }
}
