//! Opening: the streams of a channel.

use crate::channel::AbstractChannel;
use crate::channel::listener::MessageQueueListener;
use crate::channel::subscription::RegisterOptions;
use crate::model::error::{Error, InvalidListenerException};
use crate::stream::{Forget, MessageStream};

impl<M> AbstractChannel<M> {
    /// Opens a stream of a registered listener's messages. It ends when the listener is stopped or
    /// removed, or the channel closed. A stream that is opened for a stopped listener ends at once.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn message_stream(
        &self,
        listener: &MessageQueueListener<M>,
    ) -> Result<MessageStream<M>, InvalidListenerException> {
        let subscription = self.subscription(listener.id())?;
        Ok(MessageStream::new(self.core.clone(), subscription, None))
    }

    /// Adds a listener, starts it and opens its stream. The listener exists from this call on, and
    /// is removed when the stream ends or is dropped.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`](crate::InvalidChannelException) if the channel is closed.
    pub fn watch(&self) -> Result<MessageStream<M>, Error> {
        self.watch_with(RegisterOptions::default(), None)
    }

    /// As [`watch`](Self::watch), with options for the listener. With an event id, the listener
    /// resumes after it, as one of [`register_after`](Self::register_after) does.
    ///
    /// # Errors
    ///
    /// The errors of [`watch`](Self::watch).
    pub fn watch_with(
        &self,
        options: RegisterOptions,
        last_event_id: Option<&str>,
    ) -> Result<MessageStream<M>, Error> {
        let listener = MessageQueueListener::new();
        let subscription = self.subscribe(&listener, options, last_event_id)?;
        listener.start_sync();
        let (names, id) = (self.names.clone(), listener.shared_id().clone());
        let forget = Forget::new(move || names.remove(&id));
        Ok(MessageStream::new(
            self.core.clone(),
            subscription,
            Some(Box::new(forget)),
        ))
    }
}
