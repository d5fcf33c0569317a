//! Counters: the fate of messages.

use std::cell::Cell;

/// The fate of a listener's messages.
///
/// In `delivered + dropped + refused + filtered + discarded - replayed`, and what is queued, each
/// message that was sent to it counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Handed to a reader.
    pub delivered: u64,
    /// Queued again for a reconnecting client: messages from before its listener was registered, or
    /// that the listener had before it was rewound.
    pub replayed: u64,
    /// Dropped, oldest first, because the queue was full, whether or not the listener has received
    /// the gap.
    pub dropped: u64,
    /// Refused by `on_message`.
    pub refused: u64,
    /// Skipped: the listener's filter did not want them, or their sender excepted the listener.
    pub filtered: u64,
    /// Still waiting when the listener was removed or disconnected.
    pub discarded: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.replayed += other.replayed;
        self.dropped += other.dropped;
        self.refused += other.refused;
        self.filtered += other.filtered;
        self.discarded += other.discarded;
    }
}

/// A [`Tally`] that is being counted.
#[derive(Default)]
pub(crate) struct Counters {
    delivered: Cell<u64>,
    /// Further counters, which are zero for most listeners.
    others: Cell<Option<Box<Tally>>>,
}

impl Counters {
    /// Counts messages that were handed to a reader.
    pub(crate) fn delivered(&self, count: u64) {
        self.delivered.set(self.delivered.get() + count);
    }

    /// Counts one that was handed to a reader and given back.
    pub(crate) fn undelivered(&self) {
        self.delivered.set(self.delivered.get().saturating_sub(1));
    }

    /// Counts anything else.
    pub(crate) fn count(&self, add: impl FnOnce(&mut Tally)) {
        let mut others = self.take_others();
        add(&mut others);
        self.others.set(Some(others));
    }

    /// Not inlined: it is rarely needed, and in many places.
    #[inline(never)]
    fn take_others(&self) -> Box<Tally> {
        self.others.take().unwrap_or_default()
    }

    pub(crate) fn tally(&self) -> Tally {
        let others = self.others.take();
        let mut tally = others.as_deref().copied().unwrap_or_default();
        self.others.set(others);
        tally.delivered = self.delivered.get();
        tally
    }
}

/// The state of a listener at a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerStats {
    /// The fate of its messages so far.
    pub tally: Tally,
    /// How many messages wait for it.
    pub queued: u64,
    /// How many bytes wait for it.
    pub bytes: u64,
    /// How many broadcasts it is behind the newest, without those that were dropped for it.
    pub lag: u64,
    /// How many bytes of delivered dispatches are kept, in case the client has not received them:
    /// for a resumable listener.
    pub remembered: u64,
}

/// The state of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelStats {
    /// The fate of the messages of all listeners, including those that have left.
    pub tally: Tally,
    /// How many listeners there are.
    pub listeners: u64,
    /// The number of waiting messages, for all listeners together: a message that waits for three
    /// of them counts three times.
    pub queued: u64,
    /// How many bytes those have.
    pub bytes: u64,
    /// How many broadcasts the slowest listener is behind the newest.
    pub lag: u64,
    /// How many bytes are kept for resumable listeners that were delivered already.
    pub remembered: u64,
    /// How many broadcasts there were.
    pub broadcasts: u64,
    /// How many sends were refused because a listener was full.
    pub refused_sends: u64,
    /// How many listeners were disconnected because they were full.
    pub overflows: u64,
    /// How many broadcasts are kept, for slow listeners and for replay.
    pub kept: u64,
    /// How many bytes those have.
    pub kept_bytes: u64,
}
