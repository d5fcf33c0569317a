//! A response that is no event stream, while the beginning of its body is read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;

use super::error::ResponseError;
use super::transport::{Response, Transport};

const BODY_BYTES: usize = 1024;
/// A body that does not come must not hold up the error.
const BODY_TIME: Duration = Duration::from_secs(3);

pub(super) struct Refusal<T: Transport> {
    error: ResponseError,
    body: Pin<Box<T::Body>>,
    bytes: Vec<u8>,
    /// When the rest of the body is left.
    pub(super) until: Duration,
}

impl<T: Transport> Refusal<T> {
    pub(super) fn new(response: Response<T::Body>, now: Duration) -> Self {
        Self {
            error: ResponseError {
                status: response.status,
                headers: response.headers,
                body: String::new(),
            },
            body: Box::pin(response.body),
            bytes: Vec::new(),
            until: now + BODY_TIME,
        }
    }

    /// Reads on. Is ready when enough was read, or the body has ended.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.bytes.len() < BODY_BYTES {
            match ready!(self.body.as_mut().poll_next(context)) {
                Some(Ok(chunk)) => {
                    let chunk = chunk.as_ref();
                    let left = BODY_BYTES - self.bytes.len();
                    self.bytes
                        .extend_from_slice(&chunk[..left.min(chunk.len())]);
                }
                // The status alone says enough.
                Some(Err(_)) | None => break,
            }
        }
        Poll::Ready(())
    }

    /// Returns the error, with what was read of the body.
    pub(super) fn error(&self) -> ResponseError {
        ResponseError {
            body: String::from_utf8_lossy(&self.bytes).into_owned(),
            ..self.error.clone()
        }
    }
}
