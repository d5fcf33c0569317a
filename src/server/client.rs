//! SocketClient: the server's verbs as methods.
//!
//! The methods are named like those of the reference's `SocketClient`. Requests share one connection, one after another;
//! each stream has its own. A connection that the server has closed meanwhile is made anew.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::Serialize;
use serde_derive::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use crate::error::{
    InvalidChannelException, InvalidListenerException, InvalidMessageFormat, QueueFullException,
};

/// A client of a [`SocketServer`](super::SocketServer). Cloning it is making another one: it holds a path and one
/// connection.
#[derive(Debug)]
pub struct SocketClient {
    path: PathBuf,
    /// Taken out during a request: one that is dropped halfway takes its connection along.
    connection: Mutex<Option<BufReader<UnixStream>>>,
}

/// Why a request came to nothing.
#[derive(Debug)]
pub enum SocketError {
    /// The server refused it, see [`InvalidChannelException`].
    InvalidChannel(InvalidChannelException),
    /// The server refused it, see [`InvalidListenerException`].
    InvalidListener(InvalidListenerException),
    /// The server refused it, or it could not be sent, see [`InvalidMessageFormat`].
    InvalidMessage(InvalidMessageFormat),
    /// The server refused it, see [`QueueFullException`].
    QueueFull(QueueFullException),
    /// The server refused it for another reason: one of its limits, or whose process this is.
    Refused {
        /// `ERIC_LIMIT`, `ERIC_FORBIDDEN`, or what a newer server says.
        code: String,
        /// Why.
        message: String,
    },
    /// There is no connection to the server.
    Connect(io::Error),
    /// The connection broke. Whether the request was carried out is not known.
    Broken(io::Error),
    /// The server's answer cannot be read.
    Answer(serde_json::Error),
}

/// One event of a stream.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SocketEvent {
    /// The message's type.
    pub event: String,
    /// The reconnection time, in milliseconds.
    pub retry: u64,
    /// The message's payload, as the JSON text that was sent.
    pub data: Box<RawValue>,
    /// The event's id; `None` for the event that says that the channel was closed.
    pub id: Option<String>,
}

/// A stream of events, which ends with its listener, its channel or the server.
#[derive(Debug)]
pub struct SocketStream {
    lines: Lines<BufReader<UnixStream>>,
}

#[derive(Default, Serialize)]
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
                Err(_) => self.connect_and_write(&request).await?,
            },
            None => self.connect_and_write(&request).await?,
        };
        let mut answer = String::new();
        let read = connection.read_line(&mut answer).await;
        if read.map_err(SocketError::Broken)? == 0 {
            return Err(SocketError::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        *place = Some(connection);
        if answer.ends_with('\n') {
            answer.pop();
        }
        match refusal(&answer) {
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
    /// As those of [`send_payload`](Self::send_payload); [`InvalidChannelException`] when a channel has the id already.
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
    /// As those of [`send_payload`](Self::send_payload); [`InvalidChannelException`] when the channel is unknown.
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
    /// As those of [`send_payload`](Self::send_payload); [`InvalidChannelException`], [`InvalidListenerException`] when
    /// one of them is unknown; [`InvalidMessageFormat`] when the message cannot be sent; [`QueueFullException`] when the
    /// listener has no room and refuses.
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

    /// Starts a listener and streams what it gets. What this reader does not read before it is dropped is the next
    /// one's.
    ///
    /// That the channel or listener is unknown is the stream's first item.
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
        let asked = Asked {
            v: Some("l"),
            c: Some(channel_id),
            r: Some(listener_id),
            ..Asked::default()
        };
        self.open(&asked).await
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
        self.open(&asked).await
    }

    async fn open(&self, asked: &Asked<'_>) -> Result<SocketStream, SocketError> {
        let request = line(asked)?;
        let connection = self.connect_and_write(&request).await?;
        Ok(SocketStream {
            lines: connection.lines(),
        })
    }

    async fn ask(&self, verb: &str, asked: Asked<'_>) -> Result<String, SocketError> {
        let v = Some(verb);
        self.send_payload(&Asked { v, ..asked }).await
    }

    async fn connect_and_write(
        &self,
        request: &[u8],
    ) -> Result<BufReader<UnixStream>, SocketError> {
        let stream = UnixStream::connect(&self.path).await;
        let mut connection = BufReader::new(stream.map_err(SocketError::Connect)?);
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

fn not_json(error: serde_json::Error) -> SocketError {
    let message = format!("the payload is no JSON: {error}");
    SocketError::InvalidMessage(InvalidMessageFormat::with_message(message))
}

/// Reads an answer that is an error.
fn refusal(answer: &str) -> Option<SocketError> {
    #[derive(Deserialize)]
    struct Line {
        error: Body,
    }
    #[derive(Deserialize)]
    struct Body {
        code: String,
        message: String,
    }
    if !answer.starts_with("{\"error\"") {
        return None;
    }
    let Body { code, message } = match serde_json::from_str::<Line>(answer) {
        Ok(line) => line.error,
        Err(error) => return Some(SocketError::Answer(error)),
    };
    // The name is the type's here, and would be said twice.
    let text = message.split_once(": ").map_or(&*message, |(_, text)| text);
    Some(match &*code {
        InvalidChannelException::CODE => {
            SocketError::InvalidChannel(InvalidChannelException::with_message(text))
        }
        InvalidListenerException::CODE => {
            SocketError::InvalidListener(InvalidListenerException::with_message(text))
        }
        InvalidMessageFormat::CODE => {
            SocketError::InvalidMessage(InvalidMessageFormat::with_message(text))
        }
        QueueFullException::CODE => SocketError::QueueFull(QueueFullException::with_message(text)),
        _ => SocketError::Refused { code, message },
    })
}

impl SocketStream {
    /// Returns the next event; `None` at the end. A future that is dropped has taken nothing.
    pub async fn next_event(&mut self) -> Option<Result<SocketEvent, SocketError>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for SocketStream {
    type Item = Result<SocketEvent, SocketError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let line = ready!(Pin::new(&mut self.lines).poll_next_line(context));
        Poll::Ready(match line {
            Ok(Some(line)) => Some(match refusal(&line) {
                Some(error) => Err(error),
                None => serde_json::from_str(&line).map_err(SocketError::Answer),
            }),
            Ok(None) => None,
            Err(error) => Some(Err(SocketError::Broken(error))),
        })
    }
}

impl SocketError {
    /// Returns the code that the server gave; none if it gave no answer.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::InvalidChannel(exception) => Some(exception.code()),
            Self::InvalidListener(exception) => Some(exception.code()),
            Self::InvalidMessage(exception) => Some(exception.code()),
            Self::QueueFull(exception) => Some(exception.code()),
            Self::Refused { code, .. } => Some(code),
            Self::Connect(_) | Self::Broken(_) | Self::Answer(_) => None,
        }
    }
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidChannel(exception) => exception.fmt(f),
            Self::InvalidListener(exception) => exception.fmt(f),
            Self::InvalidMessage(exception) => exception.fmt(f),
            Self::QueueFull(exception) => exception.fmt(f),
            Self::Refused { message, .. } => f.write_str(message),
            Self::Connect(error) => write!(f, "cannot connect: {error}"),
            Self::Broken(error) => write!(f, "the connection broke: {error}"),
            Self::Answer(error) => write!(f, "the answer cannot be read: {error}"),
        }
    }
}

impl std::error::Error for SocketError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect(error) | Self::Broken(error) => Some(error),
            Self::Answer(error) => Some(error),
            _ => None,
        }
    }
}
