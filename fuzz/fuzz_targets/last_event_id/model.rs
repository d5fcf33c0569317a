//! A plain model of one reconnecting listener: lists of the messages that it has still to read.
//!
//! It has no log and no cursors, and it never drops a broadcast: what the history has is computed
//! from all that was ever sent.

use std::collections::VecDeque;

use eric_sse::{GapReason, Overflow, QueueLimit};

/// Where something stands: the number of the newest broadcast, and that of the dispatch behind it
/// or 0.
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
    /// How far the client had come when it was taken: what its return undoes.
    pub before: Place,
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

/// The next item of a stream.
#[derive(Debug, PartialEq)]
pub enum Next {
    Item(Item),
    Gap(Gap),
}

/// The content of an id.
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
    // No issued id has more digits.
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
    /// The number of dispatches of the channel so far, to any listener.
    pub dispatched: u64,
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

    /// Whether an id of this place may have been given.
    fn was_given(&self, (sequence, dispatch): Place) -> bool {
        sequence < self.tail() && dispatch <= self.dispatched
    }

    fn from(&self, number: u64) -> &[Item] {
        &self.all[number as usize - 1..]
    }
}

/// A replay counts on top of a limit, until it has been read.
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
    /// Its gaps, in the order of their ends: a gap is due when nothing up to its end is unread.
    gaps: Vec<Gap>,
    /// The client has everything up to here, or received a gap for it: its next item is behind
    /// that.
    told: Place,
    /// The same, as far as the listener has an id of it.
    last: Place,
    /// The entries that it has still to read, in order.
    due: VecDeque<Item>,
    /// The broadcast that it reads next.
    next: u64,
    resumable: bool,
    /// The newest that `last` has been before it was set back.
    given: Place,
    /// The dispatches that it has read, as far as they are remembered.
    past: VecDeque<Item>,
    forgotten: Place,
    limit: Option<QueueLimit>,
    replay: Option<Replay>,
    /// How many were dropped untold, and whether the newest of them was a broadcast that outgrew
    /// its bound.
    missed: u64,
    lags: bool,
    /// Whether it was disconnected.
    pub gone: bool,
}

