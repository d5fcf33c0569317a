//! The streams of an SSEChannel: events as values, and as bytes.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::channel::listener::MessageQueueListener;
use crate::chunk::{ByteWriter, Chunks};
use crate::model::error::CallbackError;
use crate::model::event_id::EventId;
use crate::model::event_type::EventType;
use crate::model::gap::Gap;
use crate::model::message::{Message, Payload};
use crate::queue::Next;
use crate::sse::pace::Pace;
use crate::stream::MessageStream;
use crate::wire::encode;
use crate::wire::event::Event;
use crate::wire::to_event::ToEvent;

/// One event of an [`SseChannel`](crate::SseChannel), as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// The message's type.
    pub event: EventType,
    /// The message's payload.
    pub data: Payload,
    /// The reconnection time, in milliseconds.
    pub retry: u64,
    /// The event's id; `None` for the event of the closed channel, which is no message.
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

/// A stream of [`SseEvent`]s. See [`SseChannel::message_stream`](crate::SseChannel::message_stream)
/// and [`SseChannel::watch`](crate::SseChannel::watch).
#[derive(Debug)]
pub struct SseStream {
    stream: MessageStream,
    pace: Pace,
    retry: u64,
}

impl SseStream {
    pub(crate) fn new(stream: MessageStream, pace: Pace, retry: u64) -> Self {
        Self {
            stream,
            pace,
            retry,
        }
    }

    /// Reports the errors of `on_message` to a function, instead of to the console.
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
            Next::Message(delivery) => SseEvent {
                event: delivery.to_event().event_type().clone(),
                data: delivery.raw_payload().clone(),
                retry: this.retry,
                id: Some(this.stream.channel().event_id(delivery.position())),
            },
            Next::Gap(gap) => {
                let to = this.stream.channel().event_id(gap.to);
                SseEvent {
                    event: Gap::event_type(),
                    data: Payload::Json(gap.data(&to).into()),
                    retry: this.retry,
                    id: Some(to),
                }
            }
            Next::Closed => SseEvent {
                event: EventType::channel_closed(),
                data: Payload::None,
                retry: this.retry,
                id: None,
            },
            Next::Ended => return Poll::Ready(None),
            Next::Pending => {
                this.stream.park(context.waker());
                return Poll::Pending;
            }
        };
        this.pace.delivered();
        Poll::Ready(Some(event))
    }
}

/// The bytes of an event stream, in chunks. See
/// [`SseChannel::byte_stream`](crate::SseChannel::byte_stream) and
/// [`SseChannel::watch_bytes`](crate::SseChannel::watch_bytes).
///
/// The first chunk starts with the reconnection time. A chunk has all blocks that are ready, and
/// ends with the block that takes it over 256 KiB. With a delay it has one block. A long backlog is
/// split into several chunks. Streams at the same position share their chunks.
pub struct ByteStream<M = Message> {
    chunks: Chunks<M>,
    pace: Pace,
}

impl<M> ByteStream<M> {
    pub(crate) fn new(chunks: Chunks<M>, pace: Pace) -> Self {
        Self { chunks, pace }
    }

    /// Reports the errors of `on_message` to a function, instead of to the console.
    #[must_use]
    pub fn on_error(mut self, report: impl Fn(CallbackError) + 'static) -> Self {
        self.chunks.stream.report_to(report);
        self
    }

    /// Sets whether an event id without a message is sent as an event of type `_eric_position` with
    /// empty data, which is the default. The first block has such an id, and a
    /// [`heartbeat`](Self::heartbeat) may have one.
    ///
    /// A client keeps the id as its last event ID. Without the event, the id is in a block without
    /// data, which Firefox and several client packages ignore. A client whose connection breaks
    /// before its first message then reconnects without an id, and misses the messages in between.
    /// Turn it off for clients that show every event to their user.
    #[must_use]
    pub fn position_events(mut self, as_events: bool) -> Self {
        self.chunks.position_events = as_events;
        self
    }

    /// Returns the listener that this stream reads for.
    pub fn listener(&self) -> &MessageQueueListener<M> {
        self.chunks.stream.listener()
    }
}

impl<M: ToEvent> ByteStream<M> {
    /// Returns a block to send when nothing has been sent for some time: it keeps the connection
    /// alive, and its failure shows that the client has left.
    ///
    /// It is a comment. If the listener's filter has skipped messages since the last block, the
    /// heartbeat also has the event id up to which the client has everything. Write the chunks that
    /// the stream has yielded before it. A client that reconnects with this id is not replayed the
    /// messages that its filter has skipped.
    pub fn heartbeat(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let unsent = self.chunks.unsent_id();
        encode::note(
            &mut bytes,
            None,
            unsent.as_ref(),
            self.chunks.position_events,
        );
        bytes
    }
}

impl<M: ToEvent> Stream for ByteStream<M> {
    type Item = Rc<[u8]>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Rc<[u8]>>> {
        let this = &mut *self;
        let resting = this.chunks.stream.goes_on() && this.pace.poll(context).is_pending();
        // The reconnection time is no delivery.
        let delivers = this.chunks.started();
        let step = match resting {
            true => Poll::Pending,
            // Its owner cannot end it while it is polled.
            false => this.chunks.step::<ByteWriter>(&Cell::new(false)),
        };
        match step {
            Poll::Ready(Some(bytes)) => {
                if delivers {
                    this.pace.delivered();
                }
                Poll::Ready(Some(bytes))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                this.chunks.stream.park(context.waker());
                Poll::Pending
            }
        }
    }
}

impl<M> fmt::Debug for ByteStream<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream")
            .field("stream", &self.chunks.stream)
            .finish_non_exhaustive()
    }
}
