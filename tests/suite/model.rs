//! A plain model of a channel: a list of waiting numbers per listener, to which every send is
//! appended.
//!
//! It says what each call has to answer and what each stream has to yield; it has no log, no
//! cursors and no sharing. `against_model` compares the crate with it.

/// The action of a listener when a message is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Manner {
    /// Has no `on_message`.
    #[default]
    Plain,
    /// Refuses every third message.
    Picky,
    /// Stops itself at every fifth message.
    Quitter,
}

impl Manner {
    pub fn refuses(self, number: usize) -> bool {
        self == Self::Picky && number.is_multiple_of(3)
    }

    pub fn stops_at(self, number: usize) -> bool {
        self == Self::Quitter && number.is_multiple_of(5)
    }
}

/// How a stream yields messages: one at a time, or all that are ready.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Kind {
    #[default]
    Messages,
    Events,
    Bytes,
}

/// An item of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Number(usize),
    Closed,
}

/// The result of one poll of a stream. A chunk of bytes may hold several items, or none: the first
/// one holds the reconnection time.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Items(Vec<Item>),
    Waits,
    Ended,
}

/// The codes that tell the errors apart.
pub const CLOSED_CHANNEL: &str = "ERIC_INVALID_CHANNEL";
pub const UNKNOWN_LISTENER: &str = "ERIC_INVALID_LISTENER";
pub const NO_MESSAGES: &str = "ERIC_NO_MESSAGES";
pub const REFUSED: &str = "ERIC_CALLBACK";

#[derive(Default)]
pub struct Listener {
    pub manner: Manner,
    pub running: bool,
    /// The waiting entries; `None` while the listener is not registered.
    pub queue: Option<Vec<usize>>,
    /// How often it was registered: a stream belongs to one registration.
    pub registrations: usize,
}

#[derive(Default)]
pub struct Stream {
    listener: usize,
    registration: usize,
    kind: Kind,
    /// Whether the listener is removed with this stream.
    owns_listener: bool,
    /// Whether the listener was running when the stream was opened or first read.
    started: bool,
    /// Whether the listener was stopped or removed since the stream was opened: it ends when it is
    /// read.
    cut: bool,
    ended: bool,
    /// Whether nothing was read yet.
    fresh: bool,
    /// Whether the stream waits, and has been told to look again.
    pub waits: bool,
    pub called: bool,
}

#[derive(Default)]
pub struct Model {
    pub listeners: Vec<Listener>,
    /// Dropped streams leave a gap.
    pub streams: Vec<Option<Stream>>,
    /// Indices of the registered listeners, oldest first.
    pub registered: Vec<usize>,
    pub closed: bool,
}

impl Model {
    /// Adds a listener that is not registered yet.
    pub fn add(&mut self, manner: Manner) {
        let listener = Listener::default();
        self.listeners.push(Listener { manner, ..listener });
    }

