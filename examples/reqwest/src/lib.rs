//! A transport of `eric_sse::client` over reqwest, and the clock of Tokio.

use std::time::{Duration, SystemTime};

use eric_sse::client::{Clock, Request, Response, Transport, transport_fn};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Client, Method};
use tokio::time::{Instant, Sleep, sleep};

/// Sends the requests of a connection by a client, which must have no timeout for bodies.
pub fn transport(client: Client) -> impl Transport<Sending: Send, Body: Send, Chunk: Send> + Send {
    transport_fn(move |request, _attempt| {
        let client = client.clone();
        async move {
            let response = client.execute(convert(request)?).await?;
            let headers = response.headers().iter().map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            });
            Ok::<_, anyhow::Error>(Response {
                status: response.status().as_u16(),
                headers: headers.collect(),
                body: futures::TryStreamExt::err_into(response.bytes_stream()),
            })
        }
    })
}

fn convert(request: Request) -> anyhow::Result<reqwest::Request> {
    let method = Method::from_bytes(request.method.as_bytes())?;
    let mut converted = reqwest::Request::new(method, request.url.parse()?);
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers.iter() {
        // A last event ID may have text beyond ASCII, which is sent as UTF-8.
        let value = HeaderValue::from_bytes(value.as_bytes())?;
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, value);
    }
    *converted.headers_mut() = headers;
    *converted.body_mut() = request.body.map(|body| Body::from(body.to_vec()));
    Ok(converted)
}

/// The clock of Tokio.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock(Instant);

impl Default for TokioClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for TokioClock {
    type Sleep = Sleep;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn unix_time(&self) -> Duration {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap_or_default()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        sleep(duration)
    }
}
