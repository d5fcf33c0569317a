//! SSEChannel: messages become events, and events bytes.
//!
//! ## On the wire
//!
//! A stream of bytes starts with the reconnection time, then has one block per message: `event`, `id`
//! and `data`. Every block that is ready goes out in one chunk. A message's block is made once and
//! shared by all listeners; listeners that stand at the same place share the whole chunk.
//!
//! ## Pacing
//!
//! [`SseOptions::stream_delay`] is the least time between two deliveries of a stream. A stream that is
//! stopped, removed or dropped meanwhile ends at once all the same.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_timer::Delay;

use crate::channel::{AbstractChannel, Sent};
use crate::chunk::{self, SharedChunk};
use crate::encode;
use crate::error::{CallbackError, Error, InvalidListenerException};
use crate::event::{Event, EventId, EventType};
use crate::listener::MessageQueueListener;
use crate::message::{Message, Payload, ToEvent};
use crate::stream::{MessageStream, Step};

/// How an [`SseChannel`] behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseOptions {
    /// The channel's id; a random UUID when `None`.
    pub id: Option<String>,
    /// The least time between two deliveries of one stream; none by default.
    pub stream_delay: Duration,
    /// The reconnection time that clients are told; 15 seconds by default. Sent in whole milliseconds.
    pub retry_timeout: Duration,
}

impl Default for SseOptions {
    fn default() -> Self {
        Self {
            id: None,
            stream_delay: Duration::ZERO,
            retry_timeout: Duration::from_millis(15_000),
        }
    }
}

/// A channel whose streams are Server-Sent Events.
///
/// It is an [`AbstractChannel`] with a wire, and dereferences to it.
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
    wire: Rc<Wire>,
}

struct Wire {
    stream_delay: Duration,
    retry_milliseconds: u64,
    shared: RefCell<SharedChunk>,
}

/// One event of an [`SseChannel`], as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// The message's type.
    pub event: EventType,
    /// The message's payload.
    pub data: Payload,
    /// The reconnection time, in milliseconds.
    pub retry: u64,
    /// The event's id; `None` for the event that says that the channel was closed, which is no message.
    pub id: Option<EventId>,
}

impl From<SseEvent> for Event {
    fn from(event: SseEvent) -> Self {
        let block = Event::new(event.event).with_data(event.data.data());
        match event.id {
            Some(id) => block.with_id(id),
            None => block,
        }
    }
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
            wire: self.wire.clone(),
        }
    }
}

impl<M> Default for SseChannel<M> {
    fn default() -> Self {
        Self::with_options(SseOptions::default())
    }
}

impl SseChannel {
    /// Creates a channel with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a stream of events, as [`AbstractChannel::message_stream`] does of messages.
    ///
    /// # Errors
    ///
    /// [`InvalidListenerException`] when the listener is unknown.
    pub fn message_stream(
        &self,
        listener: &MessageQueueListener,
    ) -> Result<SseStream, InvalidListenerException> {
        Ok(self.events(self.channel.message_stream(listener)?))
    }

    /// Adds a listener, starts it and opens its stream of events. The listener exists from this call on,
    /// and is removed when the stream ends or is dropped.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`](crate::InvalidChannelException) when the channel is closed.
    pub fn watch(&self) -> Result<SseStream, Error> {
        Ok(self.events(self.channel.watch()?))
    }

    fn events(&self, stream: MessageStream) -> SseStream {
        SseStream {
            stream,
            pace: Pace::new(self.wire.stream_delay),
            retry: self.wire.retry_milliseconds,
        }
    }
}

