//! The transport of a connection: any HTTP client.

use std::error::Error;

use futures_core::Stream;

use super::headers::Headers;
use super::request::{Attempt, Request};

/// Sends the requests of a connection. [`transport_fn`] makes one of a function.
pub trait Transport {
    /// The body of a response.
    type Body: Stream<Item = Result<Self::Chunk, Self::Error>>;
    /// A chunk of a body, such as `bytes::Bytes` or `Vec<u8>`.
    type Chunk: AsRef<[u8]>;
    /// The error of a request or of a body.
    type Error: Into<Box<dyn Error + Send + Sync>>;
    /// A request that was sent. Dropping it, or the body, must end the request.
    type Sending: Future<Output = Result<Response<Self::Body>, Self::Error>>;

    /// Sends a request. It has the last event ID already. This is the place for headers that are
    /// made for each attempt, such as a fresh token.
    fn send(&mut self, request: Request, attempt: Attempt) -> Self::Sending;
}

/// A response whose head has come. Redirects were followed by the transport.
#[derive(Clone, Debug)]
pub struct Response<B> {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: B,
}

/// The transport of [`transport_fn`].
#[derive(Clone, Debug)]
pub struct TransportFn<F>(F);

/// Makes a transport of a function that sends a request.
pub fn transport_fn<F, S, B, C, E>(send: F) -> TransportFn<F>
where
    F: FnMut(Request, Attempt) -> S,
    S: Future<Output = Result<Response<B>, E>>,
    B: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    TransportFn(send)
}

impl<F, S, B, C, E> Transport for TransportFn<F>
where
    F: FnMut(Request, Attempt) -> S,
    S: Future<Output = Result<Response<B>, E>>,
    B: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    type Body = B;
    type Chunk = C;
    type Error = E;
    type Sending = S;

    fn send(&mut self, request: Request, attempt: Attempt) -> S {
        self.0(request, attempt)
    }
}
