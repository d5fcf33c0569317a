// eric-sse/testing: its client against the decoder of our own tests, its faults, and its clock.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import * as testing from 'eric-sse/testing';
import { EventStreamDecoder } from '../js/suite/lib/decoder.mjs';
import { Random } from '../js/suite/lib/random.mjs';

const { broken, collect, EventStreamInterpreter, halfOpen, split, TestClient, VirtualClock } = testing;
const SEED = Number(process.env.ERIC_SSE_SEED ?? 24301);

const send = (channel, ...payloads) => payloads.forEach((payload) => channel.broadcast({ type: 'n', payload }));
const dataOf = (events) => events.map(({ data }) => data);

describe('the interpreter', () => {
  const PARTS = [
    'event: a\n',
    'event\n',
    'data: x\n',
    'data\n',
    'data:\n',
    'data:  y\n',
    'id: 1\n',
    'id\n',
    'id: a\0b\n',
    'retry: 10\n',
    'retry: -1\n',
    'retry:\n',
    ': c\n',
    ':\n',
    '\n',
    '\r\n',
    '\r',
    'data: é😀\r',
    'data: \u2028\r\n',
    '\ufeff',
    'nonsense: 1\n',
    ' data: z\n',
    'data: end',
  ];

  test(`reads what the decoder written from the standard reads, wherever the bytes are cut, with seed ${SEED}`, () => {
    const random = new Random(SEED);
    for (let round = 0; round < 3000; round++) {
      const text = Array.from({ length: random.below(25) }, () => random.pick(PARTS)).join('');
      const bytes = new TextEncoder().encode(text);
      const [interpreter, decoder] = [new EventStreamInterpreter(), new EventStreamDecoder()];
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + random.below(9);
        interpreter.push(bytes.subarray(at, end));
        decoder.push(bytes.subarray(at, end));
        at = end;
      }
      // Ours does not wait for the end to know a CR for one.
      decoder.end();
      assert.deepEqual(interpreter.events, decoder.events, JSON.stringify(text));
      assert.equal(interpreter.lastEventId, decoder.lastEventId, JSON.stringify(text));
      assert.equal(interpreter.retryMilliseconds, decoder.reconnectionTime, JSON.stringify(text));
      assert.equal(
        interpreter.comments,
        decoder.ignored.filter((line) => line.startsWith(':')).length,
        JSON.stringify(text),
      );
    }
  });
});

test('an event is there with the CR that ends it, and an LF that comes later ends nothing more', () => {
  const interpreter = new EventStreamInterpreter();
  const push = (text) => interpreter.push(new TextEncoder().encode(text));
  push('data: x\r\r');
  assert.deepEqual(dataOf(interpreter.events), ['x']);
  push('\ndata: y\r');
  push('\n');
  push('\r');
  assert.deepEqual(dataOf(interpreter.events), ['x', 'y']);
});

describe('collect', () => {
  test('returns so many events and leaves', async () => {
    const channel = new SSEChannel();
    const response = channel.response();
    send(channel, 1, 2, 3);
    const events = await collect(response, { n: 2 });
    assert.deepEqual(
      events,
      [1, 2].map((number) => ({
        type: 'n',
        data: `${number}`,
        lastEventId: channel.lastEventId.replace(/-.*/, `-${number}`),
      })),
    );
    assert.equal(channel.listenerCount, 0);
  });
  test('returns all events of a response that ends', async () => {
    const channel = new SSEChannel();
    const response = channel.response();
    send(channel, 1);
    channel.close();
    assert.deepEqual(
      (await collect(response)).map(({ type }) => type),
      ['n', '_eric_channel_closed'],
    );
  });
  test('says what has come when the response ends too early', async () => {
    const channel = new SSEChannel();
    const response = channel.response();
    send(channel, 1);
    channel.close();
    await assert.rejects(collect(response, { n: 3 }), {
      message: 'the response ended before 3 events; 2 came: n 1, _eric_channel_closed ',
    });
  });
  test('says what has come when the time is up, and leaves', async () => {
    const channel = new SSEChannel();
    const response = channel.response();
    send(channel, 1);
    await assert.rejects(collect(response, { n: 2, timeoutSeconds: 0.05 }), {
      message: 'no 2 events within 0.05 seconds; 1 came: n 1',
    });
    assert.equal(channel.listenerCount, 0);
  });
  test('says that there is nothing to read', async () => {
    const channel = new SSEChannel();
    channel.gone();
    await assert.rejects(collect(channel.response()), /status 204 without a body/);
  });
});

describe('a client', () => {
  test('takes events one after another, and goes on after a time that was too short', async () => {
    const channel = new SSEChannel({ retryTimeoutMilliseconds: 1234 });
    const client = new TestClient(channel.response());
    await assert.rejects(client.take(1, 0.02), /no 1 events within/);
    send(channel, 1, 2, 3);
    assert.deepEqual(dataOf(await client.take(2)), ['1', '2']);
    assert.deepEqual(dataOf(await client.take(1)), ['3']);
    assert.deepEqual([client.lastEventId, client.retryMilliseconds, client.ended], [channel.lastEventId, 1234, false]);
    await client.leave();
    assert.deepEqual([client.ended, channel.listenerCount], [true, 0]);
  });
});

