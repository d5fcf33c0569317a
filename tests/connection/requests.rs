//! The requests, and which of them are sent again.

use eric_sse::client::{ConnectError, ConnectOptions, ConnectionEnd, Reconnect, Request};

use super::scripted::{Answer, BreakOff, Hang, Text, connection, events, get, read, status};

fn post() -> Request {
    Request::post("http://host/runs", *b"{}").with_header("Content-Type", "application/json")
}

#[tokio::test(start_paused = true)]
async fn a_request_accepts_an_event_stream_and_has_the_given_headers_and_id() {
    let request = Request::get("http://host/events").with_header("Authorization", "Bearer a");
    let options = ConnectOptions::new().last_event_id("é-7");
    let (mut scene, log) = connection(request, options, &[]);
    read(&mut scene).await;
    let sent = log.request(0);
    assert_eq!((&*sent.method, &*sent.url), ("GET", "http://host/events"));
    let mut headers: Vec<_> = sent.headers.iter().collect();
    headers.sort();
    assert_eq!(
        headers,
        [
            ("accept", "text/event-stream"),
            ("authorization", "Bearer a"),
            ("last-event-id", "é-7")
        ]
    );
    let request = Request::get("http://host/").with_header("ACCEPT", "*/*");
    let (mut scene, log) = connection(request, ConnectOptions::new(), &[]);
    read(&mut scene).await;
    assert_eq!(log.request(0).headers.get("accept"), Some("*/*"));
}

#[tokio::test(start_paused = true)]
async fn a_post_is_sent_once_whatever_happens() {
    let outcomes = [
        (events(&[Text("data: a\n\n")]), false),
        (events(&[Text("data: a\n\n"), BreakOff]), true),
        (Answer::Refuse, true),
        (status(503, &[]), true),
        (status(401, &[]), true),
    ];
    for (answer, fails) in outcomes {
        let options = ConnectOptions::new().renews_credentials();
        let (mut scene, log) = connection(post(), options, &[answer]);
        let (_, error) = read(&mut scene).await;
        assert_eq!(error.is_some(), fails);
        assert_eq!(log.times().len(), 1);
        let is_finished = matches!(scene.end(), Some(ConnectionEnd::Finished));
        assert_eq!(is_finished, !fails);
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_is_sent_again_where_the_program_says_so() {
    let answers = [
        Answer::Refuse,
        events(&[Text("id: 1\ndata: a\n\n"), BreakOff]),
        events(&[Text("data: b\n\n")]),
    ];
    let options = ConnectOptions::new().reconnect(Reconnect::OnError);
    let (mut scene, log) = connection(post(), options, &answers);
    assert_eq!(read(&mut scene).await.0, ["a", "b"]);
    assert!(matches!(scene.end(), Some(ConnectionEnd::Finished)));
    assert_eq!(log.times().len(), 3);
    let again = log.request(2);
    assert_eq!(
        (&*again.method, again.body.as_deref()),
        ("POST", Some(&b"{}"[..]))
    );
    assert_eq!(again.headers.get("last-event-id"), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_post_is_resumed_by_another_request() {
    let answers = [
        events(&[Text("id: 1\ndata: a\n\n"), BreakOff]),
        status(502, &[]),
        events(&[Text("id: 2\ndata: b\n\n")]),
    ];
    let options = ConnectOptions::new().resume(|attempt| {
        assert_eq!(&*attempt.last_event_id, "1");
        Some(Request::get("http://host/runs/1"))
    });
    let (mut scene, log) = connection(post(), options, &answers);
    assert_eq!(read(&mut scene).await.0, ["a", "b"]);
    assert!(matches!(scene.end(), Some(ConnectionEnd::Finished)));
    let methods: Vec<_> = (0..3).map(|index| log.request(index).method).collect();
    assert_eq!(methods, ["POST", "GET", "GET"]);
    assert_eq!(log.request(2).headers.get("last-event-id"), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_not_begun_or_that_is_nowhere_is_not_resumed() {
    let nowhere = || ConnectOptions::new().resume(|_| None);
    let (mut scene, log) = connection(post(), nowhere(), &[status(503, &[])]);
    let error = read(&mut scene).await.1;
    assert!(matches!(error, Some(ConnectError::Response(_))));
    assert_eq!(log.times().len(), 1);

    let answers = [events(&[Text("data: a\n\n"), BreakOff])];
    let (mut scene, log) = connection(post(), nowhere(), &answers);
    let error = read(&mut scene).await.1.unwrap();
    assert_eq!(error.to_string(), "there is nothing to resume");
    assert_eq!(log.times().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_stream_is_polled_nor_read_ahead_of_the_reader() {
    use futures::StreamExt;
    let answers = [events(&[
        Text("data: a\n\ndata: b\n\n"),
        Text("data: c\n\n"),
        Hang,
    ])];
    let (mut scene, log) = get(ConnectOptions::new(), &answers);
    assert!(log.times().is_empty());
    let first = scene.next().await.unwrap().unwrap();
    assert_eq!((&*first.data, scene.last_event_id()), ("a", ""));
    assert_eq!(log.times().len(), 1);
}
