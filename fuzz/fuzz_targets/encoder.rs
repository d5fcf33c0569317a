//! A client reads exactly the blocks that are written: single blocks, and whole streams of a
//! channel.
//!
//! A value that does not fit in a line is refused. Accepted values are decoded unchanged, each
//! block as one event, with the lines of its data joined by LF. The decoder yields nothing else.
#![no_main]

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arbitrary::Arbitrary;
use eric_sse::{
    ByteStream, Event, EventId, EventType, Message, MessageQueueListener, Payload, SseChannel,
    SseOptions, SseStream, heartbeat,
};
use futures_core::Stream;
use libfuzzer_sys::fuzz_target;

use decoder::{ClientEvent, decode};

#[path = "../../tests/suite/decoder.rs"]
mod decoder;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Block(Block<'a>),
    Channel(Channel<'a>),
}

#[derive(Arbitrary, Debug)]
struct Block<'a> {
    event_type: &'a str,
    id: Option<&'a str>,
    retry: Option<u64>,
    /// How many comments stand before the block and after it.
    comments: (u8, u8),
    data: &'a str,
}

#[derive(Arbitrary, Debug)]
struct Channel<'a> {
    retry: u32,
    steps: Vec<Step<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    /// Opens a stream.
    Watch(Kind),
    Broadcast(Sent<'a>),
    /// Sends to the listener of one stream.
    Dispatch(u8, Sent<'a>),
    /// Sends to the listeners of all streams but one.
    Except(u8, Sent<'a>),
    /// Reads what a stream has ready.
    Read(u8),
}

#[derive(Arbitrary, Debug)]
enum Kind {
    Bytes,
    Events,
}

#[derive(Arbitrary, Debug)]
struct Sent<'a> {
    event_type: &'a str,
    payload: Data<'a>,
}

#[derive(Arbitrary, Debug)]
enum Data<'a> {
    None,
    /// A text that is taken as it is.
    Text(&'a str),
    /// A text that is serialised.
    Serialised(&'a str),
    Json(&'a str),
}

/// More streams than that find nothing new.
const MOST_STREAMS: usize = 4;

fuzz_target!(|input: Input| match input {
    Input::Block(block) => check_block(block),
    Input::Channel(channel) => check_channel(channel),
});

fn fits_a_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}

/// The data as a client sees it: its lines joined with LF.
fn joined_lines(data: &str) -> String {
    data.replace("\r\n", "\n").replace('\r', "\n")
}

fn check_block(block: Block) {
    let event_type = EventType::new(block.event_type);
    let is_type = !block.event_type.is_empty() && fits_a_line(block.event_type);
    assert_eq!(event_type.is_ok(), is_type, "{:?}", block.event_type);
    let id = block.id.map(EventId::new).transpose();
    assert_eq!(
        id.is_ok(),
        block.id.is_none_or(fits_a_line),
        "{:?}",
        block.id
    );
    let (Ok(event_type), Ok(id)) = (event_type, id) else {
        return;
    };

    let mut event = Event::new(event_type).with_data(block.data);
    if let Some(id) = id {
        event = event.with_id(id);
    }
    if let Some(milliseconds) = block.retry {
        event = event.with_retry(milliseconds);
    }
    let mut stream = Vec::new();
    let comments = |stream: &mut Vec<u8>, count: u8| {
        (0..count % 3).for_each(|_| stream.extend(heartbeat(None)));
    };
    comments(&mut stream, block.comments.0);
    let start = stream.len();
    event.encode(&mut stream);
    assert_eq!(event.to_string().as_bytes(), &stream[start..]);
    comments(&mut stream, block.comments.1);
    // One more event: the block leaves nothing behind but its id.
    Event::new(EventType::channel_closed()).encode(&mut stream);

    let last_event_id = block.id.unwrap_or_default();
    let client = decode(&stream);
    let expected = [
        ClientEvent {
            event_type: block.event_type.into(),
            data: joined_lines(block.data),
            last_event_id: last_event_id.into(),
        },
        closed_after(last_event_id),
    ];
    assert_eq!(client.events, expected);
    assert_eq!(client.reconnection_time, block.retry);
}

fn closed_after(last_event_id: &str) -> ClientEvent {
    ClientEvent {
        event_type: "_eric_channel_closed".into(),
        data: String::new(),
        last_event_id: last_event_id.into(),
    }
}

/// A message, or `None` if it has to be refused and is.
fn message(sent: &Sent) -> Option<Message> {
    let event_type = sent.event_type;
    let message = match sent.payload {
        Data::None => Message::signal(event_type),
        Data::Serialised(text) => Message::new(event_type, text),
        Data::Text(text) => EventType::new(event_type)
            .map(|event_type| Message::from_parts(event_type, Payload::Text(text.into()))),
        Data::Json(text) => EventType::new(event_type)
            .map(|event_type| Message::from_parts(event_type, Payload::Json(text.into()))),
    };
    let is_type = !event_type.is_empty() && fits_a_line(event_type);
    assert_eq!(message.is_ok(), is_type, "{event_type:?}");
    message.ok()
}

/// A client: its stream, what it was sent, and what it has to read in the end.
struct Reader {
    stream: Open,
    retry: u64,
    /// The newest broadcast when the stream was opened.
    start: u64,
    written: Vec<u8>,
    expected: Vec<ClientEvent>,
}

enum Open {
    Bytes(ByteStream),
    Events(SseStream),
}

impl Reader {
    fn listener(&self) -> &MessageQueueListener {
        match &self.stream {
            Open::Bytes(stream) => stream.listener(),
            Open::Events(stream) => stream.listener(),
        }
    }

    fn expect(&mut self, sent: &Sent, id: &str) {
        let data = match sent.payload {
            Data::None => String::new(),
            Data::Text(text) | Data::Serialised(text) | Data::Json(text) => joined_lines(text),
        };
        self.expected.push(ClientEvent {
            event_type: sent.event_type.into(),
            data,
            last_event_id: id.into(),
        });
    }

    /// Reads what is ready. Returns whether the stream ended.
    fn read(&mut self) -> bool {
        loop {
            match &mut self.stream {
                Open::Bytes(stream) => match poll(stream) {
                    Poll::Ready(Some(chunk)) => self.written.extend_from_slice(&chunk),
                    Poll::Ready(None) => return true,
                    Poll::Pending => return false,
                },
                Open::Events(stream) => match poll(stream) {
                    Poll::Ready(Some(event)) => {
                        assert_eq!(event.retry, self.retry);
                        let retry = event.retry;
                        let event = Event::from(event).with_retry(retry);
                        event.encode(&mut self.written);
                    }
                    Poll::Ready(None) => return true,
                    Poll::Pending => return false,
                },
            }
        }
    }

    fn check_end(mut self) {
        assert!(self.read(), "a stream of a closed channel waits");
        let mut client = decode(&self.written);
        let closed = client.events.pop().expect("the event that says closed");
        assert_eq!(client.events, self.expected);
        match self.expected.last() {
            Some(last) => assert_eq!(closed, closed_after(&last.last_event_id)),
            None => {
                // A stream may start by saying where it stands.
                let id = &closed.last_event_id;
                let is_start = id.rsplit_once('-').is_some_and(|(epoch, place)| {
                    epoch.len() == 12 && place == self.start.to_string()
                });
                assert!(id.is_empty() || is_start, "{id:?}");
                assert_eq!(closed, closed_after(id));
            }
        }
        assert_eq!(client.reconnection_time, Some(self.retry));
    }
}

fn poll<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}

fn check_channel(input: Channel) {
    let retry = u64::from(input.retry);
    let channel = SseChannel::<Message>::with_options(SseOptions {
        id: Some(String::new()),
        retry_timeout: Duration::from_millis(retry),
        ..SseOptions::default()
    });
    let mut readers: Vec<Reader> = Vec::new();
    let mut broadcasts = 0;
    for step in &input.steps {
        match step {
            Step::Watch(_) if readers.len() == MOST_STREAMS => {}
            Step::Watch(kind) => readers.push(Reader {
                stream: match kind {
                    Kind::Bytes => Open::Bytes(channel.watch_bytes().expect("it is open")),
                    Kind::Events => Open::Events(channel.watch().expect("it is open")),
                },
                retry,
                start: broadcasts,
                written: Vec::new(),
                expected: Vec::new(),
            }),
            Step::Broadcast(sent) => {
                let Some(message) = message(sent) else {
                    continue;
                };
                let position = channel.broadcast(message).expect("nobody refuses");
                let id = channel.event_id(position);
                readers
                    .iter_mut()
                    .for_each(|reader| reader.expect(sent, id.as_str()));
                broadcasts += 1;
            }
            Step::Dispatch(at, sent) => {
                let (Some(at), Some(message)) = (index(*at, &readers), message(sent)) else {
                    continue;
                };
                let reader = &mut readers[at];
                let position = channel.dispatch(reader.listener().id(), message);
                let id = channel.event_id(position.expect("nobody refuses"));
                reader.expect(sent, id.as_str());
            }
            Step::Except(at, sent) => {
                let (Some(at), Some(message)) = (index(*at, &readers), message(sent)) else {
                    continue;
                };
                let except = [readers[at].listener().id()];
                let position = channel.broadcast_except(message, &except);
                let id = channel.event_id(position.expect("nobody refuses"));
                for (other, reader) in readers.iter_mut().enumerate() {
                    if other != at {
                        reader.expect(sent, id.as_str());
                    }
                }
                broadcasts += 1;
            }
            Step::Read(at) => {
                if let Some(at) = index(*at, &readers) {
                    assert!(!readers[at].read(), "a stream of an open channel ended");
                }
            }
        }
    }
    channel.close();
    readers.into_iter().for_each(Reader::check_end);
    assert_eq!(channel.listener_count(), 0);
}

fn index<T>(at: u8, list: &[T]) -> Option<usize> {
    (usize::from(at)).checked_rem(list.len())
}
