//! For any last event id, a client gets the messages after it, or receives one gap.
//!
//! A channel with a history of any bounds broadcasts and dispatches; a listener registers, reads,
//! is rewound, leaves and reconnects with any id. The items of its streams are compared with a
//! plain model, one by one.
#![no_main]

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use arbitrary::Arbitrary;
use eric_sse::{
    ByteStream, Delivered, Delivery, Event, EventType, History, MessageQueueListener,
    MessageStream, Overflow, Position, QueueLimit, RegisterOptions, SseChannel, SseOptions,
    ToEvent,
};
use futures_core::Stream;
use libfuzzer_sys::fuzz_target;

use decoder::{ClientEvent, decode};
use model::{Broadcasts, Gap, Item, Listener, Next, Place, written};

#[path = "../../../tests/suite/decoder.rs"]
mod decoder;
mod model;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    history: Kept,
    own: Limit,
    other: Other,
    resumable: bool,
    reads_bytes: bool,
    closes: bool,
    steps: Vec<Step<'a>>,
}

/// The bounds of the history; the greatest values stand for none.
#[derive(Arbitrary, Debug)]
struct Kept {
    messages: u8,
    bytes: u16,
    /// Whether it is for any time at all. A time in between would depend on the machine.
    for_ever: bool,
}

/// How much may wait for the listener.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Limit {
    Unlimited,
    DropOldest(Most),
    Disconnect(Most),
    Refuse(Most),
}

/// The greatest values stand for no bound.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Most {
    messages: u8,
    bytes: u16,
}

