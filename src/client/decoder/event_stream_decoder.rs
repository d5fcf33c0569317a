//! The interpretation of an event stream, by the
//! [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
//!
//! Bytes are kept until their line ends. A line end is never a part of a character in UTF-8, so no
//! character is cut. A byte is looked at a fixed number of times, however the bytes are cut: a
//! megabyte in single bytes costs no more for each byte than a short line.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use memchr::memchr2;

use super::block::Block;
use super::event::ReceivedEvent;
use super::event_too_large::EventTooLarge;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;
/// A buffer of more bytes is freed when it is empty.
const KEPT_BYTES: usize = 64 * 1024;

/// Decodes an event stream, however its bytes are cut.
///
/// # Examples
///
/// ```
/// use eric_sse::client::EventStreamDecoder;
///
/// let mut decoder = EventStreamDecoder::new();
/// assert!(decoder.push(b"id: 1\ndata: hel")?.is_empty());
/// let events = decoder.push(b"lo\n\n")?;
/// assert_eq!((&*events[0].event_type, &*events[0].data), ("message", "hello"));
/// assert_eq!(decoder.last_event_id(), "1");
/// # Ok::<(), eric_sse::client::EventTooLarge>(())
/// ```
#[derive(Clone, Debug)]
pub struct EventStreamDecoder {
    max_event_bytes: usize,
    /// The bytes of a line that has not ended.
    line: Vec<u8>,
    /// The first line has ended: a byte order mark may stand only before it.
    has_begun: bool,
    /// The bytes so far ended with a CR: an LF that follows belongs to it.
    is_after_return: bool,
    /// An event was too large. The rest of the stream has no meaning without its beginning.
    is_too_large: bool,
    block: Block,
}

impl Default for EventStreamDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl EventStreamDecoder {
    /// Makes a decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self {
            max_event_bytes: MAX_EVENT_BYTES,
            line: Vec::new(),
            has_begun: false,
            is_after_return: false,
            is_too_large: false,
            block: Block::new(),
        }
    }

    /// Sets the last event ID that the stream continues after.
    #[must_use]
    pub fn with_last_event_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.block.continue_after(id.into());
        self
    }

    /// Sets the most bytes that are kept of an event: its data, and the line that has not ended.
    /// More are an [`EventTooLarge`]. 16 MiB by default.
    #[must_use]
    pub fn with_max_event_bytes(mut self, most: usize) -> Self {
        self.max_event_bytes = most;
        self
    }

    /// Returns the last event ID: what a client sends as `Last-Event-ID` when it reconnects.
    pub fn last_event_id(&self) -> &str {
        self.block.last_event_id()
    }

    /// Returns the reconnection time; `None` while the stream has not set one.
    pub fn reconnection_time(&self) -> Option<Duration> {
        self.block.reconnection_time()
    }

    /// Returns the events that end with these bytes.
    ///
    /// # Errors
    ///
    /// When an event is too large. The events before it in these bytes are lost; [`next_event`]
    /// returns them one by one. The decoder refuses all bytes until it is [reset](Self::reset).
    ///
    /// [`next_event`]: Self::next_event
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<ReceivedEvent>, EventTooLarge> {
        let mut events = Vec::new();
        while let Some(event) = self.next_event(&mut bytes)? {
            events.push(event);
        }
        Ok(events)
    }

    /// Decodes bytes up to the end of the first event, and leaves the rest of them in `bytes`.
    /// Returns `None` when no event ends; then `bytes` is empty.
    ///
    /// # Errors
    ///
    /// When the event is too large. The decoder refuses all bytes until it is
    /// [reset](Self::reset).
    ///
    /// # Examples
    ///
    /// ```
    /// use eric_sse::client::EventStreamDecoder;
    ///
    /// let mut decoder = EventStreamDecoder::new();
    /// let mut bytes: &[u8] = b"data: a\n\ndata: b\n\ndata: c";
    /// while let Some(event) = decoder.next_event(&mut bytes)? {
    ///     println!("{}", event.data);
    /// }
    /// assert!(bytes.is_empty());
    /// # Ok::<(), eric_sse::client::EventTooLarge>(())
    /// ```
    pub fn next_event(
        &mut self,
        bytes: &mut &[u8],
    ) -> Result<Option<ReceivedEvent>, EventTooLarge> {
        self.next_event_with_comments(bytes, |_| {})
    }

    /// As [`next_event`](Self::next_event), and calls a function for each comment, with the text
    /// behind the colon.
    ///
    /// # Errors
    ///
    /// When the event is too large, as [`next_event`](Self::next_event) says.
    pub fn next_event_with_comments(
        &mut self,
        bytes: &mut &[u8],
        mut on_comment: impl FnMut(&str),
    ) -> Result<Option<ReceivedEvent>, EventTooLarge> {
        while !bytes.is_empty() {
            if self.is_too_large {
                return Err(self.too_large());
            }
            if mem::take(&mut self.is_after_return) && bytes[0] == b'\n' {
                *bytes = &bytes[1..];
                continue;
            }
            let Some(end) = memchr2(b'\n', b'\r', bytes) else {
                self.keep(mem::take(bytes))?;
                break;
            };
            let (ended, rest) = (&bytes[..end], &bytes[end + 1..]);
            self.is_after_return = bytes[end] == b'\r';
            *bytes = rest;
            let event = if self.line.is_empty() {
                self.interpret(ended, &mut on_comment)?
            } else {
                self.keep(ended)?;
                let mut line = mem::take(&mut self.line);
                let event = self.interpret(&line, &mut on_comment)?;
                line.clear();
                if line.capacity() <= KEPT_BYTES {
                    self.line = line;
                }
                event
            };
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    /// Begins a new stream. The last event ID and the reconnection time stay, as they do when a
    /// client reconnects; an event that has not ended is discarded.
    pub fn reset(&mut self) {
        self.clear();
        self.has_begun = false;
        self.is_after_return = false;
        self.is_too_large = false;
    }

    /// Discards the event that has not ended.
    fn clear(&mut self) {
        self.line = Vec::new();
        self.block.discard();
    }

    fn too_large(&mut self) -> EventTooLarge {
        self.is_too_large = true;
        self.clear();
        EventTooLarge {
            max_event_bytes: self.max_event_bytes,
        }
    }

    /// Adds to the line that has not ended.
    fn keep(&mut self, bytes: &[u8]) -> Result<(), EventTooLarge> {
        if self.block.bytes() + self.line.len() + bytes.len() > self.max_event_bytes {
            return Err(self.too_large());
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// Interprets a line. Returns the event that it ends.
    fn interpret(
        &mut self,
        mut line: &[u8],
        on_comment: &mut impl FnMut(&str),
    ) -> Result<Option<ReceivedEvent>, EventTooLarge> {
        if !self.has_begun {
            self.has_begun = true;
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            // "If the line is empty (a blank line): Dispatch the event"
            return Ok(self.block.dispatch());
        }
        if let Some(comment) = line.strip_prefix(b":") {
            on_comment(&String::from_utf8_lossy(comment));
            return Ok(None);
        }
        self.block.field(line);
        match self.block.bytes() > self.max_event_bytes {
            true => Err(self.too_large()),
            false => Ok(None),
        }
    }
}
