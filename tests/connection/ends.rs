//! The ends of a connection, and the events of the project's own.

use eric_sse::client::{ConnectOptions, ConnectionEnd, Reconnect};
use futures::StreamExt;

use super::scripted::{BreakOff, Hang, Text, events, get, read};

#[tokio::test(start_paused = true)]
async fn a_channel_that_was_closed_is_the_end() {
    let answer = events(&[
        Text("data: a\n\nevent: _eric_channel_closed\ndata:\n\ndata: b\n\n"),
        Hang,
    ]);
    let (mut connection, log) = get(ConnectOptions::new(), &[answer]);
    let (datas, error) = read(&mut connection).await;
    assert_eq!(datas, ["a"]);
    assert!(error.is_none());
    assert!(matches!(connection.end(), Some(ConnectionEnd::Closed)));
    assert_eq!(log.states(), ["connecting", "open", "ended"]);
    assert!(connection.next().await.is_none(), "it stays ended");
}

#[tokio::test(start_paused = true)]
async fn a_position_is_no_event_and_its_id_counts() {
    let first = events(&[
        Text("retry: 100\nevent: _eric_position\nid: e-7\ndata:\n\n"),
        BreakOff,
    ]);
    let (mut connection, log) = get(ConnectOptions::new(), &[first]);
    assert!(read(&mut connection).await.0.is_empty());
    assert_eq!(connection.last_event_id(), "e-7");
    assert_eq!(log.request(1).headers.get("last-event-id"), Some("e-7"));
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_an_event_that_says_what_is_missing() {
    let gap = r#"data: {"reason":"expired","missed":3,"from":"e-1","to":"e-4"}"#;
    let text = format!("event: _eric_gap\nid: e-4\n{gap}\n\ndata: a\n\n").leak();
    let unknown =
        "event: _eric_gap\ndata: {\"reason\":\"unknown\",\"from\":null,\"to\":\"e-9\"}\n\n";
    let answer = events(&[Text(text), Text(unknown)]);
    let (mut connection, _) = get(ConnectOptions::new(), &[answer]);
    let gap = connection.next().await.unwrap().unwrap().gap().unwrap();
    assert_eq!((&*gap.reason, gap.missed), ("expired", Some(3)));
    assert_eq!((gap.from.as_deref(), &*gap.to), (Some("e-1"), "e-4"));
    let event = connection.next().await.unwrap().unwrap();
    assert_eq!(event.gap(), None);
    let gap = connection.next().await.unwrap().unwrap().gap().unwrap();
    assert_eq!(
        (&*gap.reason, gap.missed, gap.from),
        ("unknown", None, None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_response_that_ends_is_the_end_where_the_program_says_so() {
    for reconnect in [Reconnect::Never, Reconnect::OnError] {
        let options = ConnectOptions::new().reconnect(reconnect);
        let (mut connection, log) = get(options, &[events(&[Text("data: a\n\n")])]);
        let (datas, error) = read(&mut connection).await;
        assert_eq!(
            (datas.len(), error.is_some(), log.times().len()),
            (1, false, 1)
        );
        assert!(matches!(connection.end(), Some(ConnectionEnd::Finished)));
    }
    let options = ConnectOptions::new().reconnect(Reconnect::Never);
    let (mut connection, _) = get(options, &[events(&[BreakOff])]);
    let error = read(&mut connection).await.1.unwrap();
    assert_eq!(error.to_string(), "the response broke off: broken");
    assert!(std::error::Error::source(&error).is_some());
}
