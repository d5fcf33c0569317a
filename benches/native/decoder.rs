//! The decoder of event streams beside `eventsource-stream`: a stream of chunks is read to its end.
//!
//! - `decode`: the shapes of `npm run bench -- --case decode`, in chunks of four sizes. Per byte.
//! - `line`: one event of one line that grows, in chunks of 1 KiB. Per byte: a rate that falls as
//!   the line grows is that of a decoder that looks at bytes again and again.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eric_sse::client::EventStream;
use eventsource_stream::Eventsource;
use futures::executor::block_on;
use futures::{StreamExt, stream};

const BYTES: usize = 300_000;
const CHUNKS: [usize; 4] = [100, 1_448, 16_384, 65_536];
const LINES: [usize; 3] = [1 << 14, 1 << 17, 1 << 20];
const LINE_CHUNK: usize = 1_024;

/// A name, and the events by their number.
type Shape = (&'static str, fn(usize) -> String);

const SHAPES: [Shape; 3] = [
    ("lines of a language model", |n| {
        format!(
            "data: {{\"id\":\"chatcmpl-8xyz\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" token{n}\"}},\"finish_reason\":null}}]}}\n\n"
        )
    }),
    ("named events of 40 bytes", |n| {
        format!("event: tick\nid: {n:06}\ndata: {{\"n\":{}}}\n\n", n % 10)
    }),
    ("text beyond ASCII", |n| {
        format!("data: {{\"text\":\"это сообщение номер {n} 日本語テキスト émoji 😀 данные\"}}\n\n")
    }),
];

type Chunks<'a> = &'a [&'a [u8]];

/// Reads a stream of chunks to its end. Returns how many bytes of data its events have.
fn ours(chunks: Chunks) -> usize {
    let bytes = stream::iter(chunks.iter().map(|chunk| Ok::<_, Infallible>(*chunk)));
    block_on(EventStream::new(bytes).fold(0, |length, event| async move {
        length + black_box(event.unwrap()).data.len()
    }))
}

fn theirs(chunks: Chunks) -> usize {
    let bytes = stream::iter(chunks.iter().map(|chunk| Ok::<_, Infallible>(*chunk)));
    block_on(bytes.eventsource().fold(0, |length, event| async move {
        length + black_box(event.unwrap()).data.len()
    }))
}

fn compare(criterion: &mut Criterion, group: &str, parameter: &str, bytes: &[u8], chunk: usize) {
    let chunks: Vec<_> = bytes.chunks(chunk).collect();
    let length = ours(&chunks);
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    for (name, read) in [
        ("eric-sse", ours as fn(Chunks) -> usize),
        ("eventsource-stream", theirs),
    ] {
        group.bench_function(BenchmarkId::new(name, parameter), |bencher| {
            bencher.iter(|| assert_eq!(read(black_box(&chunks)), length));
        });
    }
}

fn all(criterion: &mut Criterion) {
    for (shape, event) in SHAPES {
        let mut bytes = Vec::new();
        for number in 0.. {
            if bytes.len() >= BYTES {
                break;
            }
            bytes.extend_from_slice(event(number).as_bytes());
        }
        for chunk in CHUNKS {
            let parameter = format!("{shape}, in chunks of {chunk} bytes");
            compare(criterion, "decode", &parameter, &bytes, chunk);
        }
    }
    for length in LINES {
        let line = [b"data: ".to_vec(), vec![b'x'; length], b"\n\n".to_vec()].concat();
        compare(criterion, "line", &length.to_string(), &line, LINE_CHUNK);
    }
}

criterion_group! {
    name = decoder;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(1_000))
        .sample_size(10);
    targets = all
}
criterion_main!(decoder);
