//! SSEChannel: messages become events, and events bytes.
//!
//! ## On the wire
//!
//! A stream of bytes starts with the reconnection time, then has one block per message: `event`,
//! `id` and `data`. All blocks that are ready form one chunk, which listeners at the same position
//! share.
//!
//! ## Pacing
//!
//! [`SseOptions::stream_delay`] is the least time between two deliveries of a stream. A stream that
//! is stopped, removed or dropped in between ends at once.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use crate::channel::AbstractChannel;
use crate::channel::listener::MessageQueueListener;
use crate::channel::subscription::RegisterOptions;
use crate::chunk::{Chunks, SharedChunks, StreamSettings};
use crate::model::error::{Error, InvalidListenerException};
use crate::model::limit::{History, QueueLimit};
use crate::model::message::Message;
use crate::sse::event_stream::{ByteStream, SseStream};
use crate::sse::pace::Pace;
use crate::stream::MessageStream;
use crate::wire::to_event::ToEvent;

/// How an [`SseChannel`] behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct SseOptions {
    /// The channel's id; a random UUID when `None`.
    pub id: Option<String>,
    /// The least time between two deliveries of one stream; zero by default.
    pub stream_delay: Duration,
    /// The reconnection time that clients receive, in whole milliseconds; 15 seconds by default.
    pub retry_timeout: Duration,
    /// How much is kept for clients that reconnect; by default 1,024 messages, 1 MiB, 5 minutes.
    pub history: History,
}

impl Default for SseOptions {
    fn default() -> Self {
        Self {
            id: None,
            stream_delay: Duration::ZERO,
            retry_timeout: Duration::from_millis(15_000),
            history: History::DEFAULT,
        }
    }
}

/// A channel whose streams are Server-Sent Events.
///
/// It is an [`AbstractChannel`] whose streams are bytes, and dereferences to it.
///
/// ```
/// use eric_sse::{Message, SseChannel};
/// use futures::{StreamExt, executor::block_on};
///
/// let channel = SseChannel::new();
/// let stream = channel.watch()?;
/// channel.broadcast(Message::new("tick", 1)?)?;
/// channel.close();
///
/// let events: Vec<_> = block_on(stream.collect());
/// assert_eq!(events[0].event.as_str(), "tick");
/// assert_eq!(events[1].event.as_str(), "_eric_channel_closed");
/// # Ok::<(), eric_sse::Error>(())
/// ```
pub struct SseChannel<M = Message> {
    channel: AbstractChannel<M>,
    stream_delay: Duration,
    chunks: Rc<SharedChunks<Rc<[u8]>>>,
}

impl<M> Deref for SseChannel<M> {
    type Target = AbstractChannel<M>;

    fn deref(&self) -> &AbstractChannel<M> {
        &self.channel
    }
}

impl<M> Clone for SseChannel<M> {
    fn clone(&self) -> Self {
        Self {
            channel: self.channel.clone(),
            stream_delay: self.stream_delay,
            chunks: self.chunks.clone(),
        }
    }
}

impl<M: ToEvent> Default for SseChannel<M> {
    fn default() -> Self {
        Self::with_options(SseOptions::default())
    }
}

impl SseChannel {
    /// Creates a channel with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a registered listener's stream of events.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn message_stream(
        &self,
        listener: &MessageQueueListener,
    ) -> Result<SseStream, InvalidListenerException> {
        Ok(self.events(self.channel.message_stream(listener)?))
    }

    /// Adds a listener, starts it and opens its stream of events. The listener exists from this
    /// call on, and is removed when the stream ends or is dropped.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`](crate::InvalidChannelException) if the channel is closed.
    pub fn watch(&self) -> Result<SseStream, Error> {
        Ok(self.events(self.channel.watch()?))
    }

    fn events(&self, stream: MessageStream) -> SseStream {
        let pace = Pace::new(self.stream_delay);
        SseStream::new(stream, pace, self.chunks.settings.retry_milliseconds)
    }
}

impl<M: ToEvent> SseChannel<M> {
    /// Creates a channel.
    pub fn with_options(options: SseOptions) -> Self {
        Self {
            channel: AbstractChannel::create(
                options.id.map(Into::into),
                options.history,
                ToEvent::bytes,
            ),
            stream_delay: options.stream_delay,
            chunks: SharedChunks::new(StreamSettings {
                is_paced: !options.stream_delay.is_zero(),
                retry_milliseconds: u64::try_from(options.retry_timeout.as_millis())
                    .unwrap_or(u64::MAX),
            }),
        }
    }
}

impl<M: ToEvent> SseChannel<M> {
    /// Opens the bytes of a registered listener's event stream, for the body of an HTTP response
    /// whose type is `text/event-stream`.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] if the listener is unknown.
    pub fn byte_stream(
        &self,
        listener: &MessageQueueListener<M>,
    ) -> Result<ByteStream<M>, InvalidListenerException> {
        Ok(self.bytes(self.channel.message_stream(listener)?))
    }

    /// Adds a listener, starts it and opens the bytes of its event stream. Its queue has the limit
    /// of a network client, [`QueueLimit::NETWORK`].
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`](crate::InvalidChannelException) if the channel is closed.
    pub fn watch_bytes(&self) -> Result<ByteStream<M>, Error> {
        let options = RegisterOptions {
            limit: Some(QueueLimit::NETWORK),
            resumable: false,
        };
        self.watch_bytes_with(options, None)
    }

    /// As [`watch_bytes`](Self::watch_bytes), with options for the listener, and after a client's
    /// last event id if there is one.
    ///
    /// ```
    /// # use eric_sse::{RegisterOptions, Message, QueueLimit, SseChannel};
    /// # use futures::{StreamExt, executor::block_on};
    /// let channel = SseChannel::new();
    /// let last_event_id = channel.last_event_id(); // a request's `Last-Event-ID`
    /// channel.broadcast(Message::new("tick", 1)?)?;
    /// let options = RegisterOptions { limit: Some(QueueLimit::NETWORK), ..RegisterOptions::default() };
    /// let mut body = channel.watch_bytes_with(options, Some(last_event_id.as_str()))?;
    /// let bytes = block_on(body.next()).expect("it is open");
    /// assert!(bytes.ends_with(b"data: 1\n\n"));
    /// # Ok::<(), eric_sse::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`watch_bytes`](Self::watch_bytes).
    pub fn watch_bytes_with(
        &self,
        options: RegisterOptions,
        last_event_id: Option<&str>,
    ) -> Result<ByteStream<M>, Error> {
        Ok(self.bytes(self.channel.watch_with(options, last_event_id)?))
    }

    fn bytes(&self, stream: MessageStream<M>) -> ByteStream<M> {
        let chunks = Chunks::new(stream, &self.chunks);
        ByteStream::new(chunks, Pace::new(self.stream_delay))
    }
}

impl<M> fmt::Debug for SseChannel<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseChannel")
            .field("channel", &self.channel)
            .field(
                "retry_milliseconds",
                &self.chunks.settings.retry_milliseconds,
            )
            .field("stream_delay", &self.stream_delay)
            .finish_non_exhaustive()
    }
}
