//! Signs of life.

use std::time::Duration;

use eric_sse::client::{ConnectOptions, Heartbeat};

use super::scripted::{Hang, Part, SECOND, Text, Wait, events, get, read};

/// Reads a response, and returns when the next request was sent and why.
async fn second_request(heartbeat: Heartbeat, parts: &[Part]) -> (Duration, String) {
    let options = ConnectOptions::new().heartbeat(heartbeat);
    let (mut connection, log) = get(options, &[events(parts)]);
    read(&mut connection).await;
    let (delay, error) = log.waits()[0].clone();
    (log.times()[1] - delay, error)
}

fn is_about(time: Duration, seconds: f64) -> bool {
    (time.as_secs_f64() - seconds).abs() < 0.1
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_given_up_after_two_and_a_half_heartbeats() {
    let (time, error) = second_request(
        Heartbeat::Every(4 * SECOND),
        &[Text(":\n"), Wait(9 * SECOND), Text(":\n"), Hang],
    )
    .await;
    assert!(is_about(time, 19.0), "{time:?}");
    assert_eq!(error, "the connection was silent for 10 seconds");
}

#[tokio::test(start_paused = true)]
async fn the_heartbeat_is_learned_from_the_server() {
    let stated = [Text(": heartbeat: 6\n\ndata: a\n\n"), Hang];
    let (time, _) = second_request(Heartbeat::Learned, &stated).await;
    assert!(is_about(time, 15.0), "{time:?}");

    let comments = [
        Text(":\n"),
        Wait(8 * SECOND),
        Text(":\n"),
        Wait(8 * SECOND),
        Text(":\n"),
        Hang,
    ];
    let (time, _) = second_request(Heartbeat::Learned, &comments).await;
    assert!(is_about(time, 16.0 + 20.0), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_heartbeat_may_be_silent_for_a_day() {
    for heartbeat in [Heartbeat::Learned, Heartbeat::Never] {
        let parts = [Text(":\n"), Wait(24 * 3600 * SECOND), Text("data: a\n\n")];
        let (time, error) = second_request(heartbeat, &parts).await;
        assert!(is_about(time, 24.0 * 3600.0), "{time:?}");
        assert_eq!(error, "");
    }
    let stated = [Text(": heartbeat: 6\n\n"), Wait(24 * 3600 * SECOND)];
    let (time, _) = second_request(Heartbeat::Never, &stated).await;
    assert!(
        is_about(time, 24.0 * 3600.0),
        "the program has stated otherwise"
    );
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_slow_does_not_make_the_connection_late() {
    use futures::StreamExt;
    let options = ConnectOptions::new().heartbeat(Heartbeat::Every(SECOND));
    let parts = [
        Text("data: a\n\n"),
        Text("data: b\n\n"),
        Wait(2 * SECOND),
        Text("data: c\n\n"),
    ];
    let (mut connection, log) = get(options, &[events(&parts)]);
    for expected in ["a", "b", "c"] {
        assert_eq!(connection.next().await.unwrap().unwrap().data, expected);
        tokio::time::sleep(60 * SECOND).await;
    }
    assert_eq!(log.times().len(), 1);
}
