//! The client over reqwest, at a server on loopback that cuts its connections.

mod server;

use std::time::{Duration, Instant};

use eric_sse::client::{ConnectError, ConnectOptions, Connection, Heartbeat, Request};
use eric_sse::{Message, SseChannel};
use futures::StreamExt;
use futures::future::join;
use reqwest_client::{TokioClock, transport};
use server::{Server, channel};
use tokio::task::LocalSet;
use tokio::time::sleep;

const CUTS: usize = 1000;
const CLIENTS: usize = 20;
const MILLISECOND: Duration = Duration::from_millis(1);

fn connect(request: Request, options: ConnectOptions) -> impl Events {
    // Delays of at most a tenth of a second.
    let options = options.max_retry(MILLISECOND);
    let transport = transport(reqwest::Client::new());
    Connection::with_clock(request, transport, options, TokioClock::default())
}

/// A connection, whatever its transport.
trait Events {
    /// Returns the data of all events, up to the end of the connection or of the publisher.
    async fn read(&mut self) -> Result<Vec<String>, ConnectError>;
}

impl<T: eric_sse::client::Transport> Events for Connection<T, TokioClock> {
    async fn read(&mut self) -> Result<Vec<String>, ConnectError> {
        let mut datas = Vec::new();
        while let Some(event) = self.next().await {
            let event = event?;
            assert_eq!(event.gap(), None);
            if &*event.event_type == "end" {
                break;
            }
            datas.push(event.data);
        }
        Ok(datas)
    }
}

/// Publishes numbers until the server has cut enough connections. Returns how many there were.
async fn publish(channel: &SseChannel, server: &Server, cuts: usize) -> usize {
    let mut number = 0;
    while server.cuts() < cuts {
        for _ in 0..3 {
            channel
                .broadcast(Message::new("number", number).unwrap())
                .unwrap();
            number += 1;
        }
        sleep(MILLISECOND).await;
    }
    channel.broadcast(Message::signal("end").unwrap()).unwrap();
    number
}

#[tokio::test(flavor = "current_thread")]
async fn connections_that_are_cut_at_random_bytes_lose_nothing_and_repeat_nothing() {
    let tasks = LocalSet::new();
    tasks
        .run_until(async {
            let channel = channel();
            let server = Server::start(channel.clone(), Some(CUTS)).await;
            let readers: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    let id = channel.last_event_id().as_str().to_owned();
                    let options = ConnectOptions::new().last_event_id(id);
                    let mut connection = connect(Request::get(server.url()), options);
                    tokio::task::spawn_local(async move { connection.read().await.unwrap() })
                })
                .collect();
            let count = publish(&channel, &server, CUTS).await;
            assert!(count > CLIENTS);
            for reader in readers {
                let datas = reader.await.unwrap();
                let expected: Vec<_> = (0..count).map(|number| number.to_string()).collect();
                assert!(datas == expected, "of {count}, {} came", datas.len());
            }
            assert!(server.cuts() >= CUTS);
        })
        .await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_post_whose_response_is_cut_reaches_the_server_once() {
    let tasks = LocalSet::new();
    tasks
        .run_until(async {
            let channel = channel();
            let server = Server::start(channel.clone(), Some(1)).await;
            let request = Request::post(server.url(), *b"{}");
            let mut connection = connect(request, ConnectOptions::new());
            let (read, _) = join(connection.read(), publish(&channel, &server, 1)).await;
            let is_cut = matches!(
                read,
                Err(ConnectError::Request(_) | ConnectError::BrokeOff(_))
            );
            assert!(is_cut, "{read:?}");
            sleep(300 * MILLISECOND).await;
            assert_eq!(server.requests(), ["POST / HTTP/1.1"]);
        })
        .await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_that_is_half_open_is_found_within_two_and_a_half_heartbeats() {
    let tasks = LocalSet::new();
    tasks
        .run_until(async {
            let channel = channel();
            channel
                .broadcast(Message::new("number", 0).unwrap())
                .unwrap();
            let server = Server::start(channel, None).await;
            let heartbeat = Heartbeat::Every(400 * MILLISECOND);
            let options = ConnectOptions::new().heartbeat(heartbeat).max_retries(0);
            let start = Instant::now();
            let error = connect(Request::get(server.url()), options).read().await;
            assert!(matches!(error, Err(ConnectError::Silent(_))), "{error:?}");
            let took = start.elapsed();
            assert!(
                (1000 * MILLISECOND..2500 * MILLISECOND).contains(&took),
                "{took:?}"
            );
        })
        .await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_is_not_there_is_retried_until_the_last_attempt() {
    let options = ConnectOptions::new().retry(MILLISECOND).max_retries(3);
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = connect(Request::get(url), options)
        .read()
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("the request failed: "),
        "{error}"
    );
}

#[test]
fn a_connection_may_be_read_by_a_task_of_any_thread() {
    fn is_send(_: impl Send) {}
    let transport = transport(reqwest::Client::new());
    let request = Request::get("http://127.0.0.1/");
    is_send(Connection::new(request, transport, ConnectOptions::new()));
}
