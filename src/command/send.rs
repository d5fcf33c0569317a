//! `eric send`, `eric broadcast` and `eric announce`: payloads from an argument, or from standard
//! input.

use std::io::{self, BufRead};

use eric_sse::server::{SocketClient, SocketError};
use serde_json::value::{RawValue, to_raw_value};

use super::Failure;
use super::args::Message;

/// The receivers of the messages.
pub enum To<'a> {
    Listener(&'a str, &'a str),
    Channel(&'a str),
    Everybody,
}

/// Sends one message, or one for each line of standard input. Stops at the first refusal.
pub async fn send(client: &SocketClient, to: To<'_>, message: Message) -> Result<(), Failure> {
    let Message {
        r#type,
        payload,
        text,
    } = message;
    if let Some(payload) = payload {
        return Ok(send_one(client, &to, &r#type, &read(&payload, text)?).await?);
    }
    // Reading blocks the thread, which has nothing else to do.
    let (mut stdin, mut line, mut number) = (io::stdin().lock(), Vec::new(), 0_u64);
    loop {
        line.clear();
        if stdin.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        number += 1;
        // Logs are not always UTF-8. Invalid bytes are replaced, so that the rest is sent.
        let payload = String::from_utf8_lossy(&line);
        let payload = payload.strip_suffix('\n').unwrap_or(&payload);
        let payload = read(payload.strip_suffix('\r').unwrap_or(payload), text)?;
        send_one(client, &to, &r#type, &payload)
            .await
            .map_err(|error| match error.into() {
                Failure::Refused(message) => Failure::Refused(format!("line {number}: {message}")),
                other => other,
            })?;
    }
}

async fn send_one(
    client: &SocketClient,
    to: &To<'_>,
    message_type: &str,
    payload: &RawValue,
) -> Result<(), SocketError> {
    match to {
        To::Listener(channel, listener) => {
            client
                .dispatch(channel, listener, message_type, payload)
                .await
        }
        To::Channel(channel) => {
            client
                .broadcast_message(channel, message_type, payload)
                .await
        }
        To::Everybody => client.broadcast_to_all(message_type, payload).await,
    }
}

/// Reads a payload: JSON unchanged, or otherwise a text.
fn read(payload: &str, is_text: bool) -> Result<Box<RawValue>, Failure> {
    if !is_text && let Ok(raw) = serde_json::from_str::<Box<RawValue>>(payload) {
        return Ok(raw);
    }
    Ok(to_raw_value(payload).map_err(io::Error::from)?)
}
