//! A plain model of one listener that comes back: lists of what it has still to read.
//!
//! It has no log and no cursors, and it never drops a broadcast: what the history has is computed from all that
//! was ever sent.

use std::collections::VecDeque;

use eric_sse::GapReason;

/// Where something stands: the number of the newest broadcast, and that of the dispatch behind it or 0.
pub type Place = (u64, u64);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item {
    pub number: u32,
    pub place: Place,
    pub bytes: u64,
    /// Whether the listener is excepted from it: it counts, and is passed over.
    pub excepted: bool,
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

/// One listener, from when it was registered.
#[derive(Default)]
pub struct Listener {
    gap: Option<Gap>,
    /// Up to where it has got everything, or was told what it has not: what it gets next stands behind that.
    told: Place,
    /// What it has still to read, in order.
    due: VecDeque<Item>,
    /// The broadcast that it reads next.
    next: u64,
    dispatched: u64,
    /// The dispatches that it has read, as far as they are remembered.
    past: VecDeque<Item>,
    forgotten: Place,
}

impl Listener {
    /// Registers after an id, or without one.
    pub fn register(sent: &Broadcasts, id: Option<&str>, epoch: &str, resumable: bool) -> Self {
        let Some(id) = id else {
            return Self {
                told: (sent.tail() - 1, 0),
                next: sent.tail(),
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
                let missed = Some(start - 1 - sequence);
                (end, Some(gap(GapReason::Expired, missed, Some(id), end)))
            }
            // Its queue is gone, and what was in there is not known.
            Read::Ours(place) if resumable => (
                place,
                Some(gap(GapReason::Forgotten, None, Some(id), place)),
            ),
            Read::Ours(place) => (place, None),
        };
        let next = told.0 + 1;
        Self {
            gap,
            told,
            due: sent.from(next).iter().copied().collect(),
            next,
            // An id that it has is not given again.
            dispatched: told.1,
            ..Self::default()
        }
    }

    pub fn broadcast(&mut self, item: Item) {
        self.due.push_back(item);
    }

    pub fn dispatch(&mut self, sent: &Broadcasts, number: u32, bytes: u64) -> Place {
        self.dispatched += 1;
        let place = (sent.tail() - 1, self.dispatched);
        self.due.push_back(Item {
            number,
            place,
            bytes,
            excepted: false,
        });
        place
    }

    pub fn waiting(&self) -> u64 {
        self.due.len() as u64
    }

    /// Takes what the stream yields next; `None` when it waits, or ends with the channel.
    pub fn take(&mut self, sent: &Broadcasts) -> Option<Next> {
        if let Some(gap) = self.gap.take() {
            self.told = gap.to;
            return Some(Next::Gap(gap));
        }
        let item = loop {
            let item = self.due.pop_front();
            self.next = item.map_or(sent.tail(), |item| item.place.0 + 1);
            match item {
                Some(item) if item.excepted => {}
                item => break item?,
            }
        };
        assert!(item.place > self.told, "{item:?} after {:?}", self.told);
        self.told = item.place;
        if item.place.1 > 0 {
            self.past.push_back(item);
            self.forget(sent);
        }
        Some(Next::Item(item))
    }

    /// Forgets the oldest dispatches that it has read, beyond the bounds of the history.
    fn forget(&mut self, sent: &Broadcasts) {
        while self.past.len() as u64 > sent.messages
            || self.past.iter().map(|item| item.bytes).sum::<u64>() > sent.bytes
        {
            let old = self.past.pop_front().expect("it is over a bound");
            self.forgotten = self.forgotten.max(old.place);
        }
    }

    /// Makes what was taken last the next one again.
    pub fn give_back(&mut self, item: Item) {
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
        self.due.push_front(item);
    }

    /// Goes back, or forward, to what follows an id.
    pub fn rewind(&mut self, sent: &Broadcasts, id: &str, epoch: &str) {
        let (reason, from) = match read(id, epoch) {
            Read::Ours(place) if place.0 < sent.tail() => {
                let missed = self.rewind_to(sent, place);
                self.gap = (missed != Some(0)).then(|| Gap {
                    reason: GapReason::Expired,
                    missed,
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

    /// Returns how many are missing, `None` if that is not known.
    fn rewind_to(&mut self, sent: &Broadcasts, place: Place) -> Option<u64> {
        let wanted = place.0 + 1;
        // An id with a greater number was never given.
        self.told = (place.0, place.1.min(self.dispatched));
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
        let known = self.forgotten <= place;
        self.forget(sent);
        known.then_some(missed)
    }

    /// Returns the place that everything due stands behind, and nothing else that was sent to it.
    fn before(&self) -> Place {
        // What was given back stands first. Otherwise the dispatches that follow a broadcast come before the next.
        match self.due.front() {
            Some(item) if item.place.0 >= self.next => (self.next - 1, 0),
            Some(Item {
                place: (sequence, 0),
                ..
            }) => (sequence - 1, 0),
            Some(item) => (item.place.0, item.place.1 - 1),
            None => (self.next - 1, 0),
        }
    }
}