impl Listener {
    /// Registers after an id, or without one.
    pub fn register(
        sent: &mut Broadcasts,
        id: Option<&str>,
        epoch: &str,
        resumable: bool,
        limit: Option<QueueLimit>,
    ) -> Self {
        let newest = (sent.tail() - 1, 0);
        let Some(id) = id else {
            let came = match resumable {
                true => (newest.0, sent.dispatched),
                false => newest,
            };
            return Self {
                epoch: epoch.into(),
                told: came,
                last: came,
                given: came,
                next: sent.tail(),
                forgotten: came,
                resumable,
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
            Read::Ours(place) if !sent.was_given(place) => {
                (end, Some(gap(GapReason::Unknown, None, Some(id), end)))
            }
            Read::Ours((sequence, _)) if sequence + 1 < start => {
                let missed = Some(start - 1 - sequence);
                (end, Some(gap(GapReason::Expired, missed, Some(id), end)))
            }
            Read::Ours(place) => (place, None),
        };
        let next = told.0 + 1;
        let mut came = (0, 0);
        if resumable {
            sent.dispatched += 1;
            came = (newest.0, sent.dispatched);
        }
        // Its former queue is gone, and the content of that is unknown; a client with an unknown id
        // receives a gap that says so.
        let goes_on = gap.as_ref().is_none_or(|gap| gap.missed.is_some());
        let mut listener = Self {
            epoch: epoch.into(),
            told,
            last: told,
            due: sent.from(next).iter().copied().collect(),
            next,
            given: told,
            forgotten: came,
            resumable,
            limit,
            ..Self::default()
        };
        if resumable && goes_on {
            listener.tell(forgotten(id, came));
        }
        // Nothing is replayed between the two: they are one.
        if let Some(mut gap) = gap {
            let end = listener.before();
            if gap.missed.is_some() && end > gap.to {
                gap.to = end;
            }
            listener.tell(gap);
        }
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
        // Broadcasts have a bound of their own, which a replay makes wider by what the history may
        // have.
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
    pub fn dispatch(&mut self, sent: &mut Broadcasts, number: u32, bytes: u64) -> Option<Place> {
        if self.refuses(bytes) {
            return None;
        }
        sent.dispatched += 1;
        let place = (sent.tail() - 1, sent.dispatched);
        self.due.push_back(Item {
            number,
            place,
            bytes,
            excepted: false,
            returned: false,
            before: (0, 0),
        });
        self.forget(sent);
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

    /// Drops the oldest while there is something of its own and too much in all; and what is older
    /// than a broadcast that was dropped.
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
        let item = loop {
            let is_ahead = |end: Place| self.due.iter().any(|item| item.place <= end);
            if self.missed > 0 {
                self.lags = false;
                let gap = Gap {
                    reason: GapReason::Overflow,
                    missed: Some(std::mem::take(&mut self.missed)),
                    from: Some(format!("{}-{}", self.epoch, written(self.last))),
                    to: self.before().max(self.last),
                };
                self.tell(gap);
                return Some(self.told());
            }
            if self.gaps.first().is_some_and(|gap| !is_ahead(gap.to)) {
                return Some(self.told());
            }
            let item = self.due.pop_front();
            self.end_replay();
            let next = item.map_or(sent.tail(), |item| item.place.0 + 1);
            // A message given back is read behind those read before it.
            self.next = self.next.max(next);
            match item {
                Some(item) if item.excepted => self.last = item.place,
                item => break item?,
            }
        };
        assert!(item.place > self.told, "{item:?} after {:?}", self.told);
        self.told = item.place;
        let item = Item {
            before: std::mem::replace(&mut self.last, item.place),
            ..item
        };
        if item.place.1 > 0 {
            self.past.push_back(item);
            self.forget(sent);
        }
        Some(Next::Item(item))
    }

    /// Replayed messages do not count once they were read.
    fn end_replay(&mut self) {
        let is_ahead = |end: Place| self.due.iter().any(|item| item.place <= end);
        self.replay = self.replay.filter(|replay| is_ahead(replay.end));
    }

    /// Notes a gap that it has to receive. A gap that ends before it becomes part of it.
    fn tell(&mut self, mut gap: Gap) {
        let behind = self.gaps.iter().filter(|other| other.to <= gap.to).count();
        // The one that begins first comes last, and has its say.
        for other in self.gaps.drain(..behind).rev() {
            gap = Gap {
                reason: match other.reason {
                    GapReason::Forgotten => gap.reason,
                    reason => reason,
                },
                missed: gap.missed.zip(other.missed).map(|(all, more)| all + more),
                from: other.from,
                to: gap.to,
            };
        }
        self.gaps.insert(0, gap);
    }

    fn told(&mut self) -> Next {
        let gap = self.gaps.remove(0);
        assert!(gap.to >= self.told, "{gap:?} after {:?}", self.told);
        self.told = gap.to;
        self.last = gap.to;
        Next::Gap(gap)
    }

    /// Forgets the oldest dispatches that it has read, beyond its limit, or else beyond the bounds
    /// of the history.
    fn forget(&mut self, sent: &Broadcasts) {
        let (messages, bytes) = match self.limit {
            _ if !self.resumable => (0, 0),
            Some(limit) => (limit.messages, limit.bytes),
            None => (sent.messages, sent.bytes),
        };
        let (messages, bytes) = (messages.min(1024), bytes.min(1024 * 1024));
        let is_over = |past: &VecDeque<Item>| {
            let own = self.due.iter().filter(|item| item.is_own());
            let own = own.chain(past);
            own.clone().count() as u64 > messages || own.map(|item| item.bytes).sum::<u64>() > bytes
        };
        while !self.past.is_empty() && is_over(&self.past) {
            let old = self.past.pop_front().expect("it is not empty");
            self.forgotten = self.forgotten.max(old.place);
        }
    }

    /// Returns whether the entry at a place is still to come.
    pub fn comes(&self, place: Place) -> bool {
        self.due.iter().any(|item| item.place == place)
    }

    /// Makes what was taken last the next one again.
    pub fn give_back(&mut self, sent: &Broadcasts, item: Item) {
        // Set back to before it: it comes anyway.
        if self.comes(item.place) {
            return;
        }
        self.last = self.last.min(item.before);
        // Newer ones were dropped meanwhile: it is missing with them.
        if self.missed > 0 {
            self.missed += 1;
            return;
        }
        // Messages dropped behind it, and covered by a gap that was given back, are forgotten.
        while let Some(last) = self.past.pop_back_if(|last| last.place >= item.place) {
            if last.place > item.place {
                self.forgotten = self.forgotten.max(last.place);
            }
        }
        self.told = broadcast_before(item.place);
        self.due.push_front(Item {
            returned: true,
            ..item
        });
        self.forget(sent);
    }

    /// Makes a gap that was taken, and behind which everything was given back, the next one again.
    pub fn give_back_gap(&mut self, gap: Gap) {
        self.told = (0, 0);
        self.tell(gap);
    }

    /// Goes back, or forward, to what follows an id.
    pub fn rewind(&mut self, sent: &Broadcasts, id: &str, epoch: &str) {
        let (reason, from) = match read(id, epoch) {
            Read::Ours(place) if sent.was_given(place) => {
                let lost = self.forgotten;
                let (expired, skipped, before) = self.rewind_to(sent, place);
                self.gaps.clear();
                if lost > place {
                    self.gaps.push(forgotten(id, lost));
                }
                if expired + skipped > 0 {
                    let gap = Gap {
                        reason: match expired {
                            0 => GapReason::Forgotten,
                            _ => GapReason::Expired,
                        },
                        missed: Some(expired + skipped),
                        from: Some(id.into()),
                        to: before.max(place),
                    };
                    self.tell(gap);
                }
                return;
            }
            Read::Ours(_) => (GapReason::Unknown, Some(id.into())),
            Read::OtherEpoch => (GapReason::Epoch, Some(id.into())),
            Read::Unknown => (GapReason::Unknown, None),
        };
        self.gaps = vec![Gap {
            reason,
            missed: None,
            from,
            to: self.before().max(self.last),
        }];
    }

    /// Returns how many are missing before what is kept, how many of its own it claims to have
    /// without having been given them, and the newest place before everything due.
    fn rewind_to(&mut self, sent: &Broadcasts, place: Place) -> (u64, u64, Place) {
        let newest_read = self.past.back().map_or((0, 0), |item| item.place);
        let end = match self.replay {
            Some(replay) => replay.end,
            None => newest_read.max((self.next - 1, 0)),
        };
        let wanted = place.0 + 1;
        self.given = self.given.max(self.last);
        let is_skipped =
            |item: &&Item| item.place.1 > 0 && item.place <= place && item.place > self.given;
        let skipped = self.due.iter().filter(is_skipped).count() as u64;
        self.told = place;
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
        let before = self.before();
        self.forget(sent);
        (missed, skipped, before)
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

/// Dispatches may be missing since an id.
fn forgotten(id: &str, to: Place) -> Gap {
    Gap {
        reason: GapReason::Forgotten,
        missed: None,
        from: Some(id.into()),
        to,
    }
}