/// Another listener of the channel: what is kept for it is no part of the history.
#[derive(Arbitrary, Debug)]
enum Other {
    Nobody,
    Unlimited,
    DropOldest(u8),
    Disconnect(u8),
    Refuse(u8),
}

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Broadcast(u8),
    /// Broadcasts so many messages of no weight.
    Several(u8),
    Dispatch(u8),
    /// Broadcasts to everybody but the listener.
    Except(u8),
    /// Reads so many items.
    Read(u8),
    /// Gives back what was read last, and was not given back yet.
    GiveBack,
    /// The listener leaves, if it is there, and comes after an id or without one.
    Come(Option<LastId<'a>>),
    Rewind(LastId<'a>),
    DispatchToOther,
    ExceptOther,
    ReadOther,
    RemoveOther,
}

#[derive(Arbitrary, Debug)]
enum LastId<'a> {
    /// The newest id that the client has got; an empty text when it has got none.
    Seen,
    /// An id of this channel, or of its future.
    Place(u8, u8),
    /// The same with one byte changed, inserted or left out.
    Changed(u8, u8, Change),
    /// An id of another channel.
    Elsewhere(u8),
    /// Any text, in which `$` stands for the channel's epoch.
    Text(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Change {
    Replace(u8, u8),
    Insert(u8, u8),
    Remove(u8),
}

/// A message. Live messages share the token.
#[derive(Clone, Debug)]
struct Number {
    number: u32,
    bytes: u64,
    _token: Rc<()>,
}

impl ToEvent for Number {
    fn to_event(&self) -> Event {
        Event::new(EventType::message()).with_data(self.number.to_string())
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}

const OWN: &str = "own";
const OTHER: &str = "other";

fuzz_target!(|input: Input| {
    let token = Rc::new(());
    let mut scene = Scene::new(&input, &token);
    for step in &input.steps {
        scene.take(step);
        scene.check_gone();
        scene.check_waiting();
    }
    scene.end(input.closes);
    assert_eq!(
        Rc::strong_count(&token),
        1,
        "messages outlive their channel"
    );
});

struct Scene<'a> {
    channel: SseChannel<Number>,
    token: &'a Rc<()>,
    epoch: String,
    options: RegisterOptions,
    other_refuses: bool,
    reads_bytes: bool,
    sent: Broadcasts,
    next_number: u32,
    own: Option<Connection>,
    /// The newest id that the client has got.
    seen: String,
}

enum Taken {
    Message(Delivery<Number>, Item),
    Gap(eric_sse::Gap, Gap),
}

/// The listener that comes and goes, and what it has to get.
struct Connection {
    stream: Open,
    model: Listener,
}

enum Open {
    Messages {
        stream: MessageStream<Number>,
        /// Messages that were read and not given back, the newest last.
        taken: Vec<Taken>,
        /// Whether that was read before the listener was set back: once it has read on, it has all
        /// of that anew.
        stale: bool,
    },
    Bytes {
        stream: ByteStream<Number>,
        written: Vec<u8>,
        expected: Vec<ClientEvent>,
    },
}

impl<'a> Scene<'a> {
    fn new(input: &Input, token: &'a Rc<()>) -> Self {
        let bounds = Broadcasts {
            all: Vec::new(),
            messages: messages(input.history.messages),
            bytes: bytes(input.history.bytes),
            keeps: input.history.for_ever,
            dispatched: 0,
        };
        let channel = SseChannel::with_options(SseOptions {
            id: Some(String::new()),
            history: History {
                messages: bounds.messages,
                bytes: bounds.bytes,
                milliseconds: if bounds.keeps { f64::INFINITY } else { 0.0 },
            },
            ..SseOptions::default()
        });
        let mut scene = Self {
            epoch: String::new(),
            channel,
            token,
            options: RegisterOptions {
                limit: input.own.limit(),
                resumable: input.resumable,
            },
            other_refuses: matches!(input.other, Other::Refuse(_)),
            reads_bytes: input.reads_bytes,
            sent: bounds,
            next_number: 0,
            own: None,
            seen: String::new(),
        };
        scene.ask_epoch();
        let (most, overflow) = match input.other {
            Other::Nobody => return scene,
            Other::Unlimited => (u64::MAX, Overflow::Refuse),
            Other::DropOldest(messages) => (messages.into(), Overflow::DropOldest),
            Other::Disconnect(messages) => (messages.into(), Overflow::Disconnect),
            Other::Refuse(messages) => (messages.into(), Overflow::Refuse),
        };
        scene.add_other(RegisterOptions {
            limit: Some(QueueLimit {
                messages: most,
                bytes: u64::MAX,
                overflow,
            }),
            resumable: false,
        });
        scene
    }

    fn add_other(&self, options: RegisterOptions) {
        let other = MessageQueueListener::with_id(OTHER);
        self.channel
            .register_with(&other, options)
            .expect("a new id");
        other.start_sync();
    }

    /// A dispatch tells the epoch, and is nothing that anybody else would notice.
    fn ask_epoch(&mut self) {
        self.add_other(RegisterOptions::default());
        let message = self.message(0);
        let position = self.channel.dispatch(OTHER, message).expect("it is there");
        self.sent.dispatched += 1;
        self.channel.remove_listener(OTHER).expect("it is there");
        let id = self.channel.event_id(position);
        let epoch = id.as_str().strip_suffix("-0.1").expect("a first dispatch");
        self.epoch = epoch.into();
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Broadcast(bytes) => self.broadcast((*bytes).into(), &[]),
            Step::Several(count) => (0..count % 8).for_each(|_| self.broadcast(0, &[])),
            Step::Dispatch(bytes) => {
                if let Some(own) = &mut self.own {
                    let (number, bytes) = (self.next_number, (*bytes).into());
                    let place = own.model.dispatch(&mut self.sent, number, bytes);
                    let message = self.message(bytes);
                    match (self.channel.dispatch(OWN, message), place) {
                        (Ok(position), Some(place)) => {
                            assert!(is_at(position, place), "{position} is not {place:?}");
                        }
                        (Err(error), None) => assert_eq!(error.code(), "ERIC_QUEUE_FULL"),
                        (sent, place) => panic!("{sent:?} is not {place:?}"),
                    }
                }
            }
            Step::Except(bytes) => self.broadcast((*bytes).into(), &[OWN]),
            Step::Read(count) => {
                if let Some(own) = &mut self.own {
                    own.read((*count).into(), &self.sent, &self.epoch, &mut self.seen);
                }
            }
            Step::GiveBack => {
                if let Some(Connection { stream, model }) = &mut self.own
                    && let Open::Messages { stream, taken, .. } = stream
                {
                    match taken.pop() {
                        Some(Taken::Message(delivery, item)) => {
                            stream.give_back(delivery);
                            model.give_back(&self.sent, item);
                        }
                        Some(Taken::Gap(gap, expected)) => {
                            stream.give_back_gap(gap);
                            model.give_back_gap(expected);
                        }
                        None => {}
                    }
                }
            }
            Step::Come(id) => {
                let id = id.as_ref().map(|id| self.text(id));
                self.come(id.as_deref());
            }
            Step::Rewind(id) => {
                let id = self.text(id);
                if let Some(own) = &mut self.own
                    && self.options.resumable
                {
                    self.channel.rewind(OWN, &id).expect("it is there");
                    own.model.rewind(&self.sent, &id, &self.epoch);
                    // Messages that the client claims to have are not given back; nor is a gap,
                    // which it has received or receives again.
                    if let Open::Messages { taken, stale, .. } = &mut own.stream {
                        *stale = true;
                        taken.retain(|taken| match taken {
                            Taken::Message(_, item) => own.model.comes(item.place),
                            Taken::Gap(..) => false,
                        });
                    }
                }
            }
            Step::DispatchToOther => {
                let message = self.message(1);
                let sent = self.channel.dispatch(OTHER, message);
                self.sent.dispatched += u64::from(sent.is_ok());
            }
            Step::ExceptOther => self.broadcast(1, &[OTHER]),
            Step::ReadOther => drop(self.channel.deliver_next(OTHER)),
            Step::RemoveOther => drop(self.channel.remove_listener(OTHER)),
        }
    }

    fn message(&mut self, bytes: u64) -> Number {
        self.next_number += 1;
        Number {
            number: self.next_number - 1,
            bytes,
            _token: self.token.clone(),
        }
    }

    fn broadcast(&mut self, bytes: u64, except: &[&str]) {
        let number = self.next_number;
        let message = self.message(bytes);
        let own = self
            .own
            .as_ref()
            .filter(|own| !except.contains(&OWN) && own.model.refuses(bytes));
        let Ok(position) = self.channel.broadcast_except(message, except) else {
            assert!(own.is_some() || self.other_refuses, "nobody refuses it");
            return;
        };
        assert!(own.is_none(), "it was to be refused");
        let item = Item {
            number,
            place: (self.sent.tail(), 0),
            bytes,
            excepted: except.contains(&OWN),
            returned: false,
            before: (0, 0),
        };
        assert!(is_at(position, item.place), "{position} is not {item:?}");
        self.sent.all.push(item);
        if let Some(own) = &mut self.own {
            own.model.broadcast(&self.sent, item);
        }
        self.check_gone();
    }

    /// Sees that the listener is gone when it is to be disconnected, and only then.
    fn check_gone(&mut self) {
        let is_here = self.channel.get_listener(OWN).is_ok();
        if let Some(own) = self.own.take_if(|own| own.model.gone) {
            own.end(false, &self.sent, &self.epoch);
        }
        assert_eq!(is_here, self.own.is_some());
    }

    fn come(&mut self, id: Option<&str>) {
        self.leave();
        let listener = MessageQueueListener::with_id(OWN);
        match id {
            Some(id) => self.channel.register_after(&listener, self.options, id),
            None => self.channel.register_with(&listener, self.options),
        }
        .expect("the last one has left");
        listener.start_sync();
        let stream = match self.reads_bytes {
            true => Open::Bytes {
                stream: self.channel.byte_stream(&listener).expect("it is there"),
                written: Vec::new(),
                expected: Vec::new(),
            },
            false => Open::Messages {
                stream: self.channel.message_stream(&listener).expect("it is there"),
                taken: Vec::new(),
                stale: false,
            },
        };
        let model = Listener::register(
            &mut self.sent,
            id,
            &self.epoch,
            self.options.resumable,
            self.options.limit,
        );
        self.own = Some(Connection { stream, model });
    }

    fn leave(&mut self) {
        if let Some(own) = self.own.take() {
            self.channel.remove_listener(OWN).expect("it is there");
            own.end(false, &self.sent, &self.epoch);
        }
    }

    fn check_waiting(&self) {
        if let Some(own) = &self.own {
            let waiting = self.channel.waiting(OWN).expect("it is there");
            assert_eq!(waiting, own.model.waiting());
        }
    }

    fn text(&self, id: &LastId) -> String {
        match id {
            LastId::Seen => self.seen.clone(),
            LastId::Place(sequence, dispatch) => self.id(*sequence, *dispatch),
            LastId::Changed(sequence, dispatch, change) => {
                let mut id = self.id(*sequence, *dispatch).into_bytes();
                match *change {
                    Change::Replace(at, byte) => {
                        let at = usize::from(at) % id.len();
                        id[at] = byte;
                    }
                    Change::Insert(at, byte) => id.insert(usize::from(at) % (id.len() + 1), byte),
                    Change::Remove(at) => drop(id.remove(usize::from(at) % id.len())),
                }
                String::from_utf8_lossy(&id).into_owned()
            }
            LastId::Elsewhere(count) => {
                let elsewhere = SseChannel::<Number>::with_options(SseOptions::default());
                let mut id = String::new();
                for number in 0..=count % 4 {
                    let message = Number {
                        number: u32::MAX - u32::from(number),
                        bytes: 1,
                        _token: self.token.clone(),
                    };
                    let position = elsewhere.broadcast(message).expect("nobody refuses");
                    id = elsewhere.event_id(position).as_str().into();
                }
                id
            }
            LastId::Text(text) => text.replace('$', &self.epoch),
        }
    }

    fn id(&self, sequence: u8, dispatch: u8) -> String {
        let sequence = u64::from(sequence) % (self.sent.tail() + 1);
        let place = (sequence, u64::from(dispatch) % 8);
        format!("{}-{}", self.epoch, written(place))
    }

    fn end(mut self, closes: bool) {
        if self.own.is_none() {
            let seen = self.seen.clone();
            self.come(Some(&seen));
        }
        let Some(mut own) = self.own.take() else {
            return;
        };
        own.read(usize::MAX, &self.sent, &self.epoch, &mut self.seen);
        if closes {
            self.channel.close();
        }
        own.end(closes, &self.sent, &self.epoch);
    }
}

impl Connection {
    /// Reads a number of items, or everything ready where items cannot be told apart.
    fn read(&mut self, count: usize, sent: &Broadcasts, epoch: &str, seen: &mut String) {
        let model = &mut self.model;
        match &mut self.stream {
            Open::Messages {
                stream,
                taken,
                stale,
            } => {
                if count > 0 && std::mem::take(stale) {
                    taken.clear();
                }
                for _ in 0..count {
                    let got = poll(stream);
                    let Some(next) = model.take(sent) else {
                        assert!(got.is_pending(), "{got:?} where nothing waits");
                        return;
                    };
                    match (got, next) {
                        (Poll::Ready(Some(Delivered::Message(delivery))), Next::Item(item)) => {
                            let same = delivery.number == item.number
                                && is_at(delivery.position(), item.place);
                            assert!(same, "{delivery:?} is not {item:?}");
                            *seen = format!("{epoch}-{}", written(item.place));
                            taken.push(Taken::Message(delivery, item));
                        }
                        (Poll::Ready(Some(Delivered::Gap(gap))), Next::Gap(expected)) => {
                            check_gap(&gap, &expected);
                            *seen = format!("{epoch}-{}", written(expected.to));
                            taken.push(Taken::Gap(*gap, expected));
                        }
                        (got, next) => panic!("{got:?} is not {next:?}"),
                    }
                }
            }
            Open::Bytes {
                stream,
                written,
                expected,
            } => {
                loop {
                    match poll(stream) {
                        Poll::Ready(Some(chunk)) => written.extend_from_slice(&chunk),
                        Poll::Ready(None) => panic!("the stream ended"),
                        Poll::Pending => break,
                    }
                }
                while let Some(next) = model.take(sent) {
                    let event = client_event(&next, epoch);
                    seen.clone_from(&event.last_event_id);
                    expected.push(event);
                }
            }
        }
    }

    /// Sees that the stream ends: after everything, and with an event that says so, if the channel
    /// was closed.
    fn end(mut self, closed: bool, sent: &Broadcasts, epoch: &str) {
        match &mut self.stream {
            Open::Messages { stream, taken, .. } => {
                taken.clear();
                if closed {
                    assert!(self.model.take(sent).is_none());
                    let last = poll(stream);
                    assert!(
                        matches!(last, Poll::Ready(Some(Delivered::Closed))),
                        "{last:?}"
                    );
                }
                let last = poll(stream);
                assert!(closed || !matches!(last, Poll::Ready(Some(_))), "{last:?}");
                assert!(!closed || matches!(last, Poll::Ready(None)), "{last:?}");
            }
            Open::Bytes {
                stream,
                written,
                expected,
            } => {
                while let Poll::Ready(Some(chunk)) = poll(stream) {
                    written.extend_from_slice(&chunk);
                }
                let mut client = decode(written);
                if closed {
                    let last = client.events.pop().expect("the event that says closed");
                    assert_eq!(last.event_type, "_eric_channel_closed");
                    // A stream may start by saying where it stands.
                    match expected.last() {
                        Some(before) => assert_eq!(last.last_event_id, before.last_event_id),
                        None => {
                            let id = &last.last_event_id;
                            assert!(id.is_empty() || id.starts_with(epoch), "{id:?}");
                        }
                    }
                }
                assert_eq!(client.events, *expected);
            }
        }
    }
}

fn poll<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}