impl<M> SseChannel<M> {
    /// Creates a channel.
    pub fn with_options(options: SseOptions) -> Self {
        let retry_milliseconds = options.retry_timeout.as_millis();
        Self {
            channel: match options.id {
                Some(id) => AbstractChannel::with_id(id),
                None => AbstractChannel::new(),
            },
            wire: Rc::new(Wire {
                stream_delay: options.stream_delay,
                retry_milliseconds: u64::try_from(retry_milliseconds).unwrap_or(u64::MAX),
                shared: RefCell::default(),
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
    /// [`InvalidListenerException`] when the listener is unknown.
    pub fn byte_stream(
        &self,
        listener: &MessageQueueListener<M>,
    ) -> Result<ByteStream<M>, InvalidListenerException> {
        Ok(self.bytes(self.channel.message_stream(listener)?))
    }

    /// Adds a listener, starts it and opens its bytes, as [`watch`](SseChannel::watch) does its events.
    ///
    /// # Errors
    ///
    /// [`InvalidChannelException`](crate::InvalidChannelException) when the channel is closed.
    pub fn watch_bytes(&self) -> Result<ByteStream<M>, Error> {
        Ok(self.bytes(self.channel.watch()?))
    }

    fn bytes(&self, stream: MessageStream<M>) -> ByteStream<M> {
        ByteStream {
            stream,
            wire: self.wire.clone(),
            pace: Pace::new(self.wire.stream_delay),
            prelude_sent: false,
        }
    }
}

/// A stream of [`SseEvent`]s. See [`SseChannel::message_stream`] and [`SseChannel::watch`].
#[derive(Debug)]
pub struct SseStream {
    stream: MessageStream,
    pace: Pace,
    retry: u64,
}

impl SseStream {
    /// Reports the errors of `on_message` to a function, instead of to standard error.
    #[must_use]
    pub fn on_error(mut self, report: impl Fn(CallbackError) + 'static) -> Self {
        self.stream = self.stream.on_error(report);
        self
    }

    /// Returns the listener that this stream reads for.
    pub fn listener(&self) -> &MessageQueueListener {
        self.stream.listener()
    }
}

impl Stream for SseStream {
    type Item = SseEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<SseEvent>> {
        let this = &mut *self;
        if this.stream.goes_on() && this.pace.poll(context).is_pending() {
            this.stream.park(context.waker());
            return Poll::Pending;
        }
        let event = match this.stream.step() {
            Step::Message(sent) => SseEvent {
                event: sent.message.to_event().event_type().clone(),
                data: sent.message.raw_payload().clone(),
                retry: this.retry,
                id: Some(this.stream.channel().event_id(sent.position)),
            },
            Step::Closed => SseEvent {
                event: EventType::channel_closed(),
                data: Payload::None,
                retry: this.retry,
                id: None,
            },
            Step::Ended => return Poll::Ready(None),
            Step::Pending => {
                this.stream.park(context.waker());
                return Poll::Pending;
            }
        };
        this.pace.delivered();
        Poll::Ready(Some(event))
    }
}

/// The bytes of an event stream, in chunks. See [`SseChannel::byte_stream`] and
/// [`SseChannel::watch_bytes`].
///
/// A chunk holds every block that is ready, up to the one with which it passes 256 KiB. Chunks are shared:
/// streams that stand at the same place get the same bytes.
pub struct ByteStream<M = Message> {
    stream: MessageStream<M>,
    wire: Rc<Wire>,
    pace: Pace,
    prelude_sent: bool,
}

/// A chunk ends with the block that takes it past this many bytes, so that a long backlog is written in
/// parts and the reader's back-pressure is felt between them.
const CHUNK_BYTES: usize = 256 * 1024;

pub(crate) enum ByteStep {
    Chunk(Rc<[u8]>),
    Ended,
    /// Nothing now: [`park`](MessageStream::park), or lose the wake-up.
    Pending,
}

impl<M> ByteStream<M> {
    /// Reports the errors of `on_message` to a function, instead of to standard error.
    #[must_use]
    pub fn on_error(mut self, report: impl Fn(CallbackError) + 'static) -> Self {
        self.stream = self.stream.on_error(report);
        self
    }

    /// Returns the listener that this stream reads for.
    pub fn listener(&self) -> &MessageQueueListener<M> {
        self.stream.listener()
    }
}

impl<M: ToEvent> ByteStream<M> {
    /// Takes the bytes that are ready: in one chunk, or block by block when the channel has a delay.
    /// With a delay the first chunk is the reconnection time alone, which is no delivery.
    pub(crate) fn step(&mut self) -> ByteStep {
        let paced = !self.wire.stream_delay.is_zero();
        if self.prelude_sent && !paced && self.stream.goes_on() {
            let shared = chunk::take(&self.wire.shared, &self.stream, CHUNK_BYTES);
            if let Some(bytes) = shared {
                return ByteStep::Chunk(bytes);
            }
        }
        let mut bytes = Vec::new();
        if !self.prelude_sent && self.stream.goes_on() {
            self.prelude_sent = true;
            encode::prelude(&mut bytes, self.wire.retry_milliseconds);
        }
        self.own_chunk(bytes, if paced { 0 } else { CHUNK_BYTES })
    }

    /// Makes a chunk for this stream alone: adds blocks until it has more than `limit` bytes.
    fn own_chunk(&mut self, mut bytes: Vec<u8>, limit: usize) -> ByteStep {
        while bytes.len() <= limit {
            match self.stream.step() {
                Step::Message(sent) => bytes.extend_from_slice(sent.block(self.stream.channel())),
                Step::Closed => Event::new(EventType::channel_closed()).encode(&mut bytes),
                Step::Ended if bytes.is_empty() => return ByteStep::Ended,
                Step::Pending if bytes.is_empty() => return ByteStep::Pending,
                Step::Ended | Step::Pending => break,
            }
        }
        ByteStep::Chunk(bytes.into())
    }
}

impl<M: ToEvent> Sent<M> {
    /// Returns the message's block, which is made at the first call.
    pub(crate) fn block(&self, channel: &AbstractChannel<M>) -> &[u8] {
        if self.block.get().is_none() {
            let mut bytes = Vec::new();
            let id = channel.event_id(self.position);
            self.message.to_event().with_id(id).encode(&mut bytes);
            // Already set if making the event led back here: then the bytes are the same.
            let _ = self.block.set(bytes.into());
        }
        self.block.get().map_or(&[], |block| block)
    }
}

impl<M: ToEvent> Stream for ByteStream<M> {
    type Item = Rc<[u8]>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Rc<[u8]>>> {
        let this = &mut *self;
        if this.stream.goes_on() && this.pace.poll(context).is_pending() {
            this.stream.park(context.waker());
            return Poll::Pending;
        }
        let delivers = this.prelude_sent;
        match this.step() {
            ByteStep::Chunk(bytes) => {
                if delivers {
                    this.pace.delivered();
                }
                Poll::Ready(Some(bytes))
            }
            ByteStep::Ended => Poll::Ready(None),
            ByteStep::Pending => {
                this.stream.park(context.waker());
                Poll::Pending
            }
        }
    }
}

/// Keeps a least time between deliveries.
#[derive(Debug)]
struct Pace {
    delay: Duration,
    /// Runs from a delivery until the next one is due.
    due: Option<Delay>,
}

impl Pace {
    fn new(delay: Duration) -> Self {
        Self { delay, due: None }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.due {
            Some(due) => Pin::new(due).poll(context).map(|()| self.due = None),
            None => Poll::Ready(()),
        }
    }

    fn delivered(&mut self) {
        self.due = (!self.delay.is_zero()).then(|| Delay::new(self.delay));
    }
}

impl<M> fmt::Debug for SseChannel<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseChannel")
            .field("channel", &self.channel)
            .field("retry_milliseconds", &self.wire.retry_milliseconds)
            .field("stream_delay", &self.wire.stream_delay)
            .finish_non_exhaustive()
    }
}

impl<M> fmt::Debug for ByteStream<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}
