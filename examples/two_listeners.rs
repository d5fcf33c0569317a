//! Broadcasts to two listeners and reads them as streams: `cargo run --example two_listeners`.

use eric_sse::{Error, Message, SseChannel, SseStream};
use futures::{StreamExt, executor::block_on, future::join};

async fn print(name: &str, mut events: SseStream) {
    while let Some(event) = events.next().await {
        println!("{name}: {} {}", event.event.as_str(), event.data.data());
    }
}

fn main() -> Result<(), Error> {
    let channel = SseChannel::new();
    let (alice, bob) = (channel.add_listener()?, channel.add_listener()?);
    alice.start_sync();
    bob.start_sync();
    let (to_alice, to_bob) = (
        channel.message_stream(&alice)?,
        channel.message_stream(&bob)?,
    );

    channel.broadcast(Message::new("news", "hello everybody")?)?;
    channel.dispatch(alice.id(), Message::new("news", "hello alice")?)?;
    channel.broadcast(Message::new("prices", [1, 2, 3])?)?;
    channel.close();

    block_on(join(print("alice", to_alice), print("bob", to_bob)));
    Ok(())
}
