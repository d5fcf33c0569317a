//! Packet: a message as it passes through the server.
//!
//! Its payload is the JSON text that its sender wrote, whatever its spaces, digits and escapes: it is checked
//! once and never serialised again. What all its readers get alike is written once, when it comes.

use serde_json::value::RawValue;

use crate::event::{Event, EventId, EventType};
use crate::message::ToEvent;
use crate::replay::Gap;

/// A message, and the line that its readers get of it, up to the event id.
pub(crate) struct Packet {
    event_type: EventType,
    payload: Option<Box<RawValue>>,
    head: Box<[u8]>,
}

impl Packet {
    /// Creates a packet. Without a payload its data is `null`.
    pub(crate) fn new(event_type: EventType, payload: Option<&RawValue>, retry: u64) -> Self {
        let data = payload.map_or("null", RawValue::get);
        Self {
            head: head(&event_type, data, retry).into(),
            payload: payload.map(ToOwned::to_owned),
            event_type,
        }
    }

    /// Writes the message's line.
    pub(crate) fn write(&self, id: &EventId, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        tail(Some(id), out);
    }
}

/// Writes the line that tells of a gap.
pub(crate) fn write_gap(gap: &Gap, to: &EventId, retry: u64, out: &mut Vec<u8>) {
    out.extend(head(&Gap::event_type(), &gap.data(to), retry));
    tail(Some(to), out);
}

/// Writes the line that says that the channel was closed.
pub(crate) fn write_closed(retry: u64, out: &mut Vec<u8>) {
    out.extend(head(&EventType::channel_closed(), "null", retry));
    tail(None, out);
}

fn head(event_type: &EventType, data: &str, retry: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + event_type.as_str().len() + 48);
    out.extend_from_slice(b"{\"event\":");
    serde_json::to_writer(&mut out, event_type.as_str()).expect("a text is JSON");
    out.extend_from_slice(b",\"retry\":");
    out.extend_from_slice(itoa::Buffer::new().format(retry).as_bytes());
    out.extend_from_slice(b",\"data\":");
    let start = out.len();
    out.extend_from_slice(data.as_bytes());
    // In JSON a carriage return can only be a space between two values; some readers take it for the end
    // of a line.
    for byte in &mut out[start..] {
        if *byte == b'\r' {
            *byte = b' ';
        }
    }
    out
}

/// Event ids are letters, digits, `.` and `-`: nothing to escape.
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

impl ToEvent for Packet {
    fn to_event(&self) -> Event {
        let event = Event::new(self.event_type.clone());
        match self.payload.as_deref().map(RawValue::get) {
            None => event,
            // A string is its own data, as in a `Message`.
            Some(text) => match serde_json::from_str::<String>(text) {
                Ok(string) => event.with_data(string),
                Err(_) => event.with_data(text),
            },
        }
    }

    fn bytes(&self) -> u64 {
        let payload = self.payload.as_deref().map_or(0, |raw| raw.get().len());
        (self.event_type.as_str().len() + payload) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(event_type: &str, payload: Option<&str>) -> String {
        let payload = payload.map(|text| serde_json::from_str::<&RawValue>(text).unwrap());
        let packet = Packet::new(EventType::new(event_type).unwrap(), payload, 5);
        let mut out = Vec::new();
        packet.write(&EventId::new("e-7").unwrap(), &mut out);
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
