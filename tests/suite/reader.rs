//! A stream of any kind, read poll by poll: what `against_model` compares with the model.

use std::sync::Arc;
use std::task::Waker;

use eric_sse::{
    ByteStream, Delivered, Delivery, Error, Message, MessageQueueListener, MessageStream, Payload,
    SseChannel, SseEvent, SseStream,
};

use super::decoder::{ClientEvent, decode};
use super::model::{Answer, Item, Kind};
use super::support::{Wakes, poll};

/// Returns the number that a message carries.
pub fn number(message: &Message) -> usize {
    message.payload().expect("a number").expect("a payload")
}

/// A stream, with the count of its wake-ups since it was last polled.
pub struct Reader {
    stream: Stream,
    wakes: Arc<Wakes>,
    /// Whether the reconnection time has come.
    has_begun: bool,
}

enum Stream {
    Messages(MessageStream),
    Events(SseStream),
    Bytes(ByteStream),
}

/// The result of a poll: the items, their event ids, and the delivery if it was one.
pub struct Read {
    pub answer: Answer,
    pub ids: Vec<(usize, String)>,
    pub delivery: Option<Delivery<Message>>,
}

impl Reader {
    pub fn open(
        channel: &SseChannel,
        listener: &MessageQueueListener,
        kind: Kind,
    ) -> Result<Self, Error> {
        Ok(Self::new(match kind {
            Kind::Messages => Stream::Messages((**channel).message_stream(listener)?),
            Kind::Events => Stream::Events(channel.message_stream(listener)?),
            Kind::Bytes => Stream::Bytes(channel.byte_stream(listener)?),
        }))
    }

    pub fn watch(channel: &SseChannel, kind: Kind) -> Result<Self, Error> {
        Ok(Self::new(match kind {
            Kind::Messages => Stream::Messages((**channel).watch()?),
            Kind::Events => Stream::Events(channel.watch()?),
            Kind::Bytes => Stream::Bytes(channel.watch_bytes()?),
        }))
    }

    /// Reports what is refused to nobody, not to standard error.
    fn new(stream: Stream) -> Self {
        let stream = match stream {
            Stream::Messages(stream) => Stream::Messages(stream.on_error(drop)),
            Stream::Events(stream) => Stream::Events(stream.on_error(drop)),
            Stream::Bytes(stream) => Stream::Bytes(stream.on_error(drop)),
        };
        Self {
            stream,
            wakes: Arc::default(),
            has_begun: false,
        }
    }

    pub fn listener(&self) -> &MessageQueueListener {
        match &self.stream {
            Stream::Messages(stream) => stream.listener(),
            Stream::Events(stream) => stream.listener(),
            Stream::Bytes(stream) => stream.listener(),
        }
    }

    pub fn wakes(&self) -> usize {
        self.wakes.count()
    }

    /// Gives back what the last poll delivered.
    pub fn give_back(&self, delivery: Delivery<Message>) {
        match &self.stream {
            Stream::Messages(stream) => stream.give_back(delivery),
            _ => panic!("only a stream of messages delivers messages"),
        }
    }

    /// Polls once, with a waker of its own.
    pub fn poll(&mut self, channel: &SseChannel) -> Read {
        let (wakes, waker) = Wakes::new();
        self.wakes = wakes;
        let mut read = Read {
            answer: Answer::Waits,
            ids: Vec::new(),
            delivery: None,
        };
        let items = match self.next(&waker, channel, &mut read) {
            std::task::Poll::Pending => return read,
            std::task::Poll::Ready(items) => items,
        };
        read.answer = items.map_or(Answer::Ended, Answer::Items);
        read
    }

    fn next(
        &mut self,
        waker: &Waker,
        channel: &SseChannel,
        read: &mut Read,
    ) -> std::task::Poll<Option<Vec<Item>>> {
        match &mut self.stream {
            Stream::Messages(stream) => poll(stream, waker).map(|delivered| {
                delivered.map(|delivered| match delivered {
                    Delivered::Closed => vec![Item::Closed],
                    Delivered::Gap(gap) => panic!("nothing can be missing: {gap:?}"),
                    Delivered::Message(delivery) => {
                        let id = channel.event_id(delivery.position());
                        let number = number(&delivery);
                        read.delivery = Some(delivery);
                        vec![read.number(number, id.as_str())]
                    }
                })
            }),
            Stream::Events(stream) => {
                poll(stream, waker).map(|event| event.map(|event| vec![read.event(&event)]))
            }
            Stream::Bytes(stream) => poll(stream, waker).map(|chunk| {
                chunk.map(|chunk| {
                    let client = decode(&chunk);
                    let first = !std::mem::replace(&mut self.has_begun, true);
                    assert_eq!(
                        client.reconnection_time,
                        first.then_some(15_000),
                        "once, at the start"
                    );
                    client
                        .events
                        .iter()
                        .map(|event| read.client_event(event))
                        .collect()
                })
            }),
        }
    }
}

impl Read {
    fn number(&mut self, number: usize, id: &str) -> Item {
        self.ids.push((number, id.into()));
        Item::Number(number)
    }

    fn event(&mut self, event: &SseEvent) -> Item {
        match (&event.data, &event.id) {
            (Payload::Json(data), Some(id)) => {
                self.number(data.parse().expect("a number"), id.as_str())
            }
            _ => closed(event.event.as_str()),
        }
    }

    fn client_event(&mut self, event: &ClientEvent) -> Item {
        match event.event_type.as_str() {
            "number" => self.number(event.data.parse().expect("a number"), &event.last_event_id),
            event_type => closed(event_type),
        }
    }
}

fn closed(event_type: &str) -> Item {
    assert_eq!(event_type, "_eric_channel_closed");
    Item::Closed
}
