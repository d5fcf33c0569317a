//! The command: arguments in, exit codes out.
//!
//! What a script reads is on standard output: an id, or lines of JSON. Everything else is on standard error.

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

/// Why a command came to nothing.
enum Failure {
    /// The server refused, or this computer does.
    Refused(String),
    /// There is no connection to the server, or it broke.
    Unconnected(String),
    /// Who reads standard output has gone: that is no failure.
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

/// Standard output is the only thing that is written to.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Refused(error.to_string()),
        }
    }
}

/// Does what the arguments say.
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
        // Told on standard error, which would be what failed: and a server outlives whoever reads its log.
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

/// Says something on standard error, if anybody is there.
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
    // Standard input may be waited for in a thread: it is not waited for at the end.
    runtime.shutdown_background();
    acted.map_err(|failure| match failure {
        Failure::Unconnected(message) => {
            Failure::Unconnected(format!("{}: {message}", socket.display()))
        }
        other => other,
    })
}

/// Writes a line to standard output, at once.
fn print(line: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    Ok(stdout.flush()?)
}
