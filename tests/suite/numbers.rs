//! A channel of numbers that weigh what a test says, and what its streams yield, in a form to
//! compare.

use eric_sse::{
    Delivered, Event, EventType, GapReason, History, MessageQueueListener, MessageStream, Overflow,
    Position, QueueLimit, RegisterOptions, SseChannel, SseOptions, ToEvent,
};

use super::support::waiting;

/// A number, and how many bytes it counts for.
#[derive(Clone, Debug, PartialEq)]
pub struct Number(pub usize, pub u64);

impl ToEvent for Number {
    fn to_event(&self) -> Event {
        Event::new(EventType::new("number").expect("a legal type")).with_data(self.0.to_string())
    }

    fn bytes(&self) -> u64 {
        self.1
    }
}

pub type Numbers = SseChannel<Number>;

/// An item of a stream of numbers. A gap: why, how many, from where, to where.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    Number(usize),
    Gap(GapReason, Option<u64>, Option<String>, Position),
    Closed,
}

/// The history of as many messages, whatever their weight and age.
pub fn newest(messages: u64) -> History {
    History {
        messages,
        bytes: u64::MAX,
        milliseconds: f64::INFINITY,
    }
}

pub fn numbers(history: History) -> Numbers {
    Numbers::with_options(SseOptions {
        history,
        ..SseOptions::default()
    })
}

/// Without a limit.
pub const ANY: RegisterOptions = RegisterOptions {
    limit: None,
    resumable: false,
};

/// Without a limit, for a reconnecting client.
pub const RESUMABLE: RegisterOptions = RegisterOptions {
    limit: None,
    resumable: true,
};

/// A limit in messages alone.
pub fn at_most(messages: u64, overflow: Overflow) -> RegisterOptions {
    limited(messages, u64::MAX, overflow)
}

/// A limit in bytes alone.
pub fn at_most_bytes(bytes: u64, overflow: Overflow) -> RegisterOptions {
    limited(u64::MAX, bytes, overflow)
}

fn limited(messages: u64, bytes: u64, overflow: Overflow) -> RegisterOptions {
    RegisterOptions {
        limit: Some(QueueLimit {
            messages,
            bytes,
            overflow,
        }),
        resumable: false,
    }
}

/// Registers a running listener.
pub fn listener(channel: &Numbers, options: RegisterOptions) -> MessageQueueListener<Number> {
    let listener = MessageQueueListener::new();
    channel.register_with(&listener, options).unwrap();
    listener.start_sync();
    listener
}

/// Registers a running listener, and opens its stream.
pub fn reader(channel: &Numbers, options: RegisterOptions) -> MessageStream<Number> {
    channel.message_stream(&listener(channel, options)).unwrap()
}

/// As [`reader`], after an event id.
pub fn reader_after(
    channel: &Numbers,
    options: RegisterOptions,
    id: &str,
) -> MessageStream<Number> {
    let listener = MessageQueueListener::new();
    channel.register_after(&listener, options, id).unwrap();
    listener.start_sync();
    channel.message_stream(&listener).unwrap()
}

/// Broadcasts numbers of one byte each.
pub fn broadcast(channel: &Numbers, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        channel.broadcast(Number(number, 1)).unwrap();
    }
}

/// Dispatches numbers of one byte each.
pub fn dispatch(
    channel: &Numbers,
    listener: &MessageQueueListener<Number>,
    numbers: impl IntoIterator<Item = usize>,
) {
    for number in numbers {
        channel.dispatch(listener.id(), Number(number, 1)).unwrap();
    }
}

/// Returns the event id of a position, as text.
pub fn id(channel: &Numbers, position: Position) -> String {
    channel.event_id(position).as_str().to_string()
}

/// Returns the event id of who came before the first broadcast, as text.
pub fn zeroth(channel: &Numbers) -> String {
    let newest = channel.last_event_id();
    let (epoch, _) = newest.as_str().split_once('-').expect("an epoch");
    format!("{epoch}-0")
}

pub fn got(delivered: Delivered<Number>) -> Got {
    match delivered {
        Delivered::Message(delivery) => Got::Number(delivery.0),
        Delivered::Gap(gap) => Got::Gap(
            gap.reason,
            gap.missed,
            gap.from.map(|id| id.as_str().to_string()),
            gap.to,
        ),
        Delivered::Closed => Got::Closed,
    }
}

/// Reads what is ready, and sees that the stream then waits.
pub fn read(stream: &mut MessageStream<Number>) -> Vec<Got> {
    waiting(stream).into_iter().map(got).collect()
}

/// Numbers alone.
pub fn all(numbers: impl IntoIterator<Item = usize>) -> Vec<Got> {
    numbers.into_iter().map(Got::Number).collect()
}