    pub fn register(&mut self, at: usize) -> Result<(), &'static str> {
        if self.closed {
            return Err(CLOSED_CHANNEL);
        }
        if self.listeners[at].queue.is_some() {
            return Err(UNKNOWN_LISTENER);
        }
        self.listeners[at].queue = Some(Vec::new());
        self.listeners[at].registrations += 1;
        self.registered.push(at);
        Ok(())
    }

    pub fn remove(&mut self, at: usize) -> Result<(), &'static str> {
        self.listeners[at].queue.take().ok_or(UNKNOWN_LISTENER)?;
        self.registered.retain(|registered| *registered != at);
        self.cut(at);
        Ok(())
    }

    pub fn start(&mut self, at: usize) {
        self.listeners[at].running = true;
    }

    pub fn stop(&mut self, at: usize) {
        self.listeners[at].running = false;
        self.cut(at);
    }

    pub fn dispatch(&mut self, at: usize, number: usize) -> Result<(), &'static str> {
        let queue = self.listeners[at].queue.as_mut().ok_or(UNKNOWN_LISTENER)?;
        if self.closed {
            return Err(CLOSED_CHANNEL);
        }
        queue.push(number);
        self.call(at);
        Ok(())
    }

    pub fn broadcast(&mut self, number: usize) -> Result<(), &'static str> {
        if self.closed {
            return Err(CLOSED_CHANNEL);
        }
        for at in self.registered.clone() {
            let _ = self.dispatch(at, number);
        }
        Ok(())
    }

    pub fn close(&mut self) {
        self.closed = true;
        (0..self.listeners.len()).for_each(|at| self.call(at));
    }

    pub fn deliver_next(&mut self, at: usize) -> Result<usize, &'static str> {
        let Listener {
            manner,
            running,
            queue,
            ..
        } = &mut self.listeners[at];
        let queue = queue.as_mut().ok_or(UNKNOWN_LISTENER)?;
        if !*running {
            return Err(NO_MESSAGES);
        }
        if queue.is_empty() {
            return Err(NO_MESSAGES);
        }
        let number = queue.remove(0);
        if manner.refuses(number) {
            return Err(REFUSED);
        }
        if manner.stops_at(number) {
            self.stop(at);
        }
        Ok(number)
    }

    pub fn open(&mut self, at: usize, kind: Kind) -> Result<(), &'static str> {
        if self.listeners[at].queue.is_none() {
            return Err(UNKNOWN_LISTENER);
        }
        self.streams.push(Some(Stream {
            listener: at,
            registration: self.listeners[at].registrations,
            kind,
            started: self.listeners[at].running,
            fresh: true,
            ..Stream::default()
        }));
        Ok(())
    }

    pub fn watch(&mut self, kind: Kind) -> Result<(), &'static str> {
        if self.closed {
            return Err(CLOSED_CHANNEL);
        }
        self.add(Manner::Plain);
        let at = self.listeners.len() - 1;
        self.register(at)?;
        self.start(at);
        self.open(at, kind)?;
        self.stream(self.streams.len() - 1).owns_listener = true;
        Ok(())
    }

    pub fn poll(&mut self, number: usize) -> Answer {
        let stream = self.stream(number);
        (stream.waits, stream.called) = (false, false);
        let mut items = Vec::new();
        loop {
            let stream = self.streams[number].as_mut().expect("an open stream");
            stream.started |= self.listeners[stream.listener].running;
            if stream.ended || stream.cut || !stream.started {
                self.end(number);
                return match items.is_empty() {
                    true => Answer::Ended,
                    false => Answer::Items(items),
                };
            }
            let at = stream.listener;
            let whole = stream.kind == Kind::Bytes;
            let first_bytes = std::mem::take(&mut stream.fresh) && whole;
            let Listener { manner, queue, .. } = &mut self.listeners[at];
            let queue = queue.as_mut().expect("it would be cut otherwise");
            if !queue.is_empty() {
                let taken = queue.remove(0);
                if manner.refuses(taken) {
                    stream.fresh = first_bytes;
                    continue;
                }
                if manner.stops_at(taken) {
                    self.stop(at);
                }
                items.push(Item::Number(taken));
            } else if self.closed {
                self.listeners[at].running = false;
                self.end(number);
                items.push(Item::Closed);
            } else if first_bytes || !items.is_empty() {
                return Answer::Items(items);
            } else {
                stream.waits = true;
                return Answer::Waits;
            }
            if !whole {
                return Answer::Items(items);
            }
        }
    }

    /// Puts back what a stream yielded last.
    pub fn give_back(&mut self, stream: usize, number: usize) {
        let Stream {
            listener: at,
            registration,
            ..
        } = *self.stream(stream);
        let listener = &mut self.listeners[at];
        if let Some(queue) = &mut listener.queue
            && listener.registrations == registration
        {
            queue.insert(0, number);
        }
        self.call(at);
    }

    pub fn drop_stream(&mut self, number: usize) {
        self.end(number);
        self.streams[number] = None;
    }

    fn end(&mut self, number: usize) {
        let stream = self.stream(number);
        let (at, registration) = (stream.listener, stream.registration);
        let ends = !std::mem::replace(&mut stream.ended, true);
        if ends && stream.owns_listener && self.listeners[at].registrations == registration {
            let _ = self.remove(at);
        }
    }

    /// Ends the streams of a listener, when they look next.
    fn cut(&mut self, at: usize) {
        self.streams_of(at).for_each(|stream| stream.cut = true);
        self.call(at);
    }

    /// Calls the waiting streams of a listener.
    fn call(&mut self, at: usize) {
        self.streams_of(at)
            .for_each(|stream| stream.called |= stream.waits);
    }

    fn stream(&mut self, number: usize) -> &mut Stream {
        self.streams[number].as_mut().expect("an open stream")
    }

    fn streams_of(&mut self, at: usize) -> impl Iterator<Item = &mut Stream> {
        self.streams
            .iter_mut()
            .flatten()
            .filter(move |stream| stream.listener == at)
    }
}
