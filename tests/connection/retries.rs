//! When a connection is tried again.

use std::time::Duration;

use eric_sse::client::{ConnectError, ConnectOptions, ConnectionEnd};

use super::scripted::{Answer, BreakOff, Hang, SECOND, Text, Wait, events, get, read, status};

fn delays(waits: &[(Duration, String)]) -> Vec<Duration> {
    waits.iter().map(|wait| wait.0).collect()
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_resumed_after_the_last_event_id_and_an_event_that_is_cut_off_is_discarded() {
    let first = events(&[Text("id: 1\ndata: a\n\nid: 2\ndata: cut"), BreakOff]);
    let second = events(&[Text("id: 2\ndata: b\n\n"), Text("data: cut")]);
    let (mut connection, log) = get(ConnectOptions::new(), &[first, second]);
    assert_eq!(read(&mut connection).await.0, ["a", "b"]);
    let id = |index| {
        log.request(index)
            .headers
            .get("Last-Event-ID")
            .map(str::to_owned)
    };
    assert_eq!(id(0), None);
    assert_eq!(id(1).as_deref(), Some("1"));
    assert_eq!(id(2).as_deref(), Some("2"));
    assert_eq!(
        log.waits()
            .into_iter()
            .map(|wait| wait.1)
            .collect::<Vec<_>>(),
        ["the response broke off: broken", ""]
    );
}

#[tokio::test(start_paused = true)]
async fn delays_are_random_below_a_time_that_doubles_up_to_its_bound() {
    let answers = vec![Answer::Refuse; 2000];
    let options = ConnectOptions::new().max_retry(8 * SECOND);
    let (mut connection, log) = get(options, &answers);
    read(&mut connection).await;
    let delays = delays(&log.waits());
    for (delay, most) in delays.iter().zip([1, 2, 4]) {
        assert!(*delay < most * SECOND);
    }
    let later = &delays[3..];
    assert!(later.iter().all(|delay| *delay < 8 * SECOND));
    let mean = later.iter().sum::<Duration>().as_secs_f64() / later.len() as f64;
    assert!((3.6..4.4).contains(&mean), "the mean is {mean} s");
    let below = later.iter().filter(|delay| **delay < SECOND).count();
    assert!(
        (150..350).contains(&below),
        "{below} of 1,997 are in the first eighth"
    );
    assert_eq!(log.attempt(2000).retries, 2000);
}

#[tokio::test(start_paused = true)]
async fn the_last_of_the_retries_is_the_end() {
    let options = ConnectOptions::new().max_retries(3);
    let (mut connection, log) = get(options, &vec![Answer::Refuse; 10]);
    let error = read(&mut connection).await.1.unwrap();
    assert_eq!(error.to_string(), "the request failed: refused");
    assert_eq!(log.times().len(), 4);

    let options = ConnectOptions::new().max_retries(1);
    let (mut connection, _) = get(options, &vec![events(&[]); 10]);
    let error = read(&mut connection).await.1;
    assert!(matches!(error, Some(ConnectError::Ended)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_success_begins_the_retries_anew_and_so_do_five_seconds_to_a_proper_end() {
    let retries_after = async |parts: &[super::scripted::Part]| {
        let answers = [Answer::Refuse, Answer::Refuse, events(parts)];
        let (mut connection, log) = get(ConnectOptions::new(), &answers);
        read(&mut connection).await;
        log.attempt(3).retries
    };
    assert_eq!(retries_after(&[Wait(61 * SECOND), BreakOff]).await, 1);
    assert_eq!(retries_after(&[Wait(59 * SECOND), BreakOff]).await, 3);
    assert_eq!(retries_after(&[Wait(6 * SECOND)]).await, 1);
    assert_eq!(retries_after(&[Wait(4 * SECOND)]).await, 3);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_the_least_delay_in_seconds_or_as_a_date() {
    for (value, least) in [("120", 120), ("Sun, 06 Nov 1994 08:50:37 GMT", 60)] {
        let (mut connection, log) = get(
            ConnectOptions::new(),
            &[status(503, &[("Retry-After", value)])],
        );
        read(&mut connection).await;
        let delay = log.waits()[0].0;
        let range = least * SECOND..(least + 1) * SECOND;
        assert!(range.contains(&delay), "{value}: {delay:?}");
        assert!(log.times()[1] >= least * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn the_reconnection_time_is_that_of_the_server() {
    let answers = [
        events(&[Text("retry: 20000\ndata: a\n\n"), BreakOff]),
        Answer::Refuse,
    ];
    let delay = async || {
        let (mut connection, log) = get(ConnectOptions::new(), &answers);
        read(&mut connection).await;
        log.waits()[0].0
    };
    let mut longest = Duration::ZERO;
    for _ in 0..50 {
        longest = longest.max(delay().await);
    }
    assert!((10 * SECOND..20 * SECOND).contains(&longest), "{longest:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reconnection_time_at_the_end_of_a_response_is_kept_as_it_is() {
    let drained = events(&[Text("retry: 15000\ndata: a\n\n"), Text("retry: 3210\n\n")]);
    let at_once = events(&[Text("data: b\n\nretry: 0\n\n")]);
    let (mut connection, log) = get(ConnectOptions::new(), &[drained, at_once]);
    assert_eq!(read(&mut connection).await.0, ["a", "b"]);
    let milliseconds: Vec<_> = log.waits().iter().map(|wait| wait.0.as_millis()).collect();
    assert_eq!(milliseconds, [3210, 100]);
    assert_eq!(log.attempt(2).retries, 0, "the server has asked for it");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_in_time_is_retried() {
    let options = ConnectOptions::new().connect_timeout(7 * SECOND);
    let answers = [Answer::Silence, events(&[Text("data: a\n\n")])];
    let (mut connection, log) = get(options, &answers);
    assert_eq!(read(&mut connection).await.0, ["a"]);
    assert_eq!(log.waits()[0].1, "no response came within 7 seconds");
    assert!((7 * SECOND..8 * SECOND + SECOND / 100).contains(&log.times()[1]));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_large_is_the_end() {
    let options = ConnectOptions::new().max_event_bytes(10);
    let answer = events(&[Text("data: a\n\ndata: 1234567890ab\n\n"), Hang]);
    let (mut connection, log) = get(options, &[answer]);
    let (datas, error) = read(&mut connection).await;
    assert_eq!(datas, ["a"]);
    assert!(matches!(error, Some(ConnectError::EventTooLarge(_))));
    assert!(matches!(connection.end(), Some(ConnectionEnd::Failed(_))));
    assert_eq!(log.times().len(), 1);
}
