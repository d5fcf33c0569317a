//! A block of an event stream: the fields of an event that has not ended, and what stays of the
//! blocks before it.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::event::ReceivedEvent;
use super::text::{shared_text_of, text_of};

#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The values of the `data` fields, with an LF between two.
    data: Vec<u8>,
    /// There was a `data` field, which may be empty.
    has_data: bool,
    event_type: Vec<u8>,
    /// The event type of the last event that named one. Events of one type share it.
    named_type: Arc<str>,
    message_type: Arc<str>,
    /// The last event ID buffer of the standard. It counts from the end of its event on.
    id: Arc<str>,
    last_event_id: Arc<str>,
    reconnection_time: Option<Duration>,
}

impl Block {
    pub(super) fn new() -> Self {
        let empty: Arc<str> = Arc::from("");
        Self {
            data: Vec::new(),
            has_data: false,
            event_type: Vec::new(),
            named_type: empty.clone(),
            message_type: Arc::from("message"),
            id: empty.clone(),
            last_event_id: empty,
            reconnection_time: None,
        }
    }

    pub(super) fn continue_after(&mut self, id: Arc<str>) {
        self.id = id.clone();
        self.last_event_id = id;
    }

    pub(super) fn last_event_id(&self) -> &Arc<str> {
        &self.last_event_id
    }

    pub(super) fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    /// Returns how many bytes of data the block has.
    pub(super) fn bytes(&self) -> usize {
        self.data.len()
    }

    /// Discards the block.
    pub(super) fn discard(&mut self) {
        self.data = Vec::new();
        self.has_data = false;
        self.event_type.clear();
        self.id = self.last_event_id.clone();
    }

    /// Interprets a line that is neither empty nor a comment.
    pub(super) fn field(&mut self, line: &[u8]) {
        match line[0] {
            b'd' => {
                if let Some(value) = value_of(b"data", line) {
                    if mem::replace(&mut self.has_data, true) {
                        self.data.push(b'\n');
                    }
                    self.data.extend_from_slice(value);
                }
            }
            b'e' => {
                if let Some(value) = value_of(b"event", line) {
                    self.event_type.clear();
                    self.event_type.extend_from_slice(value);
                }
            }
            b'i' => {
                // "If the field value does not contain U+0000 NULL, then set the last event ID
                // buffer to the field value."
                if let Some(value) = value_of(b"id", line)
                    && !value.contains(&0)
                {
                    self.id = shared_text_of(value);
                }
            }
            b'r' => {
                if let Some(value) = value_of(b"retry", line) {
                    self.set_reconnection_time(value);
                }
            }
            // "Otherwise: The field is ignored."
            _ => {}
        }
    }

    /// "If the field value consists of only ASCII digits, then interpret the field value as an
    /// integer in base ten"
    fn set_reconnection_time(&mut self, value: &[u8]) {
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return;
        }
        let milliseconds = value.iter().fold(0u64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        });
        self.reconnection_time = Some(Duration::from_millis(milliseconds));
    }

    /// Ends the block. Returns its event, if it has a `data` field.
    pub(super) fn dispatch(&mut self) -> Option<ReceivedEvent> {
        if !Arc::ptr_eq(&self.last_event_id, &self.id) {
            self.last_event_id = self.id.clone();
        }
        if !mem::take(&mut self.has_data) {
            self.event_type.clear();
            return None;
        }
        let event_type = if self.event_type.is_empty() {
            self.message_type.clone()
        } else {
            if self.named_type.as_bytes() != self.event_type {
                self.named_type = shared_text_of(&self.event_type);
            }
            self.event_type.clear();
            self.named_type.clone()
        };
        Some(ReceivedEvent {
            event_type,
            data: text_of(mem::take(&mut self.data)),
            last_event_id: self.last_event_id.clone(),
        })
    }
}

/// Returns the value of a line that has a field of this name; `None` of another line.
fn value_of<'a>(name: &[u8], line: &'a [u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        // "If value starts with a U+0020 SPACE character, remove it from value."
        [b':', b' ', value @ ..] | [b':', value @ ..] | value @ [] => Some(value),
        _ => None,
    }
}
