//! A channel in use, and everything that a callback may do to it from within.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use eric_sse::{
    Delivered, Event, EventType, MessageQueueListener, MessageStream, SseChannel, ToEvent,
};

use super::support::*;

/// A message that can call back when it is encoded and when its last clone is dropped.
#[derive(Clone)]
pub struct Note(Rc<Inner>);

struct Inner {
    text: String,
    on_encode: Option<Box<dyn Fn()>>,
    _on_drop: Option<OnDrop>,
}

impl Note {
    pub fn new(text: impl Into<String>) -> Self {
        Self::with(text, None, None)
    }

    pub fn with(
        text: impl Into<String>,
        on_encode: Option<Box<dyn Fn()>>,
        on_drop: Option<Box<dyn Fn()>>,
    ) -> Self {
        Self(Rc::new(Inner {
            text: text.into(),
            on_encode,
            _on_drop: on_drop.map(OnDrop),
        }))
    }
}

impl ToEvent for Note {
    fn to_event(&self) -> Event {
        if let Some(call) = &self.0.on_encode {
            call();
        }
        Event::new(EventType::new("note").expect("a legal type")).with_data(self.0.text.as_str())
    }

    /// Not the default, which encodes.
    fn bytes(&self) -> u64 {
        ("note".len() + self.0.text.len()) as u64
    }
}

/// The action of a callback.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    Broadcast,
    Dispatch,
    AddListener,
    RemoveListener,
    RemoveAndRegisterAgain,
    RemoveEverybody,
    Stop,
    StopAndStart,
    Close,
    DeliverNext,
    OpenStream,
    PollStream,
    DropStream,
    Watch,
    LookAround,
}

impl Action {
    pub const ALL: [Self; 15] = [
        Self::Broadcast,
        Self::Dispatch,
        Self::AddListener,
        Self::RemoveListener,
        Self::RemoveAndRegisterAgain,
        Self::RemoveEverybody,
        Self::Stop,
        Self::StopAndStart,
        Self::Close,
        Self::DeliverNext,
        Self::OpenStream,
        Self::PollStream,
        Self::DropStream,
        Self::Watch,
        Self::LookAround,
    ];
}

/// A channel with a listener whose stream waits, and a witness that reads everything at the end.
pub struct Scene {
    pub channel: SseChannel<Note>,
    pub listener: MessageQueueListener<Note>,
    /// The listener's stream, while there is one.
    pub stream: RefCell<Option<MessageStream<Note>>>,
    witness: RefCell<MessageStream<Note>>,
    witnessed: Cell<bool>,
    sent: RefCell<Vec<String>>,
    /// The callback's action, performed once, since some actions lead to the callback again.
    action: Cell<Option<Action>>,
    acted: Cell<bool>,
}

impl Scene {
    fn new(action: Action) -> Rc<Self> {
        let channel = SseChannel::<Note>::default();
        let listener = running(&channel);
        Rc::new(Self {
            stream: RefCell::new(Some(channel.message_stream(&listener).unwrap())),
            witness: RefCell::new(channel.watch().unwrap()),
            witnessed: Cell::new(true),
            channel,
            listener,
            sent: RefCell::default(),
            action: Cell::new(Some(action)),
            acted: Cell::new(false),
        })
    }

    /// Plays a situation once with each action, and looks whether the channel is still in order.
    pub fn play(situation: impl Fn(&Rc<Self>)) {
        for action in Action::ALL {
            println!("{action:?}");
            let scene = Self::new(action);
            situation(&scene);
            assert!(scene.acted.get(), "the callback was not called");
            scene.listener.set_on_message(None);
            scene.check();
        }
    }

    /// Returns a callback that acts.
    pub fn callback(self: &Rc<Self>) -> impl Fn() + 'static {
        let scene: Weak<Self> = Rc::downgrade(self);
        move || {
            let scene = scene.upgrade();
            let action = scene.as_ref().and_then(|scene| scene.action.take());
            if let (Some(scene), Some(action)) = (scene, action) {
                scene.acted.set(true);
                scene.act(action);
            }
        }
    }

    /// Polls the listener's stream once, with a waker. Does nothing while it is being polled.
    pub fn poll(&self, waker: &Waker) -> Option<Poll<Option<Delivered<Note>>>> {
        let mut stream = self.stream.try_borrow_mut().ok()?;
        stream.as_mut().map(|stream| poll(stream, waker))
    }

    /// Broadcasts, for the witness to read.
    pub fn broadcast(&self, note: Note) {
        let text = note.0.text.clone();
        if !self.channel.is_closed() {
            self.sent.borrow_mut().push(text);
        }
        let _ = self.channel.broadcast(note);
    }

    fn act(&self, action: Action) {
        let (channel, id) = (&self.channel, self.listener.id());
        match action {
            Action::Broadcast => self.broadcast(Note::new("from the callback")),
            Action::Dispatch => drop(channel.dispatch(id, Note::new("from the callback"))),
            Action::AddListener => drop(channel.add_listener()),
            Action::RemoveListener => drop(channel.remove_listener(id)),
            Action::RemoveAndRegisterAgain => {
                drop(channel.remove_listener(id));
                drop(channel.register_listener(&self.listener));
            }
            Action::RemoveEverybody => {
                self.witnessed.set(false);
                for listener in channel.listeners() {
                    channel.remove_listener(listener.id()).unwrap();
                }
            }
            Action::Stop => self.listener.stop_sync(),
            Action::StopAndStart => {
                self.listener.stop_sync();
                self.listener.start_sync();
            }
            Action::Close => channel.close(),
            Action::DeliverNext => drop(channel.deliver_next(id)),
            Action::OpenStream => {
                if let Ok(mut stream) = channel.message_stream(&self.listener) {
                    drop(poll(&mut stream, Waker::noop()));
                }
            }
            Action::PollStream => drop(self.poll(Waker::noop())),
            Action::DropStream => {
                let stream = self
                    .stream
                    .try_borrow_mut()
                    .ok()
                    .and_then(|mut slot| slot.take());
                drop(stream);
            }
            Action::Watch => {
                if let Ok(mut stream) = channel.watch() {
                    assert!(is_waiting(&mut stream));
                }
            }
            Action::LookAround => {
                drop(channel.waiting(id));
                drop(channel.get_listener(id));
                drop(format!("{channel:?} {:?}", channel.listeners()));
            }
        }
    }

    /// Sees that the witness gets what was broadcast, in that order, and that nothing hangs on.
    fn check(self: Rc<Self>) {
        assert_eq!(
            self.channel.listeners().len(),
            self.channel.listener_count()
        );
        let (heard, _) = ready(&mut *self.witness.borrow_mut());
        if self.witnessed.get() {
            let mut expected = self.sent.take();
            if self.channel.is_closed() {
                expected.push(CLOSED.into());
            }
            let heard: Vec<_> = heard.into_iter().map(said).collect();
            assert_eq!(heard, expected);
        }
        assert_eq!(Rc::strong_count(&self), 1, "something keeps the scene");
    }
}

fn said(delivered: Delivered<Note>) -> String {
    match delivered {
        Delivered::Message(note) => note.0.text.clone(),
        Delivered::Gap(gap) => panic!("nothing can be missing: {gap:?}"),
        Delivered::Closed => CLOSED.into(),
    }
}
