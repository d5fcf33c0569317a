// Nothing is left behind by ended streams. Waiting costs nothing.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SSEChannel } from 'eric-sse';
import { toNode } from 'eric-sse/node';
import { loadRaw } from '../js/lib/raw.mjs';
import { until } from '../js/lib/sse-client.mjs';
import { waysToEnd } from '../js/lib/ways.mjs';

const run = promisify(execFile);

describe('an idle stream', () => {
  const SECONDS = 5;
  /** A busy loop would use 5,000. An idle process of Node itself uses a few. */
  const MOST_MS = 50;
  /** Each look at something is a waking. Node's own housekeeping makes some. */
  const MOST_WAKINGS = 50;

  const idle = async (kind) => {
    const { stdout } = await run(process.execPath, [
      fileURLToPath(new URL('lib/idle.mjs', import.meta.url)),
      kind,
      String(SECONDS),
    ]);
    return JSON.parse(stdout);
  };
  const KINDS = {
    stream: 'a stream that waits',
    response: 'a response that is read',
    paced: 'a stream in its delay',
    thousand: 'a thousand streams that wait',
  };
  const costs = Object.fromEntries(['nothing', ...Object.keys(KINDS)].map((kind) => [kind, idle(kind)]));
  for (const [kind, name] of Object.entries(KINDS)) {
    test(`${name} uses no measurable CPU for ${SECONDS} seconds`, async (context) => {
      const [nothing, something] = [await costs.nothing, await costs[kind]];
      context.diagnostic(`${something.cpuMilliseconds} ms, a process without a stream ${nothing.cpuMilliseconds} ms`);
      context.diagnostic(`${something.wakings} wakings, a process without a stream ${nothing.wakings}`);
      assert.ok(something.cpuMilliseconds - nothing.cpuMilliseconds < MOST_MS, `${something.cpuMilliseconds} ms`);
      assert.ok(something.wakings - nothing.wakings < MOST_WAKINGS, `${something.wakings} wakings`);
    });
  }
});

const raw = await loadRaw();
assert.equal(typeof globalThis.gc, 'function', 'run with --expose-gc');

/** The JavaScript heap, when garbage has been collected and finalizers have run. */
async function heapBytes() {
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return process.memoryUsage().heapUsed;
}

/**
 * Runs cycles, and sees what they leave.
 * @param {number} cycles
 * @param {() => unknown} cycle
 */
async function growthOf(cycles, cycle) {
  const repeat = async (count) => {
    for (let done = 0; done < count; done++) {
      await cycle();
      // Finalizers run between turns only.
      if (done % 500 === 499) await heapBytes();
    }
    return { heap: await heapBytes(), wasm: raw.wasmBytes() };
  };
  // More than a channel's history holds: that it fills up is no growth.
  const before = await repeat(2000);
  const after = await repeat(cycles);
  return { heap: after.heap - before.heap, wasm: after.wasm - before.wasm };
}

/**
 * Collecting is not exact: some hundred kilobytes come and go. A stream that is left behind has
 * some kilobytes itself.
 */
const heapLimit = (cycles) => 400_000 + cycles * 20;

test('50000 times an onMessage that throws leaves nothing behind', async (context) => {
  const channel = new raw.SSEChannel({ history: { messages: 0 } });
  const onMessage = () => {
    throw new Error('refused');
  };
  const listener = new raw.MessageQueueListener({ onMessage });
  channel.registerListener(listener);
  listener.startSync();
  const cycle = () => {
    channel.broadcast({ type: 'a', payload: 1 });
    assert.throws(() => channel.deliverNext(listener.id), { message: 'refused' });
  };
  const { heap, wasm } = await growthOf(50_000, cycle);
  context.diagnostic(`JavaScript heap ${heap} bytes, WebAssembly memory ${wasm} bytes more`);
  assert.equal(wasm, 0, 'growth of the WebAssembly memory');
});

