//! The server, its client and the command as their users meet them: a real process, real sockets,
//! real signals.

mod support;

mod client;
mod command;
mod idle;
mod leaving;
mod limits;
mod malformed;
mod parser;
mod peers;
mod protocol;
mod reference;
mod signals;
mod socket_file;
