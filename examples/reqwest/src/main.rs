//! Prints the events of an event stream: `cargo run -- http://127.0.0.1:3000/events`.

use std::env;

use anyhow::Context;
use eric_sse::client::{ConnectOptions, Connection, Request, State};
use futures::StreamExt;
use reqwest_client::{TokioClock, transport};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let url = env::args().nth(1).context("the URL is missing")?;
    let options = ConnectOptions::new().on_state(|state| {
        if let State::Waiting { delay, error } = state {
            let error = error.as_ref().map(ToString::to_string);
            eprintln!(
                "another attempt follows in {delay:?}: {}",
                error.unwrap_or_default()
            );
        }
    });
    let transport = transport(reqwest::Client::new());
    let clock = TokioClock::default();
    let mut connection = Connection::with_clock(Request::get(url), transport, options, clock);
    while let Some(event) = connection.next().await {
        let event = event?;
        match event.gap() {
            Some(gap) => println!("messages are missing: {gap:?}"),
            None => println!("{}: {}", event.event_type, event.data),
        }
    }
    println!("the end: {:?}", connection.end());
    Ok(())
}