fn is_at(position: Position, place: Place) -> bool {
    let alike = position.sequence() == place.0 && position.is_dispatch() == (place.1 > 0);
    alike && (place.1 == 0 || position.to_string() == written(place))
}

fn messages(most: u8) -> u64 {
    match most {
        u8::MAX => u64::MAX,
        most => most.into(),
    }
}

fn bytes(most: u16) -> u64 {
    match most {
        u16::MAX => u64::MAX,
        most => most.into(),
    }
}

impl Limit {
    fn limit(self) -> Option<QueueLimit> {
        let (most, overflow) = match self {
            Limit::Unlimited => return None,
            Limit::DropOldest(most) => (most, Overflow::DropOldest),
            Limit::Disconnect(most) => (most, Overflow::Disconnect),
            Limit::Refuse(most) => (most, Overflow::Refuse),
        };
        Some(QueueLimit {
            messages: messages(most.messages),
            bytes: bytes(most.bytes),
            overflow,
        })
    }
}

fn check_gap(gap: &eric_sse::Gap, expected: &Gap) {
    let from = gap.from.as_ref().map(|from| from.as_str());
    let said = (gap.reason, gap.missed, from);
    let due = (expected.reason, expected.missed, expected.from.as_deref());
    assert!(
        said == due && is_at(gap.to, expected.to),
        "{gap:?} is not {expected:?}"
    );
}

/// A client's view of an item.
fn client_event(next: &Next, epoch: &str) -> ClientEvent {
    match next {
        Next::Item(item) => ClientEvent {
            event_type: "message".into(),
            data: item.number.to_string(),
            last_event_id: format!("{epoch}-{}", written(item.place)),
        },
        Next::Gap(gap) => {
            let to = format!("{epoch}-{}", written(gap.to));
            let missed = gap.missed.map(|missed| format!("\"missed\":{missed},"));
            let from = gap.from.as_ref().map(|from| format!("\"{from}\""));
            ClientEvent {
                event_type: "_eric_gap".into(),
                data: format!(
                    "{{\"reason\":\"{}\",{}\"from\":{},\"to\":\"{to}\"}}",
                    gap.reason.as_str(),
                    missed.unwrap_or_default(),
                    from.unwrap_or("null".into()),
                ),
                last_event_id: to,
            }
        }
    }
}
