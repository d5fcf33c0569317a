//! The arguments, and the help.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use eric_sse::server::{Peers, ServerOptions};
use eric_sse::{Overflow, QueueLimit};
use tracing_subscriber::filter::LevelFilter;

/// Messages between processes, over a Unix socket.
///
/// A server holds channels. A broadcast goes to all listeners of a channel; `send` goes to one. A
/// listener keeps its messages until a process reads them. A watcher receives what is broadcast
/// while it watches.
#[derive(Parser)]
#[command(name = "eric", version, max_term_width = 100, after_long_help = EXAMPLES)]
pub struct Args {
    /// The server's socket.
    #[arg(
        long,
        global = true,
        env = "ERIC_SOCKET",
        value_name = "PATH",
        default_value = "eric.sock"
    )]
    pub socket: PathBuf,

    /// The log on standard error: off, error, warn, info, debug or trace. Payloads are never
    /// logged.
    #[arg(long, global = true, env = "ERIC_LOG", value_name = "LEVEL")]
    pub log: Option<LevelFilter>,

    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  In one terminal:
    export ERIC_SOCKET=/tmp/eric.sock
    eric serve

  In another one, the same first line and then:
    eric create news
    eric watch news &
    eric broadcast news greeting 'hello everybody'
    eric broadcast news price '{\"eur\": 3.50}'

  A log, line by line, to every watcher:
    eric create log
    journalctl --follow | eric broadcast log line --text

  A queue that outlives its readers:
    queue=$(eric register news)
    eric send news $queue job '[1, 2]'
    eric listen news $queue --count 1
    eric listen news $queue | while read -r event; do echo \"$event\"; done

Exit codes:
  0  success, or standard output was closed
  1  refused by the server or by the system, or disconnected because the listener's queue was full
  2  invalid arguments
  3  the client cannot connect to the server, or the connection broke";

#[derive(Subcommand)]
pub enum Command {
    /// Run a server until SIGINT or SIGTERM.
    ///
    /// The streams then receive what is queued and an event of type `_eric_channel_closed`, and the
    /// socket is removed. The server never takes over the path of a live server, and replaces the
    /// socket of a dead one.
    Serve(Box<Serve>),
    /// Create a channel, and print its id.
    Create {
        /// 1 to 64 letters, digits, ".", "_", "-" and ":"; a random UUID by default.
        id: Option<String>,
    },
    /// Add a listener to a channel, and print its id. Messages that are sent from now on wait for
    /// it.
    Register {
        /// The channel's id.
        channel: String,
    },
    /// Print a listener's events, one line of JSON each, until it or its channel is removed.
    Listen {
        /// The channel's id.
        channel: String,
        /// The listener's id.
        listener: String,
        #[command(flatten)]
        events: Events,
    },
    /// Print what is broadcast on a channel from now on, one line of JSON each, until it is
    /// removed.
    Watch {
        /// The channel's id.
        channel: String,
        #[command(flatten)]
        events: Events,
    },
    /// Send messages to one listener.
    Send {
        /// The channel's id.
        channel: String,
        /// The listener's id.
        listener: String,
        #[command(flatten)]
        message: Message,
    },
    /// Send messages to all listeners of a channel.
    Broadcast {
        /// The channel's id.
        channel: String,
        #[command(flatten)]
        message: Message,
    },
    /// Send messages to all listeners of all channels.
    Announce {
        #[command(flatten)]
        message: Message,
    },
    /// Remove a listener or, without one, a whole channel.
    Remove {
        /// The channel's id.
        channel: String,
        /// The listener's id.
        listener: Option<String>,
    },
    /// Print the counters of the server, or of one channel and its listeners, as one line of JSON.
    Stats {
        /// The channel's id.
        channel: Option<String>,
    },
}

#[derive(clap::Args)]
pub struct Events {
    /// End after this number of events, and take no more from the server.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

#[derive(clap::Args)]
pub struct Message {
    /// The messages' type.
    pub r#type: String,

    /// JSON, or otherwise a text. Without it, each line of standard input is the payload of one
    /// message. A text that starts with a hyphen comes after `--`; a number does not need that.
    #[arg(allow_negative_numbers = true)]
    pub payload: Option<String>,

    /// Send payloads as texts, even if they are JSON.
    #[arg(long)]
    pub text: bool,
}

#[derive(clap::Args)]
pub struct Serve {
    /// The longest request, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = defaults().request_bytes)]
    max_request: usize,

    /// The time that a client has for one request, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    read_timeout: Duration,

    /// The most connections at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = defaults().connections)]
    max_connections: usize,

    /// The most channels.
    #[arg(long, value_name = "NUMBER", default_value_t = defaults().channels)]
    max_channels: usize,

    /// The most listeners of one channel, watchers included.
    #[arg(long, value_name = "NUMBER", default_value_t = defaults().listeners)]
    max_listeners: usize,

    /// The most messages that wait for one listener.
    #[arg(long, value_name = "NUMBER", default_value_t = ServerOptions::QUEUE.messages)]
    queue_messages: u64,

    /// The most bytes that wait for one listener: types, payloads and 256 per message.
    #[arg(long, value_name = "BYTES", default_value_t = ServerOptions::QUEUE.bytes)]
    queue_bytes: u64,

    /// The reaction to a full queue.
    #[arg(long, value_enum, default_value = "drop-oldest")]
    overflow: OnOverflow,

    /// The reconnection time that events carry, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "15")]
    retry: Duration,

    /// The time that streams have at the end to deliver what is queued, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "2")]
    grace: Duration,

    /// The processes that may connect.
    #[arg(long, value_enum, default_value = "same-user")]
    peers: AllowedPeers,
}

#[derive(Clone, Copy, ValueEnum)]
enum OnOverflow {
    /// The oldest messages are dropped; the listener receives one `_eric_gap` with their number.
    DropOldest,
    /// The listener is removed, and its streams end.
    Disconnect,
    /// The message is refused.
    Refuse,
}

#[derive(Clone, Copy, ValueEnum)]
enum AllowedPeers {
    /// Processes of the server's user (mode 0600).
    SameUser,
    /// Processes of the server's user or group (mode 0660).
    SameGroup,
    /// Every process that can open the socket (mode 0666).
    Everybody,
}

impl Serve {
    /// Returns the options of the server.
    pub fn options(&self) -> ServerOptions {
        ServerOptions {
            request_bytes: self.max_request,
            read_timeout: self.read_timeout,
            connections: self.max_connections,
            channels: self.max_channels,
            listeners: self.max_listeners,
            queue: Some(QueueLimit {
                messages: self.queue_messages,
                bytes: self.queue_bytes,
                overflow: match self.overflow {
                    OnOverflow::DropOldest => Overflow::DropOldest,
                    OnOverflow::Disconnect => Overflow::Disconnect,
                    OnOverflow::Refuse => Overflow::Refuse,
                },
            }),
            retry: self.retry,
            grace: self.grace,
            peers: match self.peers {
                AllowedPeers::SameUser => Peers::SameUser,
                AllowedPeers::SameGroup => Peers::SameGroup,
                AllowedPeers::Everybody => Peers::Everybody,
            },
        }
    }
}

fn defaults() -> ServerOptions {
    ServerOptions::default()
}

/// The most seconds that an option takes: a year.
const MOST_SECONDS: f64 = 31_536_000.0;

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "must be a number of seconds".to_owned())?;
    if seconds > MOST_SECONDS {
        return Err(format!("must be at most a year, {MOST_SECONDS} seconds"));
    }
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
