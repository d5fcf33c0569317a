//! The command: arguments in, exit codes out.
//!
//! Standard output has what a script reads: an id, or lines of JSON. Everything else goes to
//! standard error.

mod args;
mod listen;
mod send;
mod serve;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;
use eric_sse::server::{SocketClient, SocketError};
use tracing_subscriber::filter::LevelFilter;

use args::{Args, Command};

/// Why a command failed.
enum Failure {
    /// The server or the system refused.
    Refused(String),
    /// The client cannot connect to the server, or the connection broke.
    Unconnected(String),
    /// Standard output was closed, which is a success.
    Unread,
}

impl From<SocketError> for Failure {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Connect(_) | SocketError::Broken(_) | SocketError::Answer(_) => {
                Self::Unconnected(error.to_string())
            }
            _ => Self::Refused(error.to_string()),
        }
    }
}

/// Such an error comes from standard output, the only place that is written to.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Refused(error.to_string()),
        }
    }
}

/// Runs the command of the arguments.
pub fn run() -> ExitCode {
    let args = Args::parse();
    let quiet = if matches!(args.command, Command::Serve(_)) {
        LevelFilter::INFO
    } else {
        LevelFilter::WARN
    };
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(args.log.unwrap_or(quiet))
        .with_ansi(false)
        .with_target(false)
        // They would go to standard error, which is what failed. A server outlives the reader of
        // its log.
        .log_internal_errors(false)
        .init();
    let (code, message) = match act(args) {
        Ok(()) | Err(Failure::Unread) => return ExitCode::SUCCESS,
        Err(Failure::Refused(message)) => (1, message),
        Err(Failure::Unconnected(message)) => (3, message),
    };
    say(&message);
    ExitCode::from(code)
}

/// Writes a text to standard error, if it is open.
fn say(message: &str) {
    let _ = writeln!(io::stderr(), "eric: {message}");
}

fn act(args: Args) -> Result<(), Failure> {
    let socket = args.socket;
    if let Command::Serve(arguments) = &args.command {
        return serve::serve(&socket, arguments);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client = SocketClient::new(&socket);
    let acted = runtime.block_on(async {
        match args.command {
            Command::Serve(_) => Ok(()),
            Command::Create { id } => print(&match id {
                Some(id) => client.create_channel_with_id(&id).await?,
                None => client.create_channel().await?,
            }),
            Command::Register { channel } => print(&client.register(&channel).await?),
            Command::Listen {
                channel,
                listener,
                events,
            } => {
                listen::copy(match events.count {
                    Some(count) => client.stream_some(&channel, &listener, count).await?,
                    None => client.stream(&channel, &listener).await?,
                })
                .await
            }
            Command::Watch { channel, events } => {
                listen::copy(match events.count {
                    Some(count) => client.watch_some(&channel, count).await?,
                    None => client.watch(&channel).await?,
                })
                .await
            }
            Command::Send {
                channel,
                listener,
                message,
            } => send::send(&client, send::To::Listener(&channel, &listener), message).await,
            Command::Broadcast { channel, message } => {
                send::send(&client, send::To::Channel(&channel), message).await
            }
            Command::Announce { message } => {
                send::send(&client, send::To::Everybody, message).await
            }
            Command::Remove { channel, listener } => {
                match listener {
                    Some(listener) => client.remove_listener(&channel, &listener).await?,
                    None => client.remove_channel(&channel).await?,
                }
                Ok(())
            }
            Command::Stats { channel } => {
                print(&client.stats(channel.as_deref()).await?.to_string())
            }
        }
    });
    // A thread may still wait for standard output. The end does not wait for the thread.
    runtime.shutdown_background();
    acted.map_err(|failure| match failure {
        Failure::Unconnected(message) => {
            Failure::Unconnected(format!("{}: {message}", socket.display()))
        }
        other => other,
    })
}

/// Writes a line to standard output, unbuffered.
fn print(line: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    Ok(stdout.flush()?)
}
