//! An event stream interpreter, written from the HTML standard and from nothing else of this
//! repository:
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>.

/// An event as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientEvent {
    pub event_type: String,
    pub data: String,
    pub last_event_id: String,
}

/// The state of a client after reading a whole stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Its events, except those that `positions` counts.
    pub events: Vec<ClientEvent>,
    /// How many events of type `_eric_position` have come, which carry an id alone.
    pub positions: usize,
    /// The reconnection time, if the stream set one.
    pub reconnection_time: Option<u64>,
    pub last_event_id: String,
    data_buffer: String,
    event_type_buffer: String,
    last_event_id_buffer: String,
}

/// Interprets a whole stream. "Once the end of the file is reached, any pending data must be
/// discarded."
pub fn decode(stream: &[u8]) -> Client {
    // "Streams must be decoded using the UTF-8 decode algorithm", which "strips one leading UTF-8
    // Byte Order Mark (BOM), if any".
    let text = String::from_utf8_lossy(stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream));
    let mut client = Client::default();
    let mut rest = &*text;
    while let Some(end) = rest.find(['\r', '\n']) {
        client.line(&rest[..end]);
        // "Lines must be separated by either a CRLF character pair, a single LF, or a single CR."
        let after = if rest[end..].starts_with("\r\n") {
            2
        } else {
            1
        };
        rest = &rest[end + after..];
    }
    client
}

impl Client {
    fn line(&mut self, line: &str) {
        if line.is_empty() {
            return self.dispatch();
        }
        match line.split_once(':') {
            // "If the line starts with a U+003A COLON character (:): Ignore the line."
            Some(("", _)) => {}
            // "If value starts with a U+0020 SPACE character, remove it from value."
            Some((name, value)) => self.field(name, value.strip_prefix(' ').unwrap_or(value)),
            None => self.field(line, ""),
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        match name {
            "event" => self.event_type_buffer = value.into(),
            "data" => {
                self.data_buffer.push_str(value);
                self.data_buffer.push('\n');
            }
            "id" if !value.contains('\0') => self.last_event_id_buffer = value.into(),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                // A number with more digits than a u64 is as good as the largest one.
                self.reconnection_time = Some(value.parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        self.last_event_id = self.last_event_id_buffer.clone();
        // "If the data buffer is an empty string, set the data buffer and the event type buffer to
        // the empty string and return."
        let mut data = std::mem::take(&mut self.data_buffer);
        let event_type = std::mem::take(&mut self.event_type_buffer);
        if data.is_empty() {
            return;
        }
        data.pop();
        if event_type == "_eric_position" && data.is_empty() {
            self.positions += 1;
            return;
        }
        self.events.push(ClientEvent {
            event_type: if event_type.is_empty() {
                "message".into()
            } else {
                event_type
            },
            data,
            last_event_id: self.last_event_id.clone(),
        });
    }
}

/// The example streams of the standard, and what it says that a client does with them.
#[cfg(test)]
mod tests {
    use super::decode;
    use crate::suite::test;

    fn seen(stream: &str) -> Vec<(String, String, String)> {
        let events = decode(stream.as_bytes()).events.into_iter();
        events
            .map(|event| (event.event_type, event.data, event.last_event_id))
            .collect()
    }

    fn event(event_type: &str, data: &str, id: &str) -> (String, String, String) {
        (event_type.into(), data.into(), id.into())
    }

    #[test]
    fn the_decoder_of_the_tests_reads_the_examples_of_the_standard() {
        let multi_line = "data: YHOO\ndata: +2\ndata: 10\n\n";
        assert_eq!(seen(multi_line), [event("message", "YHOO\n+2\n10", "")]);

        let four_blocks = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n";
        let two = [
            event("message", "first event", "1"),
            event("message", "second event", ""),
        ];
        assert_eq!(seen(four_blocks), two, "the third block is never completed");

        let empty_data = "data\n\ndata\ndata\n\ndata:";
        assert_eq!(
            seen(empty_data),
            [event("message", "", ""), event("message", "\n", "")]
        );

        let spaces = "data:test\n\ndata: test\n\n";
        assert_eq!(
            seen(spaces),
            [event("message", "test", ""), event("message", "test", "")]
        );
    }

    #[test]
    fn the_decoder_of_the_tests_knows_every_end_of_line_and_the_other_fields() {
        let mixed =
            "\u{feff}retry: 10\r\nretry: 1x\revent: a\rdata: 1\r\n\r\n\nid: 7\n\ndata: 2\r\r";
        let client = decode(mixed.as_bytes());
        assert_eq!(client.reconnection_time, Some(10));
        assert_eq!(
            seen(mixed),
            [event("a", "1", ""), event("message", "2", "7")]
        );
    }
}
