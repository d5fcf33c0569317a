//! A response that brings events.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;

use super::alarm::Alarm;
use super::clock::Clock;
use super::decoder::{EventStreamDecoder, EventTooLarge, ReceivedEvent};
use super::error::ConnectError;
use super::liveness::Liveness;
use super::policy::Loss;
use super::transport::Transport;
use crate::model::event_type::{CHANNEL_CLOSED, POSITION};

pub(super) struct Reading<T: Transport> {
    body: Pin<Box<T::Body>>,
    /// The chunk that is being decoded, and how many of its bytes were.
    chunk: Option<(T::Chunk, usize)>,
    pub(super) opened_at: Duration,
    /// The reconnection time as of the last event. A time that is set later is for this end alone.
    time_before: Option<Duration>,
}

/// The outcome of a read.
pub(super) enum Brought {
    Event(ReceivedEvent),
    /// The event of the closed channel.
    Closed,
    Loss(Loss),
}

impl<T: Transport> Reading<T> {
    /// Begins to read a body. The decoder keeps the last event ID.
    pub(super) fn new(
        body: T::Body,
        decoder: &mut EventStreamDecoder,
        opened_at: Duration,
    ) -> Self {
        decoder.reset();
        Self {
            body: Box::pin(body),
            chunk: None,
            opened_at,
            time_before: decoder.reconnection_time(),
        }
    }

    pub(super) fn poll<C: Clock>(
        &mut self,
        decoder: &mut EventStreamDecoder,
        liveness: &mut Liveness,
        alarm: &mut Alarm<C>,
        context: &mut Context<'_>,
    ) -> Poll<Brought> {
        loop {
            match self.decode(decoder, liveness, alarm) {
                Ok(Some(event)) => match &*event.event_type {
                    CHANNEL_CLOSED => return Poll::Ready(Brought::Closed),
                    // It carries an id alone, which the decoder has.
                    POSITION => continue,
                    _ => {
                        liveness.event();
                        self.time_before = decoder.reconnection_time();
                        return Poll::Ready(Brought::Event(event));
                    }
                },
                Ok(None) => {}
                Err(error) => return lost(ConnectError::EventTooLarge(error)),
            }
            match self.body.as_mut().poll_next(context) {
                Poll::Ready(Some(Ok(chunk))) => {
                    liveness.came();
                    self.chunk = Some((chunk, 0));
                }
                Poll::Ready(Some(Err(error))) => {
                    return lost(ConnectError::BrokeOff(Arc::from(error.into())));
                }
                Poll::Ready(None) => {
                    let time = decoder.reconnection_time();
                    return Poll::Ready(Brought::Loss(Loss {
                        exactly: time.filter(|_| time != self.time_before),
                        ..Loss::default()
                    }));
                }
                Poll::Pending => {
                    liveness.waits(alarm.now());
                    let Some(due) = liveness.due() else {
                        return Poll::Pending;
                    };
                    ready!(alarm.poll(due, context));
                    if let Some(time) = liveness.silent(alarm.now()) {
                        return lost(ConnectError::Silent(time));
                    }
                }
            }
        }
    }

    /// Decodes the chunk up to the end of its next event.
    fn decode<C: Clock>(
        &mut self,
        decoder: &mut EventStreamDecoder,
        liveness: &mut Liveness,
        alarm: &Alarm<C>,
    ) -> Result<Option<ReceivedEvent>, EventTooLarge> {
        let Some((chunk, at)) = &mut self.chunk else {
            return Ok(None);
        };
        let mut bytes = &chunk.as_ref()[*at..];
        let before = bytes.len();
        let event = decoder.next_event_with_comments(&mut bytes, |comment| {
            liveness.comment(comment, alarm.now());
        })?;
        *at += before - bytes.len();
        if event.is_none() {
            self.chunk = None;
        }
        Ok(event)
    }
}

fn lost(error: ConnectError) -> Poll<Brought> {
    Poll::Ready(Brought::Loss(Loss::of(error)))
}
