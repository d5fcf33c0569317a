//! What follows each status.

use eric_sse::client::{ConnectError, ConnectOptions, ConnectionEnd, ResponseError};

use super::scripted::{Answer, Hang, SECOND, Text, events, get, read, status};

/// The error of a connection that a response has ended.
async fn refusal(answer: Answer) -> ResponseError {
    let (mut connection, log) = get(ConnectOptions::new(), &[answer]);
    let (datas, error) = read(&mut connection).await;
    assert!(datas.is_empty());
    assert_eq!(log.times().len(), 1, "the request is not sent again");
    assert!(matches!(connection.end(), Some(ConnectionEnd::Failed(_))));
    match error {
        Some(ConnectError::Response(error)) => (*error).clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_that_is_not_to_be_retried_ends_the_connection_with_its_response() {
    for code in [201, 301, 400, 401, 403, 404, 405, 409, 410, 422] {
        let error = refusal(status(code, &[("X-Reason", "a")])).await;
        assert_eq!((error.status, &*error.body), (code, "why not"));
        assert_eq!(error.headers.get("x-reason"), Some("a"));
    }
    let error = refusal(status(404, &[])).await;
    assert_eq!(error.to_string(), "the status is 404");
}

#[tokio::test(start_paused = true)]
async fn a_status_that_may_pass_is_retried() {
    for code in [408, 425, 429, 500, 502, 503, 504, 599] {
        let answers = [status(code, &[]), events(&[Text("data: a\n\n")])];
        let (mut connection, log) = get(ConnectOptions::new(), &answers);
        assert_eq!(read(&mut connection).await.0, ["a"], "{code}");
        assert_eq!(log.waits()[0].1, format!("the status is {code}"));
        assert!(matches!(connection.end(), Some(ConnectionEnd::Gone)));
    }
}

#[tokio::test(start_paused = true)]
async fn no_content_is_the_end_and_no_error() {
    let (mut connection, log) = get(ConnectOptions::new(), &[status(204, &[])]);
    assert!(read(&mut connection).await.1.is_none());
    assert!(matches!(connection.end(), Some(ConnectionEnd::Gone)));
    assert_eq!(log.states(), ["connecting", "ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_response_of_another_type_is_no_event_stream() {
    let page = vec![("content-type", "text/html")];
    let error = refusal(Answer::Response(200, page, vec![Text("data: a\n\n")])).await;
    assert_eq!(
        error.to_string(),
        "a response of the type text/html is no event stream"
    );
    let similar = vec![("content-type", "text/event-streams")];
    refusal(Answer::Response(200, similar, Vec::new())).await;
    let error = refusal(Answer::Response(200, Vec::new(), Vec::new())).await;
    assert_eq!(
        error.to_string(),
        "a response without a content type is no event stream"
    );
    let capitals = vec![("Content-Type", "Text/Event-Stream;charset=UTF-8")];
    let answer = Answer::Response(200, capitals, vec![Text("data: a\n\n")]);
    let (mut connection, _) = get(ConnectOptions::new(), &[answer]);
    assert_eq!(read(&mut connection).await.0, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_has_the_first_kibibyte_of_its_body_and_does_not_wait_for_more() {
    let long: &'static str = "x".repeat(700).leak();
    let parts = vec![Text(long), Text(long), Hang];
    let error = refusal(Answer::Response(404, Vec::new(), parts)).await;
    assert_eq!(error.body, "x".repeat(1024));

    let start = tokio::time::Instant::now();
    let parts = vec![Text("beginning"), Hang];
    let error = refusal(Answer::Response(404, Vec::new(), parts)).await;
    assert_eq!(error.body, "beginning");
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_renewed_are_tried_once_more() {
    for code in [401, 403] {
        let options = || ConnectOptions::new().renews_credentials();
        let answers = [status(code, &[]), events(&[Text("data: a\n\n")])];
        let (mut connection, log) = get(options(), &answers);
        assert_eq!(read(&mut connection).await.0, ["a"]);
        assert_eq!(log.attempt(0).refused, None);
        assert_eq!(log.attempt(1).refused, Some(code));
        assert_eq!(log.attempt(2).refused, None, "they were accepted");
        assert!(log.times()[1] < SECOND, "at once");

        let answers = [status(code, &[]), status(code, &[]), events(&[])];
        let (mut connection, log) = get(options(), &answers);
        assert!(read(&mut connection).await.1.is_some());
        assert_eq!(log.times().len(), 2);
    }
}
