//! Hub: what the verbs do, on the server's channels.

use std::cell::Cell;

use tokio::sync::Notify;

use crate::channel::listener::MessageQueueListener;
use crate::channel::subscription::ListenerOptions;
use crate::model::limit::History;
use crate::sse::channel::{SseChannel, SseOptions};
use crate::sse::container::ChannelContainer;
use crate::stream::MessageStream;

use crate::server::options::ServerOptions;
use crate::server::packet::Packet;
use crate::server::protocol::refusal::Refusal;
use crate::server::protocol::{Letter, Request};
use crate::server::reader::handover::Readers;
use crate::server::report;

/// The channels of a server, and what it has counted.
pub(crate) struct Hub {
    pub(crate) options: ServerOptions,
    channels: ChannelContainer<Packet>,
    channel_count: Cell<usize>,
    pub(crate) counters: Counters,
    pub(crate) readers: Readers,
    /// Wakes the writers of stalled streams when channels are closed.
    pub(crate) closing: Notify,
}

/// What a server counts.
#[derive(Default)]
pub(crate) struct Counters {
    /// The connections that are open.
    pub(crate) connections: Cell<u64>,
    /// The streams that are open.
    pub(crate) streams: Cell<u64>,
    /// The connections that were ever admitted.
    pub(crate) admitted: Cell<u64>,
    /// The requests that were ever read, refused ones included.
    pub(crate) requests: Cell<u64>,
    /// The requests and connections that were refused.
    pub(crate) refused: Cell<u64>,
    /// The messages that were queued again because their reader left.
    pub(crate) given_back: Cell<u64>,
}

/// Adds to a counter.
pub(crate) fn count(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get() + more);
}

/// What a request comes to.
pub(crate) enum Outcome {
    /// `ack`.
    Ack,
    /// An id, or a line of counters.
    Text(String),
    /// A stream, which takes over the connection.
    Stream(Feed),
}

/// A stream, and what is known of it.
pub(crate) struct Feed {
    pub(crate) stream: MessageStream<Packet>,
    pub(crate) channel: SseChannel<Packet>,
    /// Whether the listener stays when the stream ends, and what was not read with it.
    pub(crate) stays: bool,
    /// How many events the reader wants; without an end when `None`.
    pub(crate) most: Option<u64>,
}

impl Hub {
    pub(crate) fn new(options: ServerOptions) -> Self {
        Self {
            options,
            channels: ChannelContainer::new(),
            channel_count: Cell::new(0),
            counters: Counters::default(),
            readers: Readers::default(),
            closing: Notify::new(),
        }
    }

    /// Returns the reconnection time that events carry, in milliseconds.
    pub(crate) fn retry(&self) -> u64 {
        u64::try_from(self.options.retry.as_millis()).unwrap_or(u64::MAX)
    }

    /// Does what a request asks for.
    pub(crate) fn execute(&self, request: Request<'_>) -> Result<Outcome, Refusal> {
        match request {
            Request::Create(id) => self.create(id.map(Into::into)),
            Request::Register(channel) => self.register(&channel),
            Request::Dispatch(channel, listener, letter) => {
                let packet = self.packet(&letter);
                let channel = self.channels.get(&channel)?;
                channel.dispatch(&listener, packet)?;
                Ok(Outcome::Ack)
            }
            Request::Broadcast(channel, letter) => {
                self.channels
                    .get(&channel)?
                    .broadcast(self.packet(&letter))?;
                Ok(Outcome::Ack)
            }
            Request::BroadcastToAll(letter) => self.broadcast_to_all(&letter),
            Request::Listen(channel, listener, most) => {
                let channel = self.channels.get(&channel)?;
                let listener = channel.get_listener(&listener)?;
                listener.start_sync();
                Ok(Outcome::Stream(Feed {
                    stream: channel.message_stream(&listener)?,
                    channel,
                    stays: true,
                    most,
                }))
            }
            Request::Watch(channel, most) => {
                let channel = self.with_room_for_a_listener(&channel)?;
                Ok(Outcome::Stream(Feed {
                    stream: channel.watch_with(self.listener_options(), None)?,
                    channel,
                    stays: false,
                    most,
                }))
            }
            Request::RemoveListener(channel, listener) => {
                self.channels.get(&channel)?.remove_listener(&listener)?;
                Ok(Outcome::Ack)
            }
            Request::RemoveChannel(channel) => {
                self.channels.rm(&channel)?;
                self.closing.notify_waiters();
                self.channel_count.set(self.channel_count.get() - 1);
                Ok(Outcome::Ack)
            }
            Request::Stats(None) => Ok(Outcome::Text(report::server(self))),
            Request::Stats(Some(channel)) => {
                let channel = self.channels.get(&channel)?;
                Ok(Outcome::Text(report::channel(&channel)))
            }
        }
    }

    fn create(&self, id: Option<String>) -> Result<Outcome, Refusal> {
        if self.channel_count.get() >= self.options.channels {
            let most = self.options.channels;
            return Err(Refusal::limit(format_args!("there are {most} channels")));
        }
        // Nobody can come back with an event id, so there is no history to keep for them.
        let channel = self.channels.add(SseOptions {
            id,
            history: History::NONE,
            ..SseOptions::default()
        })?;
        self.channel_count.set(self.channel_count.get() + 1);
        Ok(Outcome::Text(channel.id().into()))
    }

    fn register(&self, channel: &str) -> Result<Outcome, Refusal> {
        let channel = self.with_room_for_a_listener(channel)?;
        let listener = MessageQueueListener::new();
        channel.register_with(&listener, self.listener_options())?;
        Ok(Outcome::Text(listener.id().into()))
    }

    fn with_room_for_a_listener(&self, channel: &str) -> Result<SseChannel<Packet>, Refusal> {
        let channel = self.channels.get(channel)?;
        if channel.listener_count() >= self.options.listeners {
            let most = self.options.listeners;
            let why = format_args!("the channel has {most} listeners");
            return Err(Refusal::limit(why));
        }
        Ok(channel)
    }

    fn listener_options(&self) -> ListenerOptions {
        ListenerOptions {
            limit: self.options.queue,
            resumable: false,
        }
    }

    /// A channel that refuses the message keeps no other from it.
    fn broadcast_to_all(&self, letter: &Letter<'_>) -> Result<Outcome, Refusal> {
        let (packet, mut refused) = (self.packet(letter), None);
        for channel in &self.channels {
            if let Err(error) = channel.broadcast(packet.clone()) {
                refused = Some(error);
            }
        }
        match refused {
            Some(error) => Err(error.into()),
            None => Ok(Outcome::Ack),
        }
    }

    fn packet(&self, letter: &Letter<'_>) -> Packet {
        Packet::new(letter.event_type.clone(), letter.payload, self.retry())
    }

    /// Returns the channels in the order in which they were created.
    pub(crate) fn channels(&self) -> Vec<SseChannel<Packet>> {
        self.channels.channels()
    }

    /// Closes all channels: their streams pass on what is queued and end.
    pub(crate) fn close(&self) {
        self.channels.close();
        self.closing.notify_waiters();
        self.channel_count.set(0);
    }
}
