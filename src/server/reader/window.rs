//! Window: the messages that were written to a reader and may be unread.
//!
//! A message whose bytes the socket has taken is not delivered yet: the bytes may be in the
//! kernel's buffer when the reader leaves. The window keeps the messages that may still be there.
//! If a reader leaves bytes unread, these messages become the listener's next ones again.
//!
//! ## How far it reaches back
//!
//! The kernel keeps at most one and a half times the socket's send buffer; everything written
//! before that was read. While Linux reports that the buffer has room, it holds at most a quarter
//! of its size, and so does the window.
//!
//! A message that is given back may have been read: a duplicate is possible, a loss is not. Bytes
//! that the reader's process has taken from the socket count as read, whether the process used them
//! or not.

use std::collections::VecDeque;

/// The items that were taken for a reader, in order, each with the byte at which it ends.
#[derive(Debug)]
pub(crate) struct Window<T> {
    kept: VecDeque<(T, u64)>,
    /// The number of bytes so far: taken by the socket, or still waiting.
    pushed: u64,
    /// The number of bytes that the socket has taken.
    taken: u64,
    /// The size of the socket's send buffer.
    buffer: u64,
}

impl<T> Window<T> {
    pub(crate) fn new(buffer: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            pushed: 0,
            taken: 0,
            buffer: buffer as u64,
        }
    }

    /// Adds something whose bytes are written next.
    pub(crate) fn push(&mut self, what: T, bytes: usize) {
        self.skip(bytes);
        self.kept.push_back((what, self.pushed));
    }

    /// Adds bytes that are written next and never given back.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.pushed += bytes as u64;
    }

    /// Returns the most bytes for one write, so that few of them are delivered twice.
    pub(crate) fn step(&self) -> usize {
        (self.buffer / 4) as usize
    }

    /// Notes that the socket has taken more bytes.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.taken += bytes as u64;
        self.forget_read(self.buffer + self.buffer / 2);
    }

    /// Notes that the socket has room now, and that its reader is there.
    pub(crate) fn has_room(&mut self) {
        self.forget_read(self.buffer / 4);
    }

    /// Removes what was read: everything written except the newest `unread` bytes.
    fn forget_read(&mut self, unread: u64) {
        let read = self.taken.saturating_sub(unread);
        while self.kept.front().is_some_and(|(_, end)| *end <= read) {
            self.kept.pop_front();
        }
    }

    /// Returns what the reader has not received, newest first: what the socket has not taken whole
    /// and, if the reader left bytes unread, what may be among them.
    pub(crate) fn unread(self, left_unread: bool) -> impl Iterator<Item = T> {
        let taken = self.taken;
        let newest_first = self.kept.into_iter().rev();
        newest_first
            .take_while(move |(_, end)| left_unread || *end > taken)
            .map(|(what, _)| what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window over a buffer of 100 bytes, after ten messages of 50 bytes.
    fn window(taken: usize) -> Window<u32> {
        let mut window = Window::new(100);
        (1..=10).for_each(|number| window.push(number, 50));
        window.wrote(taken);
        window
    }

    fn unread(window: Window<u32>, left_unread: bool) -> Vec<u32> {
        window.unread(left_unread).collect()
    }

    #[test]
    fn a_message_that_the_socket_has_not_taken_whole_is_unread() {
        assert_eq!(unread(window(420), false), [10, 9]);
        assert!(unread(window(500), false).is_empty());
    }

    #[test]
    fn messages_that_may_be_in_the_buffer_are_unread_if_the_reader_left_bytes_unread() {
        assert_eq!(unread(window(500), true), [10, 9, 8]);
        assert_eq!(unread(window(499), true), [10, 9, 8, 7]);
        assert_eq!(unread(window(150), true).len(), 10);
    }

    #[test]
    fn a_buffer_with_room_holds_a_quarter() {
        let mut window = window(500);
        window.has_room();
        assert_eq!(unread(window, true), [10]);
    }

    #[test]
    fn bytes_that_are_never_given_back_count_in_the_buffer() {
        let mut window = Window::new(100);
        window.push(1, 50);
        window.skip(200);
        window.push(2, 50);
        window.wrote(300);
        assert_eq!(unread(window, true), [2]);
    }
}
