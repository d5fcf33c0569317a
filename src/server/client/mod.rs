//! SocketClient: the server's verbs as methods.
//!
//! The methods have the names of the reference's `SocketClient`. Requests share one connection, one
//! after another; each stream has its own. If the server has closed the connection in the meantime,
//! the client connects again.

mod asked;
pub(crate) mod error;
pub(crate) mod stream;

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use crate::server::client::asked::{Asked, line};
use crate::server::client::error::{SocketError, refusal};
use crate::server::client::stream::SocketStream;

/// A client of a [`SocketServer`](super::SocketServer).
///
/// It holds a path and one connection, so several clients are made by calling [`new`](Self::new)
/// again.
#[derive(Debug)]
pub struct SocketClient {
    path: PathBuf,
    /// Taken out during a request, so that a request that is dropped halfway drops its connection
    /// too.
    connection: Mutex<Option<BufReader<UnixStream>>>,
}

impl SocketClient {
    /// Creates a client of the server at a path. Connects when it is first used.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            connection: Mutex::new(None),
        }
    }

    /// Sends any request except one that opens a stream, and returns the answer without its line
    /// feed.
    ///
    /// # Errors
    ///
    /// [`SocketError`] if the server cannot be reached or refuses, as for every request.
    pub async fn send_payload(&self, payload: &impl Serialize) -> Result<String, SocketError> {
        let request = line(payload)?;
        let mut place = self.connection.lock().await;
        let mut connection = match place.take() {
            Some(mut kept) => match kept.write_all(&request).await {
                Ok(()) => kept,
                // The server has closed it since, and has read nothing of the request.
                Err(_) => BufReader::new(self.connect_and_write(&request).await?),
            },
            None => BufReader::new(self.connect_and_write(&request).await?),
        };
        let mut answer = String::new();
        let read = connection.read_line(&mut answer).await;
        if read.map_err(SocketError::Broken)? == 0 {
            return Err(SocketError::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        if answer.ends_with('\n') {
            answer.pop();
        }
        let refused = refusal(answer.as_bytes());
        // A server that has turned this client away, or found its request too long, has ended the
        // connection with that answer.
        if !matches!(refused, Some(SocketError::Refused { .. })) {
            *place = Some(connection);
        }
        match refused {
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }

    /// Creates a channel and returns its id.
    ///
    /// # Errors
    ///
    /// The errors of [`send_payload`](Self::send_payload).
    pub async fn create_channel(&self) -> Result<String, SocketError> {
        self.send_payload(&Asked::verb("c")).await
    }

    /// Creates a channel with an id: 1 to 64 letters, digits, `.`, `_`, `-` and `:`.
    ///
    /// # Errors
    ///
    /// The errors of [`send_payload`](Self::send_payload), and
    /// [`InvalidChannelException`](crate::InvalidChannelException) if a channel already has the id.
    pub async fn create_channel_with_id(&self, channel_id: &str) -> Result<String, SocketError> {
        self.send_payload(&Asked::verb("c").channel(channel_id))
            .await
    }

    /// Adds a listener to a channel and returns its id. Messages that are sent from now on wait for
    /// it.
    ///
    /// # Errors
    ///
    /// The errors of [`send_payload`](Self::send_payload), and
    /// [`InvalidChannelException`](crate::InvalidChannelException) if the channel is unknown.
    pub async fn register(&self, channel_id: &str) -> Result<String, SocketError> {
        self.send_payload(&Asked::verb("r").channel(channel_id))
            .await
    }

    /// Sends a message to one listener.
    ///
    /// # Errors
    ///
    /// The errors of [`send_payload`](Self::send_payload), and:
    ///
    /// - [`InvalidChannelException`](crate::InvalidChannelException) or
    ///   [`InvalidListenerException`](crate::InvalidListenerException) if one of them is unknown;
    /// - [`InvalidMessageFormat`](crate::InvalidMessageFormat) if the message cannot be sent;
    /// - [`QueueFullException`](crate::QueueFullException) if the listener's queue is full and
    ///   refuses the message.
    pub async fn dispatch(
        &self,
        channel_id: &str,
        listener_id: &str,
        message_type: &str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<(), SocketError> {
        let asked = Asked::verb("d").channel(channel_id).listener(listener_id);
        let asked = asked.message(message_type, payload)?;
        self.send_payload(&asked).await.map(drop)
    }

    /// Sends a message to every listener of a channel.
    ///
    /// # Errors
    ///
    /// The errors of [`dispatch`](Self::dispatch).
    #[doc(alias = "broadcast")]
    pub async fn broadcast_message(
        &self,
        channel_id: &str,
        message_type: &str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<(), SocketError> {
        let asked = Asked::verb("b").channel(channel_id);
        let asked = asked.message(message_type, payload)?;
        self.send_payload(&asked).await.map(drop)
    }

    /// Sends a message to every listener of every channel. If one channel refuses it, the others
    /// still receive it.
    ///
    /// # Errors
    ///
    /// The errors of [`dispatch`](Self::dispatch).
    pub async fn broadcast_to_all(
        &self,
        message_type: &str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<(), SocketError> {
        let asked = Asked::without_verb().message(message_type, payload)?;
        self.send_payload(&asked).await.map(drop)
    }

    /// Removes a listener, with the messages that wait for it. Its streams end.
    ///
    /// # Errors
    ///
    /// The errors of [`dispatch`](Self::dispatch).
    pub async fn remove_listener(
        &self,
        channel_id: &str,
        listener_id: &str,
    ) -> Result<(), SocketError> {
        let asked = Asked::verb("rl").channel(channel_id).listener(listener_id);
        self.send_payload(&asked).await.map(drop)
    }

    /// Closes and removes a channel. Its streams receive what is queued and `_eric_channel_closed`,
    /// and end.
    ///
    /// # Errors
    ///
    /// The errors of [`register`](Self::register).
    pub async fn remove_channel(&self, channel_id: &str) -> Result<(), SocketError> {
        let asked = Asked::verb("rc").channel(channel_id);
        self.send_payload(&asked).await.map(drop)
    }

    /// Returns the counters of the server, or those of one channel.
    ///
    /// # Errors
    ///
    /// The errors of [`register`](Self::register).
    pub async fn stats(&self, channel_id: Option<&str>) -> Result<serde_json::Value, SocketError> {
        let asked = Asked::verb("s").channel(channel_id);
        let answer = self.send_payload(&asked).await?;
        serde_json::from_str(&answer).map_err(SocketError::Answer)
    }

    /// Starts a listener and streams its messages. Messages that the stream has not yielded when it
    /// is dropped go to the listener's next stream.
    ///
    /// An unknown channel or listener is the stream's first item. A disconnect because the
    /// listener's queue was full, or the end of the server, is its last.
    ///
    /// # Errors
    ///
    /// [`SocketError::Connect`] if the server cannot be reached.
    #[doc(alias = "listen")]
    pub async fn stream(
        &self,
        channel_id: &str,
        listener_id: &str,
    ) -> Result<SocketStream, SocketError> {
        self.listen(channel_id, listener_id, None).await
    }

    /// As [`stream`](Self::stream), for a number of events, at least one. The stream takes no more
    /// from the listener. If it yields all of them before it is dropped, none of them is delivered
    /// again.
    ///
    /// # Errors
    ///
    /// The errors of [`stream`](Self::stream).
    pub async fn stream_some(
        &self,
        channel_id: &str,
        listener_id: &str,
        most: u64,
    ) -> Result<SocketStream, SocketError> {
        self.listen(channel_id, listener_id, Some(most)).await
    }

    /// Streams what is broadcast on a channel from now on, to a listener that is removed with the
    /// stream.
    ///
    /// # Errors
    ///
    /// The errors of [`stream`](Self::stream).
    pub async fn watch(&self, channel_id: &str) -> Result<SocketStream, SocketError> {
        self.open(channel_id, Asked::verb("w"), None).await
    }

    /// As [`watch`](Self::watch), for a number of events, at least one.
    ///
    /// # Errors
    ///
    /// The errors of [`stream`](Self::stream).
    pub async fn watch_some(
        &self,
        channel_id: &str,
        most: u64,
    ) -> Result<SocketStream, SocketError> {
        self.open(channel_id, Asked::verb("w"), Some(most)).await
    }

    async fn listen(
        &self,
        channel_id: &str,
        listener_id: &str,
        most: Option<u64>,
    ) -> Result<SocketStream, SocketError> {
        let asked = Asked::verb("l").listener(listener_id);
        self.open(channel_id, asked, most).await
    }

    async fn open<'a>(
        &self,
        channel_id: &'a str,
        asked: Asked<'a>,
        most: Option<u64>,
    ) -> Result<SocketStream, SocketError> {
        let request = line(&asked.channel(channel_id).most(most))?;
        let socket = self.connect_and_write(&request).await?;
        let (path, channel_id) = (self.path.clone(), channel_id.to_owned());
        let check = async move { Self::new(path).stats(Some(&channel_id)).await.map(drop) };
        Ok(SocketStream::new(socket, most, Box::pin(check)))
    }

    async fn connect_and_write(&self, request: &[u8]) -> Result<UnixStream, SocketError> {
        let stream = UnixStream::connect(&self.path).await;
        let mut connection = stream.map_err(SocketError::Connect)?;
        // A server that turns this client away may have closed the connection already. Its answer
        // can still be read.
        let _ = connection.write_all(request).await;
        Ok(connection)
    }
}
