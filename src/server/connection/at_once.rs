//! Answering at once: what a client has sent before its connection is looked at.
//!
//! A client with a single request has usually sent it, and ended its writing side, by the time its
//! connection is accepted. It is answered immediately. A task, and a place in the system's poll,
//! are needed only for a client that has more to say: together they cost as much as the request.

use std::io;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::server::connection::Opened;
use crate::server::connection::exchange::{Answered, Exchange};
use crate::server::hub::Hub;
use crate::server::protocol::refusal::Refusal;
use crate::server::report::count;

/// The number of bytes that one read takes.
const READ: usize = 2048;

/// A closed connection is an error, and not a signal, where the system offers that. Elsewhere Rust
/// programs ignore the signal.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SENDING: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SENDING: SendFlags = SendFlags::DONTWAIT;

/// Tells a client why it is not served.
pub(crate) fn refuse(hub: &Hub, socket: &UnixStream, refusal: &Refusal) {
    count(&hub.counters.refused, 1);
    let mut line = Vec::new();
    refusal.write(&mut line);
    // A new socket has room for a line. A client that has closed its end misses nothing.
    let _ = send(socket, &line, SENDING);
}

/// Answers what a new client has sent already. Returns the connection if it continues.
pub(crate) fn answer(hub: &Rc<Hub>, socket: UnixStream) -> io::Result<Option<Opened>> {
    let mut exchange = Exchange::new(hub.clone());
    let mut answered = Answered::All(0);
    let mut bytes = [0; READ];
    // One read for a request, and one for the end of the writing side behind it.
    for _ in 0..2 {
        match recv(&socket, &mut bytes[..], RecvFlags::DONTWAIT) {
            Ok((0, _)) => exchange.frames.end(),
            Ok((read, _)) => exchange.frames.room().extend_from_slice(&bytes[..read]),
            Err(Errno::WOULDBLOCK) => break,
            Err(error) => return Err(error.into()),
        }
        answered = exchange.answer();
        if exchange.frames.is_ended() || !matches!(answered, Answered::All(_)) {
            break;
        }
    }
    if exchange.frames.is_ended() && matches!(answered, Answered::All(_)) {
        match send(&socket, &exchange.answers, SENDING) {
            Ok(sent) if sent == exchange.answers.len() => return Ok(None),
            Ok(sent) => drop(exchange.answers.drain(..sent)),
            Err(Errno::WOULDBLOCK) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(Opened {
        exchange,
        answered,
        socket,
    }))
}
