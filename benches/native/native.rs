//! The native core beside tokio's broadcast channel and a futures channel for each listener, on one
//! thread.
//!
//! - `receive`: 64 messages are sent, then each listener reads its 64, which are there. Per
//!   delivery.
//! - `wake`: each listener is a task that waits; 64 messages are sent and all tasks run until they
//!   wait again. Per delivery.
//! - `broadcast`: a send while nobody reads, as listeners grow. Per send.
//!
//! All run on tokio's current-thread runtime. Messages are numbers: what is compared is the queues.
//! Every reader sums up what it gets, and the sums are checked.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eric_sse::{AbstractChannel, Delivered, MessageStream, Overflow, QueueLimit, RegisterOptions};
use futures::StreamExt;
use futures::channel::mpsc;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast;
use tokio::task::{LocalSet, yield_now};

const TURN: u64 = 64;
const LISTENERS: [u64; 4] = [1, 10, 100, 1_000];
const GROWING: [u64; 4] = [1, 100, 10_000, 100_000];
/// The messages that one listener gets in a turn, summed up.
const SUM: u64 = TURN * (TURN - 1) / 2;

/// A sender to many listeners.
trait Hub {
    type Reader: 'static;

    fn new() -> Self;
    fn listen(&mut self) -> Self::Reader;
    fn send(&mut self, number: u64);
    fn read(reader: &mut Self::Reader) -> impl Future<Output = u64>;
}

struct Ours(AbstractChannel<u64>);

impl Hub for Ours {
    type Reader = MessageStream<u64>;

    fn new() -> Self {
        Self(AbstractChannel::new())
    }

    fn listen(&mut self) -> Self::Reader {
        self.0.watch().unwrap()
    }

    fn send(&mut self, number: u64) {
        self.0.broadcast(number).unwrap();
    }

    async fn read(reader: &mut Self::Reader) -> u64 {
        number(reader.next().await)
    }
}

/// Ours with a bound for each listener, as tokio's has one.
struct Bounded(Ours);

impl Hub for Bounded {
    type Reader = MessageStream<u64>;

    fn new() -> Self {
        Self(Ours::new())
    }

    fn listen(&mut self) -> Self::Reader {
        let limit = QueueLimit {
            overflow: Overflow::DropOldest,
            ..QueueLimit::NETWORK
        };
        let options = RegisterOptions {
            limit: Some(limit),
            ..RegisterOptions::default()
        };
        self.0.0.watch_with(options, None).unwrap()
    }

    fn send(&mut self, number: u64) {
        self.0.send(number);
    }

    async fn read(reader: &mut Self::Reader) -> u64 {
        Ours::read(reader).await
    }
}

fn number(delivered: Option<Delivered<u64>>) -> u64 {
    match delivered {
        Some(Delivered::Message(message)) => *message,
        other => panic!("{other:?} came in place of a message"),
    }
}

struct Tokio(broadcast::Sender<u64>);

impl Hub for Tokio {
    type Reader = broadcast::Receiver<u64>;

    fn new() -> Self {
        Self(broadcast::Sender::new(1024))
    }

    fn listen(&mut self) -> Self::Reader {
        self.0.subscribe()
    }

    fn send(&mut self, number: u64) {
        self.0.send(number).unwrap();
    }

    async fn read(reader: &mut Self::Reader) -> u64 {
        reader.recv().await.unwrap()
    }
}

struct Channels(Vec<mpsc::UnboundedSender<u64>>);

impl Hub for Channels {
    type Reader = mpsc::UnboundedReceiver<u64>;

    fn new() -> Self {
        Self(Vec::new())
    }

    fn listen(&mut self) -> Self::Reader {
        let (sender, receiver) = mpsc::unbounded();
        self.0.push(sender);
        receiver
    }

    fn send(&mut self, number: u64) {
        for sender in &self.0 {
            sender.unbounded_send(number).unwrap();
        }
    }

    async fn read(reader: &mut Self::Reader) -> u64 {
        reader.next().await.unwrap()
    }
}

fn receive<H: Hub>(criterion: &mut Criterion, runtime: &Runtime, name: &str, listeners: u64) {
    let mut hub = H::new();
    let mut readers: Vec<_> = (0..listeners).map(|_| hub.listen()).collect();
    let mut group = criterion.benchmark_group("receive");
    group.throughput(Throughput::Elements(listeners * TURN));
    group.bench_function(BenchmarkId::new(name, listeners), |bencher| {
        bencher.iter(|| {
            for number in 0..TURN {
                hub.send(black_box(number));
            }
            let sum = runtime.block_on(async {
                let mut sum = 0;
                for reader in &mut readers {
                    for _ in 0..TURN {
                        sum += H::read(reader).await;
                    }
                }
                sum
            });
            assert_eq!(sum, listeners * SUM);
        });
    });
}

fn wake<H: Hub>(criterion: &mut Criterion, runtime: &Runtime, name: &str, listeners: u64) {
    let mut hub = H::new();
    let tasks = LocalSet::new();
    let [sum, count] = [(); 2].map(|()| Rc::new(Cell::new(0)));
    for _ in 0..listeners {
        let (mut reader, sum, count) = (hub.listen(), sum.clone(), count.clone());
        tasks.spawn_local(async move {
            loop {
                let number = H::read(&mut reader).await;
                sum.set(sum.get() + number);
                count.set(count.get() + 1);
            }
        });
    }
    // They wait from here on.
    tasks.block_on(runtime, yield_now());
    let mut group = criterion.benchmark_group("wake");
    group.throughput(Throughput::Elements(listeners * TURN));
    group.bench_function(BenchmarkId::new(name, listeners), |bencher| {
        bencher.iter(|| {
            sum.set(0);
            count.set(0);
            for number in 0..TURN {
                hub.send(black_box(number));
            }
            tasks.block_on(runtime, async {
                while count.get() < listeners * TURN {
                    yield_now().await;
                }
            });
            assert_eq!(sum.get(), listeners * SUM);
        });
    });
}

fn broadcast<H: Hub>(criterion: &mut Criterion, name: &str, listeners: u64) {
    let mut hub = H::new();
    let readers: Vec<_> = (0..listeners).map(|_| hub.listen()).collect();
    let mut group = criterion.benchmark_group("broadcast");
    group.bench_function(BenchmarkId::new(name, listeners), |bencher| {
        bencher.iter(|| hub.send(black_box(1)));
    });
    drop(readers);
}

fn all(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().unwrap();
    // Compared benchmarks run one right after another.
    for listeners in LISTENERS {
        receive::<Ours>(criterion, &runtime, "eric-sse", listeners);
        receive::<Bounded>(criterion, &runtime, "eric-sse, bounded", listeners);
        receive::<Tokio>(criterion, &runtime, "tokio", listeners);
        receive::<Channels>(criterion, &runtime, "futures-channel", listeners);
    }
    for listeners in LISTENERS {
        wake::<Ours>(criterion, &runtime, "eric-sse", listeners);
        wake::<Bounded>(criterion, &runtime, "eric-sse, bounded", listeners);
        wake::<Tokio>(criterion, &runtime, "tokio", listeners);
        wake::<Channels>(criterion, &runtime, "futures-channel", listeners);
    }
    // Unbounded, what nobody reads would fill the memory.
    for listeners in GROWING {
        broadcast::<Bounded>(criterion, "eric-sse, bounded", listeners);
        broadcast::<Tokio>(criterion, "tokio", listeners);
    }
}

criterion_group! {
    name = native;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_000))
        .sample_size(20);
    targets = all
}
criterion_main!(native);
