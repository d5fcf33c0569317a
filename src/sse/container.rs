//! ChannelContainer: channels by id.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use crate::channel::AbstractChannel;
use crate::model::error::InvalidChannelException;
use crate::sse::channel::{SseChannel, SseOptions};
use crate::wire::to_event::ToEvent;

/// A handle of a channel in a [`ChannelContainer`].
///
/// A clone is a handle of the same channel.
pub trait Channel: Clone {
    /// Returns the channel's id.
    fn id(&self) -> &str;

    /// Closes the channel.
    fn close(&self);
}

impl<M> Channel for AbstractChannel<M> {
    fn id(&self) -> &str {
        AbstractChannel::id(self)
    }

    fn close(&self) {
        AbstractChannel::close(self);
    }
}

impl<M> Channel for SseChannel<M> {
    fn id(&self) -> &str {
        AbstractChannel::id(self)
    }

    fn close(&self) {
        AbstractChannel::close(self);
    }
}

/// Holds channels by id: [`SseChannel`]s, or channels of another type `C`.
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
pub struct ChannelContainer<C = SseChannel> {
    channels: RefCell<Channels<C>>,
}

struct Channels<C> {
    by_id: HashMap<Rc<str>, (u64, C)>,
    /// Number of the next channel: their order.
    next: u64,
}

impl<C> Default for ChannelContainer<C> {
    fn default() -> Self {
        let (by_id, next) = (HashMap::new(), 0);
        Self {
            channels: RefCell::new(Channels { by_id, next }),
        }
    }
}

impl<M: ToEvent> ChannelContainer<SseChannel<M>> {
    /// Creates a channel and registers it.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] if the options name an id that is already registered.
    pub fn add(&self, options: SseOptions) -> Result<SseChannel<M>, InvalidChannelException> {
        let channel = SseChannel::with_options(options);
        self.register(&channel)?;
        Ok(channel)
    }
}

impl<C: Channel> ChannelContainer<C> {
    /// Creates an empty container.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how many channels there are.
    pub fn len(&self) -> usize {
        self.channels.borrow().by_id.len()
    }

    /// Returns whether there are no channels.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Registers a channel.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] if a channel with its id is already registered.
    pub fn register(&self, channel: &C) -> Result<(), InvalidChannelException> {
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
    /// [`InvalidChannelException`] if it is unknown.
    pub fn get(&self, channel_id: &str) -> Result<C, InvalidChannelException> {
        let channels = self.channels.borrow();
        match channels.by_id.get(channel_id) {
            Some((_, channel)) => Ok(channel.clone()),
            None => Err(InvalidChannelException::unknown(channel_id)),
        }
    }

    /// Removes a channel and closes it: its running streams deliver what was queued before, yield
    /// the event of the closed channel, and end.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`] if it is unknown.
    pub fn rm(&self, channel_id: &str) -> Result<(), InvalidChannelException> {
        let removed = self.channels.borrow_mut().by_id.remove(channel_id);
        // Closed after the borrow: closing wakes streams, which may call the container.
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
    pub fn channels(&self) -> Vec<C> {
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

impl<C: Channel> IntoIterator for &ChannelContainer<C> {
    type Item = C;
    type IntoIter = std::vec::IntoIter<C>;

    fn into_iter(self) -> Self::IntoIter {
        self.channels().into_iter()
    }
}

impl<C: Channel + fmt::Debug> fmt::Debug for ChannelContainer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.channels()).finish()
    }
}