describe('faults', () => {
  test('split: the same bytes in pieces of the sizes', async () => {
    const text = `data: ${'é😀'.repeat(20)}\n\n`;
    const pieces = [];
    for await (const piece of split(new Response(text), [1, 3]).body) pieces.push(piece);
    assert.deepEqual(
      pieces.slice(0, 4).map(({ length }) => length),
      [1, 3, 1, 3],
    );
    assert.equal(Buffer.concat(pieces).toString(), text);
    assert.deepEqual(dataOf(await collect(split(new Response(text)))), ['é😀'.repeat(20)]);
    for (const sizes of [0, -1, 1.5, NaN, [], [2, 0]])
      assert.throws(() => split(new Response(text), sizes), RangeError);
  });
  test('split and broken keep status and headers, and let a response without a body be', () => {
    const response = split(new Response('x', { status: 201, headers: { 'X-Mine': '1' } }));
    assert.deepEqual([response.status, response.headers.get('X-Mine')], [201, '1']);
    assert.equal(broken(new Response(null, { status: 204 }), 1).body, null);
  });
  for (const bytes of [0, 1, 40, 41]) {
    test(`broken: a reader gets ${bytes} bytes and an error, and the sender is left`, async () => {
      const channel = new SSEChannel();
      const ends = [];
      const response = broken(channel.response(null, { onClose: ({ reason }) => ends.push(reason) }), bytes);
      send(channel, 'x'.repeat(200));
      let got = 0;
      await assert.rejects(
        (async () => {
          for await (const piece of response.body) got += piece.length;
        })(),
        { message: `the connection broke after ${bytes} bytes` },
      );
      assert.equal(got, bytes);
      assert.deepEqual([ends, channel.listenerCount], [['cancelled'], 0]);
    });
  }
  test('a piece is not pulled before somebody reads', async () => {
    let pulls = 0;
    const source = new Response(
      new ReadableStream(
        { pull: (controller) => (pulls++, controller.enqueue(new Uint8Array(1))) },
        { highWaterMark: 0 },
      ),
    );
    const reader = split(source).body.getReader();
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(pulls, 0);
    await reader.read();
    assert.equal(pulls, 1);
    await reader.cancel();
  });
});

describe('the clock', () => {
  const real = { setTimeout: globalThis.setTimeout, now: performance.now, date: Date.now };
  let clock;
  afterEach(() => clock?.restore());

  test('calls timers in the order in which they are due, those that they set included', async () => {
    clock = new VirtualClock();
    const seen = [];
    const note = (name) => seen.push([name, clock.seconds]);
    setTimeout(() => (note('b'), setTimeout(note, 1000, 'c')), 2000);
    setTimeout(note, 1000, 'a');
    const gone = setTimeout(note, 1500, 'never');
    const ticks = setInterval(note, 1400, 'tick');
    clearTimeout(gone);
    await clock.advance(0.999);
    assert.deepEqual(seen, []);
    await clock.advance(2.001);
    assert.deepEqual(seen, [
      ['a', 1],
      ['tick', 1.4],
      ['b', 2],
      ['tick', 2.8],
      ['c', 3],
    ]);
    clearInterval(ticks);
    await clock.advance(100);
    assert.equal(seen.length, 5);
  });
  test('stands for performance.now and Date.now, and gives the real ones back', async () => {
    clock = new VirtualClock();
    const [at, on] = [performance.now(), Date.now()];
    await clock.advance(3600);
    assert.deepEqual([performance.now() - at, Date.now() - on], [3_600_000, 3_600_000]);
    clock.restore();
    assert.deepEqual({ setTimeout: globalThis.setTimeout, now: performance.now, date: Date.now }, real);
    assert.ok(performance.now() - at < 60_000);
  });
  test('makes a heartbeat come, an old message go and a long response end without a wait', async () => {
    const start = real.now.call(performance);
    clock = new VirtualClock();
    const channel = new SSEChannel({ history: { seconds: 300 } });
    const client = new TestClient(channel.response(null, { heartbeatSeconds: 20, maxDurationSeconds: 1000 }));
    const ended = client.rest();
    send(channel, 1);
    await clock.advance(295);
    assert.deepEqual([client.comments, channel.stats().history.messages], [14, 1]);
    await clock.advance(6);
    assert.equal(channel.stats().history.messages, 0);
    await clock.advance(700);
    assert.deepEqual(dataOf(await ended), ['1']);
    assert.deepEqual(channel.stats().ended, { rotated: 1 });
    assert.ok(client.retryMilliseconds <= 1000);
    assert.ok(real.now.call(performance) - start < 60_000);
  });
  test('leaves timers that were set before to the real one', async () => {
    let rang = false;
    const timer = setTimeout(() => (rang = true), 5);
    clock = new VirtualClock();
    clearTimeout(timer);
    clock.restore();
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(rang, false);
  });
  test('makes the channel give up a client that reads nothing', async () => {
    clock = new VirtualClock();
    const channel = new SSEChannel();
    const response = channel.response(null, { stallSeconds: 30 });
    send(channel, 1);
    const peer = halfOpen(response, 1);
    await clock.advance(0);
    const client = await peer;
    send(channel, 2);
    await clock.advance(29);
    assert.equal(channel.listenerCount, 1);
    await clock.advance(31);
    assert.deepEqual([channel.listenerCount, channel.stats().ended], [0, { stalled: 1 }]);
    await client.leave();
  });
});

test('the README says what there is', async () => {
  assert.deepEqual(Object.keys(testing).sort(), [
    'EventStreamInterpreter',
    'TestClient',
    'VirtualClock',
    'broken',
    'collect',
    'halfOpen',
    'split',
  ]);
});
