//! The transport in Node: `wasm-pack test --node`. Responses are those of `data:` URLs.
#![cfg(target_arch = "wasm32")]

use std::time::Duration;

use eric_sse::client::{
    ConnectError, ConnectOptions, Connection, ConnectionEnd, Reconnect, Request,
};
use fetch_client::transport;
use futures::StreamExt;
use wasm_bindgen_test::wasm_bindgen_test;

const STREAM: &str = "data:text/event-stream,id:1%0Adata:a%0A%0Adata:%C3%A9%0A%0A";

#[wasm_bindgen_test]
async fn the_events_of_a_response_are_read_to_its_end() {
    let options = ConnectOptions::new().reconnect(Reconnect::OnError);
    let mut connection = Connection::new(Request::get(STREAM), transport(), options);
    for expected in ["a", "é"] {
        assert_eq!(connection.next().await.unwrap().unwrap().data, expected);
    }
    assert!(connection.next().await.is_none());
    assert_eq!(connection.last_event_id(), "1");
    assert!(matches!(connection.end(), Some(ConnectionEnd::Finished)));
}

#[wasm_bindgen_test]
async fn a_response_that_has_ended_is_followed_by_another_request() {
    let options = ConnectOptions::new().retry(Duration::from_millis(1));
    let mut connection = Connection::new(Request::get(STREAM), transport(), options);
    for expected in ["a", "é", "a", "é", "a"] {
        assert_eq!(connection.next().await.unwrap().unwrap().data, expected);
    }
}

#[wasm_bindgen_test]
async fn a_page_is_no_event_stream_and_a_request_that_fails_is_retried() {
    let page = Request::get("data:text/html,<p>no");
    let mut connection = Connection::new(page, transport(), ConnectOptions::new());
    let error = connection.next().await.unwrap().unwrap_err();
    assert!(
        matches!(&error, ConnectError::Response(error) if error.body == "<p>no"),
        "{error}"
    );

    let options = ConnectOptions::new().max_retries(1);
    let nowhere = Request::get("unknown:nowhere");
    let mut connection = Connection::new(nowhere, transport(), options);
    let error = connection.next().await.unwrap().unwrap_err();
    assert!(matches!(&error, ConnectError::Request(_)), "{error}");
}
