//! WireMessage: a message as it passes through the server.
//!
//! Its payload is the JSON text that its sender wrote, with the same spaces, digits and escapes.
//! The text is checked once and never serialised again. The part of a message's line that is the
//! same for all readers is written once, when the message arrives.

use std::rc::Rc;

use serde_json::value::RawValue;

use crate::model::event_id::EventId;
use crate::model::event_type::EventType;
use crate::model::gap::Gap;
use crate::model::message::MESSAGE_BYTES;

/// A message, shared by the channels that it is sent on.
#[derive(Clone)]
pub(crate) struct WireMessage {
    shared: Rc<Shared>,
}

struct Shared {
    /// The line that all readers receive, up to the event id.
    head: Box<[u8]>,
    /// The size of the message in limits.
    bytes: u64,
}

impl WireMessage {
    /// Creates a message. Without a payload its data is `null`.
    pub(crate) fn new(event_type: EventType, payload: Option<&RawValue>, retry: u64) -> Self {
        let text = payload.map_or("null", RawValue::get);
        let payload_bytes = payload.map_or(0, |_| text.len());
        Self {
            shared: Rc::new(Shared {
                head: head(&event_type, text, retry).into(),
                bytes: MESSAGE_BYTES + (event_type.as_str().len() + payload_bytes) as u64,
            }),
        }
    }

    /// Writes the message's line.
    pub(crate) fn write(&self, id: &EventId, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.shared.head);
        tail(Some(id), out);
    }

    /// Returns the size of the message in limits of bytes: its type, its payload and
    /// [`MESSAGE_BYTES`].
    pub(crate) fn bytes(&self) -> u64 {
        self.shared.bytes
    }
}

/// Writes the line of a gap.
pub(crate) fn write_gap(gap: &Gap, to: &EventId, retry: u64, out: &mut Vec<u8>) {
    out.extend(head(&Gap::event_type(), &gap.data(to), retry));
    tail(Some(to), out);
}

/// Writes the line of a closed channel.
pub(crate) fn write_closed(retry: u64, out: &mut Vec<u8>) {
    out.extend(head(&EventType::channel_closed(), "null", retry));
    tail(None, out);
}

fn head(event_type: &EventType, data: &str, retry: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + event_type.as_str().len() + 48);
    out.extend_from_slice(b"{\"event\":");
    serde_json::to_writer(&mut out, event_type.as_str()).expect("a string is valid JSON");
    out.extend_from_slice(b",\"retry\":");
    out.extend_from_slice(itoa::Buffer::new().format(retry).as_bytes());
    out.extend_from_slice(b",\"data\":");
    let start = out.len();
    out.extend_from_slice(data.as_bytes());
    // In JSON a carriage return can only be a space between two values. Some readers treat it as
    // the end of a line.
    for byte in &mut out[start..] {
        if *byte == b'\r' {
            *byte = b' ';
        }
    }
    out
}

/// Event ids are letters, digits, `.` and `-`, so nothing has to be escaped.
fn tail(id: Option<&EventId>, out: &mut Vec<u8>) {
    match id {
        Some(id) => {
            out.extend_from_slice(b",\"id\":\"");
            out.extend_from_slice(id.as_str().as_bytes());
            out.extend_from_slice(b"\"}\n");
        }
        None => out.extend_from_slice(b",\"id\":null}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(event_type: &str, payload: Option<&str>) -> String {
        let payload = payload.map(|text| serde_json::from_str::<&RawValue>(text).unwrap());
        let message = WireMessage::new(EventType::new(event_type).unwrap(), payload, 5);
        let mut out = Vec::new();
        message.write(&EventId::new("e-7").unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_payload_keeps_its_text() {
        for payload in [
            "1.50",
            "1E3",
            r#""\u0041\/""#,
            r#"{"b" : 1,"a":[ ]}"#,
            "12345678901234567890123",
        ] {
            assert_eq!(
                line("t", Some(payload)),
                format!("{{\"event\":\"t\",\"retry\":5,\"data\":{payload},\"id\":\"e-7\"}}\n")
            );
        }
    }

    #[test]
    fn no_payload_is_null_and_a_type_is_escaped() {
        assert_eq!(
            line("a \"b\"", None),
            "{\"event\":\"a \\\"b\\\"\",\"retry\":5,\"data\":null,\"id\":\"e-7\"}\n"
        );
    }

    #[test]
    fn a_carriage_return_between_values_does_not_end_the_line() {
        assert!(line("t", Some("[1,\r2]")).contains("[1, 2]"));
    }
}
