//! Packet: a message as it passes through the server.
//!
//! Its payload is the JSON text that its sender wrote, whatever its spaces, digits and escapes: it is checked
//! once and never serialised again. What all its readers get alike is written once, when it comes.

use std::rc::Rc;

use serde_json::value::RawValue;

use crate::model::gap::Gap;
use crate::model::message::{MESSAGE_BYTES, ToEvent};
use crate::wire::event::{Event, EventId, EventType};

/// A message, shared by the channels that it is sent on.
#[derive(Clone)]
pub(crate) struct Packet {
    written: Rc<Written>,
}

struct Written {
    event_type: EventType,
    /// The line that all readers get, up to the event id.
    head: Box<[u8]>,
    /// Where in it the payload starts. Without one its text is `null`, and its end.
    data: usize,
    has_payload: bool,
}

impl Packet {
    /// Creates a packet. Without a payload its data is `null`.
    pub(crate) fn new(event_type: EventType, payload: Option<&RawValue>, retry: u64) -> Self {
        let text = payload.map_or("null", RawValue::get);
        let head = head(&event_type, text, retry);
        Self {
            written: Rc::new(Written {
                data: head.len() - text.len(),
                head: head.into(),
                has_payload: payload.is_some(),
                event_type,
            }),
        }
    }

    /// Writes the message's line.
    pub(crate) fn write(&self, id: &EventId, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.written.head);
        tail(Some(id), out);
    }

    /// Returns the payload's text, if there is a payload.
    fn payload(&self) -> Option<&[u8]> {
        let Written {
            head,
            data,
            has_payload,
            ..
        } = &*self.written;
        has_payload.then(|| &head[*data..])
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
        let event = Event::new(self.written.event_type.clone());
        match self.payload() {
            None => event,
            // A string is its own data, as in a `Message`.
            Some(text) => match serde_json::from_slice::<String>(text) {
                Ok(string) => event.with_data(string),
                Err(_) => event.with_data(&*String::from_utf8_lossy(text)),
            },
        }
    }

    fn bytes(&self) -> u64 {
        let payload = self.payload().map_or(0, <[u8]>::len);
        MESSAGE_BYTES + (self.written.event_type.as_str().len() + payload) as u64
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
