//! SocketClient: every method, and every way in which it can fail.

use eric_sse::server::{SocketClient, SocketError};
use serde_json::json;

use super::support::*;

/// Runs a test on a runtime of its own.
fn run(test: impl Future<Output = Result<(), SocketError>>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test).unwrap();
}

#[test]
fn every_method_does_what_it_says() {
    let daemon = Daemon::new();
    let client = SocketClient::new(&daemon.socket);
    run(async {
        let channel = client.create_channel().await?;
        assert_eq!(channel.len(), 36);
        assert_eq!(client.create_channel_with_id("news").await?, "news");
        let listener = client.register(&channel).await?;
        client
            .dispatch(&channel, &listener, "to one", &json!({ "a": [1, null] }))
            .await?;
        client
            .broadcast_message(&channel, "to all", "text\n")
            .await?;
        client.broadcast_to_all("to everybody", &7).await?;
        let request = json!({ "v": "b", "c": channel, "t": "raw" });
        assert_eq!(client.send_payload(&request).await?, "ack");

        let mut stream = client.stream(&channel, &listener).await?;
        let mut got = Vec::new();
        for _ in 0..4 {
            let event = stream.next_event().await.unwrap()?;
            assert!(event.id.is_some());
            got.push((event.event, event.data.get().to_owned()));
        }
        let wanted = [
            ("to one", r#"{"a":[1,null]}"#),
            ("to all", r#""text\n""#),
            ("to everybody", "7"),
            ("raw", "null"),
        ];
        assert_eq!(
            got,
            wanted.map(|(event, data)| (event.to_owned(), data.to_owned()))
        );

        let mut watched = client.watch("news").await?;
        while client.stats(Some("news")).await?["listeners"] != 1 {}
        client.broadcast_message("news", "n", &1).await?;
        assert_eq!(watched.next_event().await.unwrap()?.data.get(), "1");

        assert_eq!(client.stats(None).await?["streams"], 2);
        client.remove_listener(&channel, &listener).await?;
        assert!(stream.next_event().await.is_none());
        client.remove_channel("news").await?;
        let closed = watched.next_event().await.unwrap()?;
        assert_eq!((&*closed.event, closed.id), ("_eric_channel_closed", None));
        assert!(watched.next_event().await.is_none());
        Ok(())
    });
}

#[test]
fn refusals_are_the_crate_s_exceptions() {
    let daemon = Daemon::with(&[
        "--queue-messages",
        "1",
        "--overflow",
        "refuse",
        "--max-channels",
        "1",
    ]);
    let client = SocketClient::new(&daemon.socket);
    run(async {
        let channel = client.create_channel().await?;
        let listener = client.register(&channel).await?;
        let error = client.register("nobody").await.unwrap_err();
        assert!(
            matches!(&error, SocketError::InvalidChannel(_)),
            "{error:?}"
        );
        assert_eq!(error.to_string(), "no channel has the id \"nobody\"");
        let error = client
            .dispatch(&channel, "nobody", "t", &1)
            .await
            .unwrap_err();
        assert!(
            matches!(error, SocketError::InvalidListener(_)),
            "{error:?}"
        );
        let error = client
            .dispatch(&channel, &listener, "a\nb", &1)
            .await
            .unwrap_err();
        assert!(matches!(error, SocketError::InvalidMessage(_)), "{error:?}");
        client.dispatch(&channel, &listener, "t", &1).await?;
        let error = client
            .dispatch(&channel, &listener, "t", &1)
            .await
            .unwrap_err();
        assert!(matches!(error, SocketError::QueueFull(_)), "{error:?}");
        assert_eq!(error.code(), Some("ERIC_QUEUE_FULL"));
        let error = client.create_channel().await.unwrap_err();
        assert!(matches!(error, SocketError::Refused { .. }), "{error:?}");
        let error = client
            .watch("nobody")
            .await?
            .next_event()
            .await
            .unwrap()
            .unwrap_err();
        assert!(matches!(error, SocketError::InvalidChannel(_)), "{error:?}");
        Ok(())
    });
}

#[test]
fn a_stream_tells_a_listener_that_was_removed_from_one_that_was_full_and_from_a_dead_server() {
    let mut daemon = Daemon::with(&["--queue-messages", "5", "--overflow", "disconnect"]);
    let client = SocketClient::new(&daemon.socket);
    run(async {
        client.create_channel_with_id("c").await?;
        let listener = client.register("c").await?;
        let mut removed = client.stream("c", &listener).await?;
        while client.stats(None).await?["streams"] != 1 {}
        client.remove_listener("c", &listener).await?;
        assert!(removed.next_event().await.is_none());

        let mut full = client.watch("c").await?;
        while client.stats(Some("c")).await?["listeners"] != 1 {}
        while client.stats(Some("c")).await?["overflows"] == 0 {
            client
                .broadcast_message("c", "t", &"x".repeat(1000))
                .await?;
        }
        let error = loop {
            if let Err(error) = full.next_event().await.expect("why it ended") {
                break error;
            }
        };
        assert!(matches!(error, SocketError::QueueFull(_)), "{error:?}");
        assert!(full.next_event().await.is_none());

        let mut cut = client.watch("c").await?;
        while client.stats(Some("c")).await?["listeners"] != 1 {}
        client.broadcast_message("c", "t", &1).await?;
        assert_eq!(cut.next_event().await.unwrap()?.data.get(), "1");
        daemon.child.kill().unwrap();
        daemon.wait();
        let error = cut.next_event().await.unwrap().unwrap_err();
        assert!(matches!(error, SocketError::Broken(_)), "{error:?}");
        assert!(cut.next_event().await.is_none());
        Ok(())
    });
}

#[test]
fn a_stream_of_some_yields_so_many_and_ends() {
    let daemon = Daemon::new();
    let client = SocketClient::new(&daemon.socket);
    run(async {
        let channel = client.create_channel().await?;
        let listener = client.register(&channel).await?;
        for number in 0..6 {
            client.dispatch(&channel, &listener, "n", &number).await?;
        }
        for start in [0, 3] {
            let mut stream = client.stream_some(&channel, &listener, 3).await?;
            for number in start..start + 3 {
                let event = stream.next_event().await.unwrap()?;
                assert_eq!(event.data.get(), number.to_string());
            }
            assert!(stream.next_event().await.is_none());
        }
        let error = client.watch_some(&channel, 0).await?.next_event().await;
        assert!(matches!(error, Some(Err(SocketError::InvalidMessage(_)))));
        Ok(())
    });
}

#[test]
fn a_client_finds_a_server_that_was_started_again() {
    let daemon = Daemon::new();
    let client = SocketClient::new(&daemon.socket);
    run(async {
        client.create_channel_with_id("a").await?;
        let daemon = daemon.kill_and_restart();
        client.create_channel_with_id("a").await?;
        drop(daemon);
        let error = client.stats(None).await.unwrap_err();
        assert!(matches!(error, SocketError::Connect(_)), "{error:?}");
        Ok(())
    });
}

#[test]
fn a_request_that_is_given_up_halfway_confuses_no_other() {
    let daemon = Daemon::new();
    let client = SocketClient::new(&daemon.socket);
    run(async {
        for number in 0..100 {
            let id = number.to_string();
            let mut given_up = Box::pin(client.create_channel());
            std::future::poll_fn(|context| {
                let _ = given_up.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
            drop(given_up);
            assert_eq!(client.create_channel_with_id(&id).await?, id);
        }
        Ok(())
    });
}

#[test]
fn messages_that_a_stream_has_not_yielded_go_to_the_next_reader() {
    const COUNT: u64 = 2000;
    /// More than the server may have to send again, or nobody would get on.
    const EACH: u64 = 150;
    let daemon = Daemon::new();
    let client = SocketClient::new(&daemon.socket);
    let channel = daemon.channel();
    let listener = daemon.listener(&channel);
    daemon.dispatch(&channel, &listener, 0..COUNT);
    run(async {
        let mut next = 0;
        while next < COUNT {
            let mut stream = client.stream(&channel, &listener).await?;
            for place in 0..EACH {
                let event = stream.next_event().await.unwrap()?;
                let number: u64 = event.data.get().parse().unwrap();
                // A message that was yielded may be delivered again; none behind it is left out.
                match place {
                    0 => assert!(number <= next, "missing: {next} to {number}"),
                    _ => assert_eq!(number, next),
                }
                next = number + 1;
                if next == COUNT {
                    break;
                }
            }
            drop(stream);
            // The next reader waits for what this one leaves; not for a copy of its socket, which
            // another test's process that is just being started may hold for a moment.
            eventually("it has left", || daemon.counters()["streams"] == 0);
        }
        Ok(())
    });
}

#[test]
fn an_event_longer_than_the_socket_s_buffer_comes_whole_however_often_its_future_is_given_up() {
    let daemon = Daemon::new();
    let client = SocketClient::new(&daemon.socket);
    run(async {
        let channel = client.create_channel().await?;
        let listener = client.register(&channel).await?;
        let payload = "ä".repeat(400_000);
        client
            .dispatch(&channel, &listener, "long", &payload)
            .await?;
        client.dispatch(&channel, &listener, "short", &1).await?;
        let mut stream = client.stream(&channel, &listener).await?;
        let (mut given_up, mut event) = (0, None);
        while event.is_none() {
            let mut next = std::pin::pin!(stream.next_event());
            event = std::future::poll_fn(|context| {
                std::task::Poll::Ready(match next.as_mut().poll(context) {
                    std::task::Poll::Ready(event) => event,
                    std::task::Poll::Pending => None,
                })
            })
            .await;
            given_up += 1;
            tokio::task::yield_now().await;
        }
        assert!(given_up > 1, "it was there at once");
        let data: String = serde_json::from_str(event.unwrap()?.data.get()).unwrap();
        assert!(data == payload);
        assert_eq!(stream.next_event().await.unwrap()?.event, "short");
        Ok(())
    });
}

#[test]
fn a_stream_whose_server_dies_in_the_middle_of_a_line_has_broken() {
    let directory = Directory::new();
    let path = directory.0.join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let dies = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut socket, b"{\"event\":\"half").unwrap();
    });
    run(async {
        let mut stream = SocketClient::new(&path).watch("c").await?;
        let error = stream.next_event().await.unwrap().unwrap_err();
        assert!(matches!(error, SocketError::Broken(_)), "{error:?}");
        assert!(stream.next_event().await.is_none());
        Ok(())
    });
    dies.join().unwrap();
}

#[test]
fn a_client_goes_on_after_a_request_that_was_too_long() {
    let daemon = Daemon::with(&["--max-request", "1000"]);
    let client = SocketClient::new(&daemon.socket);
    run(async {
        let channel = client.create_channel().await?;
        for _ in 0..3 {
            let long = "x".repeat(100_000);
            let error = client.broadcast_message(&channel, "t", &long).await;
            let error = error.unwrap_err();
            assert_eq!(error.code(), Some("ERIC_LIMIT"), "{error:?}");
            client.broadcast_message(&channel, "t", &1).await?;
        }
        Ok(())
    });
}

#[test]
fn a_client_and_its_errors_may_cross_threads() {
    fn is_send<T: Send>(_: &T) {}
    let client = SocketClient::new("nowhere");
    is_send(&client);
    is_send(&client.broadcast_message("c", "t", &1));
    is_send(&client.stats(None));
    is_send(&client.watch("c"));
}
