//! An event stream that is read event by event.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::event::ReceivedEvent;
use super::event_stream_decoder::EventStreamDecoder;
use super::event_too_large::EventTooLarge;

/// The events of a stream of bytes.
///
/// Nothing is read ahead: an event is decoded when it is polled for, and a chunk is read when the
/// events of the one before have been taken. An error is the last item.
///
/// A stream of bytes that is not `Unpin` is given as `Box::pin(stream)`.
///
/// # Examples
///
/// ```
/// use eric_sse::client::EventStream;
/// use futures::executor::block_on_stream;
/// use std::convert::Infallible;
///
/// let chunks = ["data: hel", "lo\n\ndata: all\n\n"].map(Ok::<_, Infallible>);
/// let events = EventStream::new(futures::stream::iter(chunks));
/// let texts: Vec<_> = block_on_stream(events).map(|event| event.unwrap().data).collect();
/// assert_eq!(texts, ["hello", "all"]);
/// ```
pub struct EventStream<S, B, C = fn(&str)> {
    /// `None` when it has ended.
    bytes: Option<S>,
    decoder: EventStreamDecoder,
    on_comment: C,
    /// The chunk that is being decoded, and how many of its bytes were.
    chunk: Option<(B, usize)>,
}

impl<S, B> EventStream<S, B> {
    /// Reads a stream of bytes from its beginning.
    pub fn new(bytes: S) -> Self {
        Self::with_decoder(bytes, EventStreamDecoder::new())
    }

    /// Reads a stream of bytes by a decoder, which may have a last event ID and a bound.
    pub fn with_decoder(bytes: S, decoder: EventStreamDecoder) -> Self {
        Self {
            bytes: Some(bytes),
            decoder,
            on_comment: |_| {},
            chunk: None,
        }
    }
}

impl<S, B, C> EventStream<S, B, C> {
    /// Calls a function for each comment, with the text behind the colon.
    #[must_use]
    pub fn on_comment<F: FnMut(&str)>(self, on_comment: F) -> EventStream<S, B, F> {
        EventStream {
            bytes: self.bytes,
            decoder: self.decoder,
            on_comment,
            chunk: self.chunk,
        }
    }

    /// Returns the last event ID as of the newest event.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// Returns the decoder, which knows the reconnection time as well.
    pub fn decoder(&self) -> &EventStreamDecoder {
        &self.decoder
    }
}

impl<S, B, C, E> Stream for EventStream<S, B, C>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]> + Unpin,
    C: FnMut(&str) + Unpin,
{
    type Item = Result<ReceivedEvent, EventStreamError<E>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some((chunk, at)) = &mut this.chunk {
                let mut bytes = &chunk.as_ref()[*at..];
                let before = bytes.len();
                let event = this
                    .decoder
                    .next_event_with_comments(&mut bytes, &mut this.on_comment);
                *at += before - bytes.len();
                match event {
                    Ok(Some(event)) => return Poll::Ready(Some(Ok(event))),
                    Ok(None) => this.chunk = None,
                    Err(error) => {
                        this.chunk = None;
                        this.bytes = None;
                        return Poll::Ready(Some(Err(EventStreamError::EventTooLarge(error))));
                    }
                }
            }
            let Some(bytes) = &mut this.bytes else {
                return Poll::Ready(None);
            };
            match ready!(Pin::new(bytes).poll_next(context)) {
                Some(Ok(chunk)) => this.chunk = Some((chunk, 0)),
                Some(Err(error)) => {
                    this.bytes = None;
                    return Poll::Ready(Some(Err(EventStreamError::Bytes(error))));
                }
                None => this.bytes = None,
            }
        }
    }
}

impl<S, B, C> fmt::Debug for EventStream<S, B, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EventStream")
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}

/// The error of an [`EventStream`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventStreamError<E> {
    /// The stream of bytes has failed.
    Bytes(E),
    /// An event has more bytes than the decoder keeps.
    EventTooLarge(EventTooLarge),
}

impl<E: fmt::Display> fmt::Display for EventStreamError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(error) => write!(formatter, "the event stream broke off: {error}"),
            Self::EventTooLarge(error) => error.fmt(formatter),
        }
    }
}

impl<E: Error + 'static> Error for EventStreamError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Bytes(error) => Some(error),
            Self::EventTooLarge(_) => None,
        }
    }
}