describe('ended streams leave nothing behind', () => {
  /** The most important ones come first, and run longest. */
  const cyclesOf = (index) => (index < 2 ? 10_000 : 3_000);
  for (const [index, [way, cycle]] of Object.entries(waysToEnd(raw)).entries()) {
    const cycles = cyclesOf(index);
    test(`${cycles} times ${way}`, async (context) => {
      const channel = new raw.SSEChannel();
      const { heap, wasm } = await growthOf(cycles, () => cycle(channel));
      context.diagnostic(`JavaScript heap ${heap} bytes, WebAssembly memory ${wasm} bytes more`);
      assert.equal(channel.listenerCount, 0, 'listeners');
      assert.equal(raw.openStreams(), 0, 'open streams');
      assert.equal(wasm, 0, 'growth of the WebAssembly memory');
      assert.ok(heap < heapLimit(cycles), `growth of the JavaScript heap by ${heap} bytes`);
      // And the channel works.
      const stream = channel.watch();
      channel.broadcast({ type: 'a', payload: 1 });
      assert.equal((await stream.next()).value.data, 1);
      await stream.return();
    });
  }

  const CHANNELS = {
    async 'channels that are closed, with a stream that is read to the end'() {
      const channel = new raw.SSEChannel();
      const stream = channel.watch();
      channel.broadcast({ type: 'a' });
      channel.close();
      for await (const event of stream) void event;
      assert.equal(channel.listenerCount, 0);
    },
    async 'channels that are closed, with a response that is read to the end'() {
      const channel = new raw.SSEChannel();
      const response = channel.response();
      channel.broadcast({ type: 'a' });
      channel.close();
      await response.text();
      assert.equal(channel.listenerCount, 0);
    },
    'channels that are forgotten, with listeners and what waits for them'() {
      const channel = new raw.SSEChannel();
      for (let count = 0; count < 3; count++) channel.addListener();
      for (let count = 0; count < 20; count++) channel.broadcast({ type: 'a', payload: { count } });
    },
    'channels of a container that are removed'() {
      const container = new raw.ChannelContainer();
      const { id } = container.add();
      container.rm(id);
    },
  };
  for (const [what, cycle] of Object.entries(CHANNELS)) {
    test(`3000 ${what}`, async (context) => {
      const { heap, wasm } = await growthOf(3000, cycle);
      context.diagnostic(`JavaScript heap ${heap} bytes, WebAssembly memory ${wasm} bytes more`);
      assert.equal(raw.openStreams(), 0, 'open streams');
      assert.equal(wasm, 0, 'growth of the WebAssembly memory');
      assert.ok(heap < heapLimit(3000), `growth of the JavaScript heap by ${heap} bytes`);
    });
  }

  test('streams and responses that are dropped unread are ended by the garbage collector', async () => {
    const open = raw.openStreams();
    const channel = new raw.SSEChannel();
    const drop = () => {
      for (let i = 0; i < 2000; i++) {
        channel.watch();
        channel.response();
        const other = new raw.SSEChannel();
        other.response();
        other.broadcast({ type: 'a', payload: 1 });
        other.close();
      }
    };
    drop();
    // A stream that is awaited, though nothing else refers to it, does not count as dropped.
    let received;
    void (async () => {
      for await (const { data } of channel.watch()) received = data;
    })();
    // Both are waited for: the streams of the other channels have finalizers of their own, which
    // run when they please.
    const gone = () => channel.listenerCount === 1 && raw.openStreams() === open + 1;
    for (let round = 0; round < 250 && !gone(); round++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(channel.listenerCount, 1);
    assert.equal(raw.openStreams(), open + 1);
    channel.broadcast({ type: 'a', payload: 'still there' });
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(received, 'still there');
    channel.close();
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(raw.openStreams(), open);
  });

  test('10000 streams that were open at once leave nothing when they have ended', async () => {
    const empty = await heapBytes();
    const channel = new raw.SSEChannel();
    const crowd = async () => {
      const streams = Array.from({ length: 10_000 }, () => channel.watch());
      const waiting = streams.map((stream) => stream.next());
      channel.broadcast({ type: 'a', payload: 1 });
      await Promise.all(waiting);
      await Promise.all(streams.map((stream) => stream.return()));
    };
    await crowd();
    const wasm = raw.wasmBytes();
    const heap = await heapBytes();
    await crowd();
    assert.equal(raw.wasmBytes(), wasm, 'growth of the WebAssembly memory');
    assert.ok((await heapBytes()) - heap < heapLimit(0), 'growth of the JavaScript heap at the second time');
    // The table of their numbers stays from the first time.
    assert.ok(heap - empty < 10_000 * 100, `${heap - empty} bytes of the JavaScript heap stay`);
    assert.equal(raw.openStreams(), 0, 'open streams');
  });

  test('200000 event types are not all remembered', async () => {
    const channel = new raw.SSEChannel();
    let types = 0;
    const { heap } = await growthOf(2000, () => {
      for (let count = 0; count < 100; count++) channel.broadcast({ type: `type number ${types++} of very many` });
    });
    assert.ok(heap < heapLimit(2000), `growth of the JavaScript heap by ${heap} bytes`);
  });

  test('300000 messages that are read leave nothing', async () => {
    const channel = new raw.SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    const reader = channel.response().body.getReader();
    const cycle = async () => {
      for (let count = 0; count < 100; count++) {
        channel.broadcast({ type: 'a', payload: { count } });
        channel.dispatch(listener.id, { type: 'b', payload: count });
        channel.deliverNext(listener.id);
        channel.deliverNext(listener.id);
      }
      await reader.read();
    };
    const { heap, wasm } = await growthOf(3000, cycle);
    assert.equal(wasm, 0, 'growth of the WebAssembly memory');
    assert.ok(heap < heapLimit(3000), `growth of the JavaScript heap by ${heap} bytes`);
    await reader.cancel();
  });
});

describe('clients of toNode that have left leave nothing behind', () => {
  const CYCLES = 3_000;
  test(`${CYCLES} times a request, a message and a socket that is destroyed`, async (context) => {
    const channel = new SSEChannel({ history: { messages: 16 } });
    const server = createServer(toNode(channel));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    const { port } = server.address();
    const { heap } = await growthOf(
      CYCLES,
      () =>
        new Promise((resolve) => {
          const socket = connect(port, '127.0.0.1');
          socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
          socket.once('data', () => {
            channel.broadcast({ type: 'a', payload: 'x' });
            socket.destroy();
          });
          socket.once('close', resolve);
        }),
    );
    context.diagnostic(`${heap} bytes more`);
    await until(
      () => channel.listenerCount,
      (count) => count === 0,
      'listeners',
    );
    assert.ok(heap < heapLimit(CYCLES), `${heap} bytes`);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
