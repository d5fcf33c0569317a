//! SocketClient: the server's verbs as methods.
//!
//! The methods are named like those of the reference's `SocketClient`. Requests share one connection, one after another;
//! each stream has its own. A connection that the server has closed meanwhile is made anew.

pub(crate) mod error;
pub(crate) mod stream;

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use crate::server::client::error::{SocketError, not_json, refusal};
use crate::server::client::stream::SocketStream;

/// A client of a [`SocketServer`](super::SocketServer). Cloning it is making another one: it holds a path and one
/// connection.
#[derive(Debug)]
pub struct SocketClient {
    path: PathBuf,
    /// Taken out during a request: one that is dropped halfway takes its connection along.
    connection: Mutex<Option<BufReader<UnixStream>>>,
}

#[derive(Default, serde_derive::Serialize)]
struct Asked<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
}

impl SocketClient {
    /// Creates a client of the server at a path. Connects when it is first used.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            connection: Mutex::new(None),
        }
    }

    /// Sends any request, and returns the answer without its line feed. Streams are not for this.
    ///
    /// # Errors
    ///
    /// [`SocketError`], as of all requests: the server is not there, or refuses.
    pub async fn send_payload(&self, payload: &impl Serialize) -> Result<String, SocketError> {
        let request = line(payload)?;
        let mut place = self.connection.lock().await;
        let mut connection = match place.take() {
            Some(mut kept) => match kept.write_all(&request).await {
                Ok(()) => kept,
                // Closed since: nothing of the request was read.
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
        // A server that has turned this client away, or found its request too long, has ended the connection with it.
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
    /// As those of [`send_payload`](Self::send_payload).
    pub async fn create_channel(&self) -> Result<String, SocketError> {
        self.ask("c", Asked::default()).await
    }

    /// Creates a channel with an id: 1 to 64 letters, digits, `.`, `_`, `-` and `:`.
    ///
    /// # Errors
    ///
    /// As those of [`send_payload`](Self::send_payload); [`InvalidChannelException`](crate::InvalidChannelException)
    /// when a channel has the id already.
    pub async fn create_channel_with_id(&self, channel_id: &str) -> Result<String, SocketError> {
        let c = Some(channel_id);
        self.ask(
            "c",
            Asked {
                c,
                ..Asked::default()
            },
        )
        .await
    }

    /// Adds a listener to a channel and returns its id. What is sent from now on waits for it.
    ///
    /// # Errors
    ///
    /// As those of [`send_payload`](Self::send_payload); [`InvalidChannelException`](crate::InvalidChannelException)
    /// when the channel is unknown.
    pub async fn register(&self, channel_id: &str) -> Result<String, SocketError> {
        let c = Some(channel_id);
        self.ask(
            "r",
            Asked {
                c,
                ..Asked::default()
            },
        )
        .await
    }

    /// Sends a message to one listener.
    ///
    /// # Errors
    ///
    /// As those of [`send_payload`](Self::send_payload); [`InvalidChannelException`](crate::InvalidChannelException),
    /// [`InvalidListenerException`](crate::InvalidListenerException) when one of them is unknown;
    /// [`InvalidMessageFormat`](crate::InvalidMessageFormat) when the message cannot be sent;
    /// [`QueueFullException`](crate::QueueFullException) when the listener has no room and refuses.
    pub async fn dispatch(
        &self,
        channel_id: &str,
        listener_id: &str,
        message_type: &str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<(), SocketError> {
        let asked = Asked {
            c: Some(channel_id),
            r: Some(listener_id),
            t: Some(message_type),
            p: Some(&*raw(payload)?),
            ..Asked::default()
        };
        self.ask("d", asked).await.map(drop)
    }

    /// Sends a message to every listener of a channel.
    ///
    /// # Errors
    ///
    /// As those of [`dispatch`](Self::dispatch).
    #[doc(alias = "broadcast")]
    pub async fn broadcast_message(
        &self,
        channel_id: &str,
        message_type: &str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<(), SocketError> {
        let asked = Asked {
            c: Some(channel_id),
            t: Some(message_type),
            p: Some(&*raw(payload)?),
            ..Asked::default()
        };
        self.ask("b", asked).await.map(drop)
    }

    /// Sends a message to every listener of every channel. One channel that refuses it keeps no other from it.
    ///
    /// # Errors
    ///
    /// As those of [`dispatch`](Self::dispatch).
    pub async fn broadcast_to_all(
        &self,
        message_type: &str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<(), SocketError> {
        let asked = Asked {
            t: Some(message_type),
            p: Some(&*raw(payload)?),
            ..Asked::default()
        };
        self.send_payload(&asked).await.map(drop)
    }

    /// Removes a listener, with what waits for it. Its streams end.
    ///
    /// # Errors
    ///
    /// As those of [`dispatch`](Self::dispatch).
    pub async fn remove_listener(
        &self,
        channel_id: &str,
        listener_id: &str,
    ) -> Result<(), SocketError> {
        let asked = Asked {
            c: Some(channel_id),
            r: Some(listener_id),
            ..Asked::default()
        };
        self.ask("rl", asked).await.map(drop)
    }

    /// Closes and removes a channel. Its streams get what is queued, `_eric_channel_closed`, and end.
    ///
    /// # Errors
    ///
    /// As those of [`register`](Self::register).
    pub async fn remove_channel(&self, channel_id: &str) -> Result<(), SocketError> {
        let c = Some(channel_id);
        self.ask(
            "rc",
            Asked {
                c,
                ..Asked::default()
            },
        )
        .await
        .map(drop)
    }

    /// Returns the counters of the server, or those of one channel.
    ///
    /// # Errors
    ///
    /// As those of [`register`](Self::register).
    pub async fn stats(&self, channel_id: Option<&str>) -> Result<serde_json::Value, SocketError> {
        let c = channel_id;
        let answer = self
            .ask(
                "s",
                Asked {
                    c,
                    ..Asked::default()
                },
            )
            .await?;
        serde_json::from_str(&answer).map_err(SocketError::Answer)
    }

    /// Starts a listener and streams what it gets. What the stream has not yielded when it is dropped is the next one's.
    ///
    /// That the channel or listener is unknown is the stream's first item; that the listener was full and disconnected, or
    /// that the server is not there any more, its last.
    ///
    /// # Errors
    ///
    /// [`SocketError::Connect`] when the server is not there.
    #[doc(alias = "listen")]
    pub async fn stream(
        &self,
        channel_id: &str,
        listener_id: &str,
    ) -> Result<SocketStream, SocketError> {
        self.listen(channel_id, listener_id, None).await
    }

    /// As [`stream`](Self::stream), for so many events, at least one: no more is taken from the listener, and nothing of it
    /// comes again if all were yielded before the stream is dropped.
    ///
    /// # Errors
    ///
    /// As those of [`stream`](Self::stream).
    pub async fn stream_some(
        &self,
        channel_id: &str,
        listener_id: &str,
        most: u64,
    ) -> Result<SocketStream, SocketError> {
        self.listen(channel_id, listener_id, Some(most)).await
    }

    async fn listen(
        &self,
        channel_id: &str,
        listener_id: &str,
        most: Option<u64>,
    ) -> Result<SocketStream, SocketError> {
        let asked = Asked {
            v: Some("l"),
            c: Some(channel_id),
            r: Some(listener_id),
            n: most,
            ..Asked::default()
        };
        self.open(channel_id, &asked).await
    }

    /// Streams what is broadcast on a channel from now on, to a listener that leaves with the stream.
    ///
    /// # Errors
    ///
    /// As those of [`stream`](Self::stream).
    pub async fn watch(&self, channel_id: &str) -> Result<SocketStream, SocketError> {
        let asked = Asked {
            v: Some("w"),
            c: Some(channel_id),
            ..Asked::default()
        };
        self.open(channel_id, &asked).await
    }

    /// As [`watch`](Self::watch), for so many events, at least one.
    ///
    /// # Errors
    ///
    /// As those of [`stream`](Self::stream).
    pub async fn watch_some(
        &self,
        channel_id: &str,
        most: u64,
    ) -> Result<SocketStream, SocketError> {
        let asked = Asked {
            v: Some("w"),
            c: Some(channel_id),
            n: Some(most),
            ..Asked::default()
        };
        self.open(channel_id, &asked).await
    }

    async fn open(&self, channel_id: &str, asked: &Asked<'_>) -> Result<SocketStream, SocketError> {
        let request = line(asked)?;
        let socket = self.connect_and_write(&request).await?;
        let (path, channel_id) = (self.path.clone(), channel_id.to_owned());
        let check = async move { Self::new(path).stats(Some(&channel_id)).await.map(drop) };
        Ok(SocketStream::new(socket, asked.n, Box::pin(check)))
    }

    async fn ask(&self, verb: &str, asked: Asked<'_>) -> Result<String, SocketError> {
        let v = Some(verb);
        self.send_payload(&Asked { v, ..asked }).await
    }

    async fn connect_and_write(&self, request: &[u8]) -> Result<UnixStream, SocketError> {
        let stream = UnixStream::connect(&self.path).await;
        let mut connection = stream.map_err(SocketError::Connect)?;
        // A server that turns this client away may have closed already; what it said can still be read.
        let _ = connection.write_all(request).await;
        Ok(connection)
    }
}

fn raw(payload: &(impl Serialize + ?Sized)) -> Result<Box<RawValue>, SocketError> {
    serde_json::value::to_raw_value(payload).map_err(not_json)
}

fn line(payload: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, SocketError> {
    let mut line = serde_json::to_vec(payload).map_err(not_json)?;
    // Raw values may hold line feeds where JSON allows spaces; strings never do.
    line.iter_mut()
        .filter(|byte| **byte == b'\n')
        .for_each(|byte| *byte = b' ');
    line.push(b'\n');
    Ok(line)
}
