//! Other parts of the program reach a connection that a loop reads.

use std::time::Duration;

use eric_sse::client::{ConnectOptions, ConnectionEnd, Heartbeat, Reconnect};
use futures::future::join;
use tokio::time::{Instant, sleep};

use super::scripted::{Answer, Hang, SECOND, Text, Wait, events, get, read, status};

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_at_once_before_during_and_after_a_response() {
    let places = [
        vec![Answer::Silence],
        vec![events(&[Text("data: a\n\n"), Hang])],
        vec![status(503, &[("Retry-After", "1000")])],
        vec![Answer::Response(404, Vec::new(), vec![Hang])],
    ];
    for answers in places {
        let (mut connection, log) = get(ConnectOptions::new(), &answers);
        let handle = connection.handle();
        let closing = async {
            sleep(SECOND).await;
            handle.close();
        };
        let start = Instant::now();
        let ((_, error), ()) = join(read(&mut connection), closing).await;
        assert!(error.is_none());
        assert_eq!(start.elapsed().as_millis(), 1000);
        assert!(matches!(connection.end(), Some(ConnectionEnd::Left)));
        assert_eq!(log.times().len(), 1);
    }
    let (mut connection, log) = get(ConnectOptions::new(), &[]);
    connection.handle().close();
    read(&mut connection).await;
    assert!(
        log.times().is_empty(),
        "it was closed before the first request"
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_request_is_made_at_once_where_a_response_is_open_or_a_wait_is_on() {
    let open = events(&[Text("id: 1\ndata: a\n\n"), Hang]);
    let waiting = status(503, &[("Retry-After", "1000")]);
    for (answer, id) in [(open, Some("1")), (waiting, None)] {
        let (mut connection, log) = get(ConnectOptions::new(), &[answer]);
        let handle = connection.handle();
        let again = async {
            sleep(SECOND).await;
            handle.reconnect();
        };
        join(read(&mut connection), again).await;
        assert_eq!(log.times(), [Duration::ZERO, SECOND]);
        assert_eq!(log.request(1).headers.get("last-event-id"), id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_sent_once_is_not_sent_again_by_a_handle() {
    let options = ConnectOptions::new().reconnect(Reconnect::Never);
    let answer = events(&[Wait(5 * SECOND), Text("data: a\n\n")]);
    let (mut connection, log) = get(options, &[answer]);
    connection.handle().reconnect();
    let handle = connection.handle();
    let again = async {
        sleep(SECOND).await;
        handle.reconnect();
    };
    let ((datas, _), ()) = join(read(&mut connection), again).await;
    assert_eq!((datas.len(), log.times().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_check_ends_a_wait_and_gives_a_late_connection_three_seconds() {
    let waiting = status(503, &[("Retry-After", "1000")]);
    let late = events(&[Text("data: a\n\n"), Hang]);
    let alive = events(&[Text("data: b\n\n"), Wait(22 * SECOND), Text("data: c\n\n")]);
    let options = ConnectOptions::new().heartbeat(Heartbeat::Every(10 * SECOND));
    let (mut connection, log) = get(options, &[waiting, late, alive]);
    let handle = connection.handle();
    let checks = async {
        sleep(SECOND).await;
        handle.check(true); // at 1 s: the wait ends
        sleep(5 * SECOND).await;
        handle.check(true); // at 6 s: the connection is not late
        sleep(10 * SECOND).await;
        handle.check(true); // at 16 s: it is, and has until 19 s
        sleep(25 * SECOND).await;
        handle.check(false); // about 41 s: bytes come in time
    };
    let ((datas, _), ()) = join(read(&mut connection), checks).await;
    assert_eq!(datas, ["a", "b", "c"]);
    assert_eq!(log.times()[1], SECOND);
    assert_eq!(log.waits()[1].1, "the connection was silent for 18 seconds");
    assert_eq!(log.waits()[2].1, "");
}
