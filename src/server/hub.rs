//! Hub: carries out requests on the server's channels.

use tokio::sync::Notify;

use crate::channel::AbstractChannel;
use crate::channel::listener::MessageQueueListener;
use crate::channel::subscription::RegisterOptions;
use crate::model::limit::History;
use crate::server::message::WireMessage;
use crate::server::options::ServerOptions;
use crate::server::protocol::refusal::Refusal;
use crate::server::protocol::request::{MessageFields, Request};
use crate::server::reader::handover::Readers;
use crate::server::report::{self, Counters};
use crate::sse::container::ChannelContainer;
use crate::stream::MessageStream;

/// A channel of the server.
pub(crate) type ServerChannel = AbstractChannel<WireMessage>;

/// The channels of a server, and what it has counted.
pub(crate) struct Hub {
    pub(crate) options: ServerOptions,
    channels: ChannelContainer<ServerChannel>,
    pub(crate) counters: Counters,
    pub(crate) readers: Readers,
    /// Wakes the writers of stalled streams when channels are closed.
    pub(crate) closing: Notify,
}

/// The result of a request.
pub(crate) enum Reply {
    /// `ack`.
    Ack,
    /// An id, or a line of counters.
    Text(String),
    /// A stream, which takes over the connection.
    Stream(OpenFeed),
}

/// A stream that a client has opened.
pub(crate) struct OpenFeed {
    pub(crate) stream: MessageStream<WireMessage>,
    pub(crate) channel: ServerChannel,
    /// Whether the listener, with its unread messages, remains when the stream ends.
    pub(crate) keeps_listener: bool,
    /// The number of events after which the stream is complete; unlimited if `None`.
    pub(crate) most: Option<u64>,
}

impl Hub {
    pub(crate) fn new(options: ServerOptions) -> Self {
        Self {
            options,
            channels: ChannelContainer::new(),
            counters: Counters::default(),
            readers: Readers::default(),
            closing: Notify::new(),
        }
    }

    /// Returns the reconnection time that events carry, in milliseconds.
    pub(crate) fn retry(&self) -> u64 {
        u64::try_from(self.options.retry.as_millis()).unwrap_or(u64::MAX)
    }

    /// Carries out a request.
    pub(crate) fn execute(&self, request: Request<'_>) -> Result<Reply, Refusal> {
        match request {
            Request::Create(id) => self.create(id.as_deref()),
            Request::Register(channel) => self.register(&channel),
            Request::Dispatch(channel, listener, fields) => {
                let message = self.message(&fields);
                self.channels.get(&channel)?.dispatch(&listener, message)?;
                Ok(Reply::Ack)
            }
            Request::Broadcast(channel, fields) => {
                let message = self.message(&fields);
                self.channels.get(&channel)?.broadcast(message)?;
                Ok(Reply::Ack)
            }
            Request::BroadcastToAll(fields) => self.broadcast_to_all(&fields),
            Request::Listen(channel, listener, most) => {
                let channel = self.channels.get(&channel)?;
                let listener = channel.get_listener(&listener)?;
                listener.start_sync();
                Ok(Reply::Stream(OpenFeed {
                    stream: channel.message_stream(&listener)?,
                    channel,
                    keeps_listener: true,
                    most,
                }))
            }
            Request::Watch(channel, most) => {
                let channel = self.with_room_for_a_listener(&channel)?;
                Ok(Reply::Stream(OpenFeed {
                    stream: channel.watch_with(self.listener_options(), None)?,
                    channel,
                    keeps_listener: false,
                    most,
                }))
            }
            Request::RemoveListener(channel, listener) => {
                self.channels.get(&channel)?.remove_listener(&listener)?;
                Ok(Reply::Ack)
            }
            Request::RemoveChannel(channel) => {
                self.channels.rm(&channel)?;
                self.closing.notify_waiters();
                Ok(Reply::Ack)
            }
            Request::Stats(None) => Ok(Reply::Text(report::server(
                &self.counters,
                &self.channels(),
            ))),
            Request::Stats(Some(channel)) => {
                let channel = self.channels.get(&channel)?;
                Ok(Reply::Text(report::channel(&channel)))
            }
        }
    }

    fn create(&self, id: Option<&str>) -> Result<Reply, Refusal> {
        let most = self.options.channels;
        if self.channels.len() >= most {
            return Err(Refusal::limit(format_args!(
                "the server has {most} channels, the most that it allows: remove one first"
            )));
        }
        // A reader of the socket cannot resume after an event id, so no history is kept.
        let channel = ServerChannel::create(id.map(Into::into), History::NONE, WireMessage::bytes);
        self.channels.register(&channel)?;
        Ok(Reply::Text(channel.id().into()))
    }

    fn register(&self, channel: &str) -> Result<Reply, Refusal> {
        let channel = self.with_room_for_a_listener(channel)?;
        let listener = MessageQueueListener::new();
        channel.register_with(&listener, self.listener_options())?;
        Ok(Reply::Text(listener.id().into()))
    }

    fn with_room_for_a_listener(&self, channel: &str) -> Result<ServerChannel, Refusal> {
        let channel = self.channels.get(channel)?;
        let most = self.options.listeners;
        if channel.listener_count() >= most {
            return Err(Refusal::limit(format_args!(
                "the channel has {most} listeners, the most that it may have: remove one first"
            )));
        }
        Ok(channel)
    }

    fn listener_options(&self) -> RegisterOptions {
        RegisterOptions {
            limit: self.options.queue,
            resumable: false,
        }
    }

    /// If one channel refuses the message, the others still receive it.
    fn broadcast_to_all(&self, fields: &MessageFields<'_>) -> Result<Reply, Refusal> {
        let (message, mut refused) = (self.message(fields), None);
        for channel in &self.channels {
            if let Err(error) = channel.broadcast(message.clone()) {
                refused = Some(error);
            }
        }
        match refused {
            Some(error) => Err(error.into()),
            None => Ok(Reply::Ack),
        }
    }

    fn message(&self, fields: &MessageFields<'_>) -> WireMessage {
        WireMessage::new(fields.event_type.clone(), fields.payload, self.retry())
    }

    /// Returns the channels in the order in which they were created.
    pub(crate) fn channels(&self) -> Vec<ServerChannel> {
        self.channels.channels()
    }

    /// Closes all channels: their streams deliver what is queued and end.
    pub(crate) fn close(&self) {
        self.channels.close();
        self.closing.notify_waiters();
    }
}
