//! Window: what was written to a reader that may not have read it.
//!
//! A message whose bytes the socket has taken is not delivered yet: they may lie in the kernel's buffer when the reader
//! leaves. So the messages are kept that may still lie there, and those of a reader that left unread bytes behind are
//! the listener's next ones again.
//!
//! ## How far it reaches back
//!
//! The kernel keeps at most one and a half times the socket's send buffer. What was written before that was read. Once
//! the buffer takes more, it holds at most a quarter of its size, so of what is older than [`SETTLED`] no more is kept
//! than that: otherwise a reader that leaves after a quiet hour would leave the whole hour to the next one.
//!
//! What is given back was possibly read: a duplicate is possible, a loss is not. What the reader's process has taken from
//! the socket counts as read, if the process looked at it or not.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The age from which on what was written is taken for read, if the socket says so.
pub(crate) const SETTLED: Duration = Duration::from_secs(1);

/// What was taken for a reader, in order, with the byte at which it ends.
#[derive(Debug)]
pub(crate) struct Window<T> {
    kept: VecDeque<Kept<T>>,
    /// How many bytes were handed over so far: those that the socket has taken and those that wait.
    pushed: u64,
    /// How many of them the socket has taken.
    taken: u64,
    /// The size of the socket's send buffer.
    buffer: u64,
}

#[derive(Debug)]
struct Kept<T> {
    what: T,
    end: u64,
    at: Instant,
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

    /// Notes that something of a number of bytes is to be written next.
    pub(crate) fn push(&mut self, what: T, bytes: usize, at: Instant) {
        self.pushed += bytes as u64;
        let end = self.pushed;
        self.kept.push_back(Kept { what, end, at });
    }

    /// Notes that so many bytes are to be written next of which nothing is ever given back.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.pushed += bytes as u64;
    }

    /// Notes that the socket has taken a number of bytes more, and forgets what cannot lie in it any more.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.taken += bytes as u64;
        let read = self.taken.saturating_sub(self.buffer + self.buffer / 2);
        self.forget(|kept| kept.end <= read);
    }

    /// Returns whether something is old enough for [`settle`](Self::settle).
    pub(crate) fn has_settled(&self, now: Instant) -> bool {
        let read = self.taken.saturating_sub(self.buffer / 4);
        let oldest = self.kept.front();
        oldest.is_some_and(|kept| kept.end <= read && now - kept.at >= SETTLED)
    }

    /// Notes that the socket would take more just now, and that its reader has not left.
    pub(crate) fn settle(&mut self, now: Instant) {
        let read = self.taken.saturating_sub(self.buffer / 4);
        self.forget(|kept| kept.end <= read && now - kept.at >= SETTLED);
    }

    /// Takes out what the reader has not got, newest first: what the socket has not taken whole and, if the reader
    /// `left_unread` bytes behind, what it may have left.
    pub(crate) fn unread(self, left_unread: bool) -> impl Iterator<Item = T> {
        let taken = self.taken;
        let newest_first = self.kept.into_iter().rev();
        newest_first
            .take_while(move |kept| left_unread || kept.end > taken)
            .map(|kept| kept.what)
    }

    fn forget(&mut self, is_read: impl Fn(&Kept<T>) -> bool) {
        while self.kept.front().is_some_and(&is_read) {
            self.kept.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window over a buffer of 100 bytes, after ten messages of 50 bytes.
    fn window(at: Instant, taken: usize) -> Window<u32> {
        let mut window = Window::new(100);
        (1..=10).for_each(|number| window.push(number, 50, at));
        window.wrote(taken);
        window
    }

    fn unread(window: Window<u32>, left_unread: bool) -> Vec<u32> {
        window.unread(left_unread).collect()
    }

    #[test]
    fn what_the_socket_has_not_taken_whole_is_unread() {
        let now = Instant::now();
        assert_eq!(unread(window(now, 420), false), [10, 9]);
        assert!(unread(window(now, 500), false).is_empty());
    }

    #[test]
    fn what_may_lie_in_the_buffer_is_unread_if_the_reader_left_bytes_behind() {
        let now = Instant::now();
        assert_eq!(unread(window(now, 500), true), [10, 9, 8]);
        assert_eq!(unread(window(now, 499), true), [10, 9, 8, 7]);
        assert_eq!(unread(window(now, 150), true).len(), 10);
    }

    #[test]
    fn what_is_old_is_forgotten_but_for_what_a_buffer_that_takes_more_may_hold() {
        let then = Instant::now();
        let mut window = window(then, 500);
        assert!(!window.has_settled(then));
        let now = then + SETTLED;
        assert!(window.has_settled(now));
        window.settle(now);
        assert!(!window.has_settled(now));
        assert_eq!(unread(window, true), [10]);
    }
}
