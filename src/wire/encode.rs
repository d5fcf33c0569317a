//! Event to bytes: the only file that writes a field name, a colon or a line feed.
//!
//! The values that reach this file are legal ([`EventType`], [`EventId`]) or are made legal here
//! (data is split at every end of line), so nothing here can fail.

use memchr::memchr2;

use crate::model::event_id::EventId;
use crate::model::event_type::{EventType, POSITION};

/// Writes a block that carries no message: the reconnection time, or a comment, and the event id up
/// to which the client has everything.
///
/// The client ignores a comment: "If the line starts with a U+003A COLON character (:), ignore the
/// line." The standard lets an id stand alone: "Set the last event ID string of the event source to
/// the value of the last event ID buffer. If the data buffer is an empty string, set the data
/// buffer and the event type buffer to the empty string and return." Firefox and several client
/// packages drop such an id, so `as_event` makes the id that of an event with empty data.
pub(crate) fn note(
    out: &mut Vec<u8>,
    retry_milliseconds: Option<u64>,
    last: Option<&EventId>,
    as_event: bool,
) {
    match retry_milliseconds {
        Some(milliseconds) => retry_field(out, milliseconds),
        None => field(out, "", b""),
    }
    if let Some(id) = last {
        if as_event {
            field(out, "event", POSITION.as_bytes());
        }
        id_field(out, id);
        if as_event {
            field(out, "data", b"");
        }
    }
    end_of_block(out);
}

pub(crate) fn retry_field(out: &mut Vec<u8>, milliseconds: u64) {
    let mut buffer = itoa::Buffer::new();
    field(out, "retry", buffer.format(milliseconds).as_bytes());
}

pub(crate) fn event_field(out: &mut Vec<u8>, event_type: &EventType) {
    field(out, "event", event_type.as_str().as_bytes());
}

pub(crate) fn id_field(out: &mut Vec<u8>, id: &EventId) {
    field(out, "id", id.as_str().as_bytes());
}

/// Writes one `data` field per line of the data; one empty field when the data is empty.
///
/// "Lines must be separated by either a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character
/// pair, a single U+000A LINE FEED (LF) character, or a single U+000D CARRIAGE RETURN (CR)
/// character." A client joins the fields with LF, so CR and CRLF arrive as LF.
pub(crate) fn data_fields(out: &mut Vec<u8>, data: &str) {
    let mut rest = data.as_bytes();
    while let Some(end) = memchr2(b'\r', b'\n', rest) {
        field(out, "data", &rest[..end]);
        let pair = rest[end..].starts_with(b"\r\n");
        rest = &rest[end + 1 + usize::from(pair)..];
    }
    field(out, "data", rest);
}

/// Writes the empty line that ends a block, upon which a client dispatches the event.
pub(crate) fn end_of_block(out: &mut Vec<u8>) {
    out.push(b'\n');
}

/// Writes one field. A client strips one space behind the colon, so one is written before every
/// value that is not empty: a value that starts with a space keeps it.
fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    if !value.is_empty() {
        out.push(b' ');
        out.extend_from_slice(value);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::event::Event;

    #[test]
    fn data_is_split_at_every_end_of_line() {
        let table: &[(&str, &str)] = &[
            ("", "data:\n"),
            ("one", "data: one\n"),
            (" one", "data:  one\n"),
            ("one\ntwo", "data: one\ndata: two\n"),
            ("one\rtwo", "data: one\ndata: two\n"),
            ("one\r\ntwo", "data: one\ndata: two\n"),
            ("one\n\rtwo", "data: one\ndata:\ndata: two\n"),
            ("one\r\r\ntwo", "data: one\ndata:\ndata: two\n"),
            ("one\n\ntwo", "data: one\ndata:\ndata: two\n"),
            ("\n", "data:\ndata:\n"),
            ("\r\n", "data:\ndata:\n"),
            ("\none", "data:\ndata: one\n"),
            ("one\n", "data: one\ndata:\n"),
            (
                "data: forged\n\nevent: forged",
                "data: data: forged\ndata:\ndata: event: forged\n",
            ),
            ("\u{2028}\u{85}\0 😀", "data: \u{2028}\u{85}\0 😀\n"),
        ];
        for (data, expected) in table {
            let mut out = Vec::new();
            data_fields(&mut out, data);
            assert_eq!(String::from_utf8(out).unwrap(), *expected, "{data:?}");
        }
    }

    #[test]
    fn fields_are_written_in_one_order() {
        let event = Event::new(EventType::new("tick").unwrap())
            .with_data("1")
            .with_id(EventId::new("e-7").unwrap())
            .with_retry(15000);
        assert_eq!(
            event.to_string(),
            "retry: 15000\nevent: tick\nid: e-7\ndata: 1\n\n"
        );
    }

    #[test]
    fn an_event_without_data_has_an_empty_data_field() {
        let event = Event::new(EventType::new("tick").unwrap());
        assert_eq!(event.to_string(), "event: tick\ndata:\n\n");
    }

    #[test]
    fn a_note_is_a_comment_or_a_reconnection_time_and_may_have_an_id() {
        let id = EventId::new("e-7").unwrap();
        for (retry, last, alone, as_event) in [
            (None, None, ":\n\n", ":\n\n"),
            (
                None,
                Some(&id),
                ":\nid: e-7\n\n",
                ":\nevent: _eric_position\nid: e-7\ndata:\n\n",
            ),
            (Some(15000), None, "retry: 15000\n\n", "retry: 15000\n\n"),
            (
                Some(15000),
                Some(&id),
                "retry: 15000\nid: e-7\n\n",
                "retry: 15000\nevent: _eric_position\nid: e-7\ndata:\n\n",
            ),
        ] {
            for (is_event, expected) in [(false, alone), (true, as_event)] {
                let mut out = Vec::new();
                note(&mut out, retry, last, is_event);
                assert_eq!(String::from_utf8(out).unwrap(), expected);
            }
        }
    }
}
