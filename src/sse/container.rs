//! ChannelContainer: channels by id.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use crate::model::error::InvalidChannelException;
use crate::model::message::{Message, ToEvent};
use crate::sse::channel::{SseChannel, SseOptions};

/// Holds channels by id.
///
/// ```
/// use eric_sse::{ChannelContainer, Message, SseOptions};
///
/// let container = ChannelContainer::new();
/// let id = container.add(SseOptions::default())?.id().to_string();
/// container.get(&id)?.broadcast(Message::new("tick", 1)?)?;
/// container.rm(&id)?;
/// assert!(container.get(&id).is_err());
/// # Ok::<(), eric_sse::Error>(())
/// ```
pub struct ChannelContainer<M = Message> {
    channels: RefCell<Channels<M>>,
}

struct Channels<M> {
    by_id: HashMap<Rc<str>, (u64, SseChannel<M>)>,
    /// Number of the next channel: their order.
    next: u64,
}

impl<M> Default for ChannelContainer<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> ChannelContainer<M> {
    /// Creates an empty container.
    pub fn new() -> Self {
        Self {
            channels: RefCell::new(Channels {
                by_id: HashMap::new(),
                next: 0,
            }),
        }
    }

    /// Creates a channel and registers it.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when the options name an id that is registered already.
    pub fn add(&self, options: SseOptions) -> Result<SseChannel<M>, InvalidChannelException>
    where
        M: ToEvent,
    {
        let channel = SseChannel::with_options(options);
        self.register(&channel)?;
        Ok(channel)
    }

    /// Registers a channel.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when a channel with its id is registered already.
    pub fn register(&self, channel: &SseChannel<M>) -> Result<(), InvalidChannelException> {
        let mut channels = self.channels.borrow_mut();
        if channels.by_id.contains_key(channel.id()) {
            return Err(InvalidChannelException::registered(channel.id()));
        }
        let number = channels.next;
        channels.next += 1;
        let entry = (number, channel.clone());
        channels.by_id.insert(channel.id().into(), entry);
        Ok(())
    }

    /// Returns a channel.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when it is unknown.
    pub fn get(&self, channel_id: &str) -> Result<SseChannel<M>, InvalidChannelException> {
        let channels = self.channels.borrow();
        match channels.by_id.get(channel_id) {
            Some((_, channel)) => Ok(channel.clone()),
            None => Err(InvalidChannelException::unknown(channel_id)),
        }
    }

    /// Removes a channel and closes it: its running streams deliver what was queued before, say that
    /// the channel was closed, and end.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] when it is unknown.
    pub fn rm(&self, channel_id: &str) -> Result<(), InvalidChannelException> {
        let removed = self.channels.borrow_mut().by_id.remove(channel_id);
        // Closed after the borrow: closing wakes streams, which may call back.
        match removed {
            Some((_, channel)) => channel.close(),
            None => return Err(InvalidChannelException::unknown(channel_id)),
        }
        Ok(())
    }

    /// Removes and closes all channels, as [`rm`](Self::rm) does.
    pub fn close(&self) {
        let removed = std::mem::take(&mut self.channels.borrow_mut().by_id);
        // Closed after the borrow, as in `rm`.
        for (_, channel) in removed.into_values() {
            channel.close();
        }
    }

    /// Returns the channels in the order in which they were registered.
    pub fn channels(&self) -> Vec<SseChannel<M>> {
        let channels = self.channels.borrow();
        let mut entries: Vec<_> = channels.by_id.values().collect();
        entries.sort_unstable_by_key(|(number, _)| *number);
        entries.iter().map(|(_, channel)| channel.clone()).collect()
    }

    /// Returns the ids of the channels, in the order in which they were registered.
    pub fn ids(&self) -> Vec<String> {
        let channels = self.channels();
        channels.iter().map(|channel| channel.id().into()).collect()
    }
}

impl<M> IntoIterator for &ChannelContainer<M> {
    type Item = SseChannel<M>;
    type IntoIter = std::vec::IntoIter<SseChannel<M>>;

    fn into_iter(self) -> Self::IntoIter {
        self.channels().into_iter()
    }
}

impl<M> fmt::Debug for ChannelContainer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.channels()).finish()
    }
}
