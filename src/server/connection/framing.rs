//! Framing: where a request ends.
//!
//! A request ends with a line feed, or with the end of the client's writing side. A carriage return
//! before the line feed belongs to the request, where it is a space. Blank lines are skipped.
//!
//! ## Limits
//!
//! A request has a greatest length in bytes, without its line feed. The bytes of a longer one are
//! not kept, so a buffer never holds more than that length and one read.

use bytes::{Buf, BytesMut};

/// The most bytes that one read takes.
const READ: usize = 64 * 1024;

/// The bytes that one read takes from a client that was silent.
const FIRST_READ: usize = 2048;

/// Splits the bytes that are read into requests.
#[derive(Debug)]
pub(crate) struct Frames {
    buffer: BytesMut,
    /// The length of the buffer's beginning that is known to hold no line feed.
    scanned: usize,
    limit: usize,
    /// The bytes that one read takes. Doubled each time that a read fills them.
    step: usize,
    /// Whether the client has ended its writing side.
    ended: bool,
}

/// A request, as framing sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// It ended with a line feed.
    Line(BytesMut),
    /// It ended with the client's writing side.
    Last(BytesMut),
    /// It is longer than the limit. Nothing follows it.
    TooLong,
}

impl Frames {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            scanned: 0,
            limit,
            step: FIRST_READ,
            ended: false,
        }
    }

    /// Returns the buffer to read into.
    pub(crate) fn room(&mut self) -> &mut BytesMut {
        // The room for a request grows in steps, so that it costs no more than the request needs.
        let wanted = READ.min(self.buffer.len().max(self.step));
        self.buffer.reserve(wanted);
        &mut self.buffer
    }

    /// Notes the number of bytes that were read.
    pub(crate) fn has_read(&mut self, bytes: usize) {
        if bytes >= self.step {
            self.step = READ.min(2 * self.step);
        }
    }

    /// Frees the memory if it is empty: a connection that waits for a request holds none.
    pub(crate) fn free(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
            self.step = FIRST_READ;
        }
    }

    /// Notes that the client has ended its writing side.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Returns whether the client has ended its writing side.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Returns whether a request has begun and not ended.
    pub(crate) fn is_inside(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Takes the next complete request.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        loop {
            let Some(length) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) else {
                self.scanned = self.buffer.len();
                if self.buffer.len() > self.limit {
                    return Some(self.too_long());
                }
                if !self.ended {
                    return None;
                }
                self.scanned = 0;
                let rest = self.buffer.split();
                return (!is_blank(&rest)).then_some(Frame::Last(rest));
            };
            let length = self.scanned + length;
            self.scanned = 0;
            if length > self.limit {
                return Some(self.too_long());
            }
            let line = self.buffer.split_to(length);
            self.buffer.advance(1);
            if !is_blank(&line) {
                return Some(Frame::Line(line));
            }
        }
    }

    fn too_long(&mut self) -> Frame {
        self.buffer = BytesMut::new();
        self.scanned = 0;
        Frame::TooLong
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(limit: usize, reads: &[&[u8]]) -> Vec<Frame> {
        let (mut frames, mut all) = (Frames::new(limit), Vec::new());
        for read in reads {
            frames.room().extend_from_slice(read);
            all.extend(std::iter::from_fn(|| frames.next()));
        }
        frames.end();
        all.extend(std::iter::from_fn(|| frames.next()));
        assert!(!frames.is_inside());
        all
    }

    fn line(text: &str) -> Frame {
        Frame::Line(text.as_bytes().into())
    }

    fn last(text: &str) -> Frame {
        Frame::Last(text.as_bytes().into())
    }

    #[test]
    fn a_request_ends_with_a_line_feed_or_with_the_writing_side() {
        assert_eq!(frames(9, &[b"a\nb\nc"]), [line("a"), line("b"), last("c")]);
        assert_eq!(frames(9, &[b"a\n"]), [line("a")]);
        assert_eq!(
            frames(9, &[b"a", b"b", b"\nc", b"d"]),
            [line("ab"), last("cd")]
        );
        assert_eq!(frames(9, &[b"\n \r\n\na\r\n\t"]), [line("a\r")]);
        assert!(frames(9, &[]).is_empty());
    }

    #[test]
    fn a_request_that_is_too_long_is_not_kept() {
        assert_eq!(
            frames(3, &[b"abc\n", b"abcd\n"]),
            [line("abc"), Frame::TooLong]
        );
        assert_eq!(frames(3, &[b"abc"]), [last("abc")]);
        assert_eq!(frames(3, &[b"ab", b"cd"]), [Frame::TooLong]);
    }

    #[test]
    fn room_grows_with_what_comes_and_is_given_back() {
        let mut frames = Frames::new(usize::MAX);
        let spare = |frames: &mut Frames| {
            let room = frames.room();
            room.capacity() - room.len()
        };
        assert!(spare(&mut frames) < 2 * FIRST_READ);
        for _ in 0..10 {
            let line = vec![b'\n'; spare(&mut frames)];
            frames.room().extend_from_slice(&line);
            frames.has_read(line.len());
            assert!(frames.next().is_none());
        }
        assert!((READ..=2 * READ).contains(&spare(&mut frames)));
        frames.free();
        assert!(spare(&mut frames) < 2 * FIRST_READ);
    }
}
