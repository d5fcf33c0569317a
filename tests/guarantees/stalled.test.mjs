// One client that reads nothing, among 1,000, during broadcasts of 1 KiB: it costs what its bound
// says, and the others nothing.
//
// BROADCASTS=100000 sends so many; fewer in a usual run.
//
// The clients are bodies in this process, whose chunks are shared: 100 GB pass through them without
// being copied for each. Messages are sent 64 in a turn. Two channels take turns, one with the
// client that stalls and one without, so that whatever else the machine does meets both alike.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadRaw } from '../js/lib/raw.mjs';

const CLIENTS = 1000;
const MESSAGES = Number(process.env.BROADCASTS ?? 16_000);
const TURN = 64;
/** The number of turns of one channel, then as many of the other. */
const STRETCH = 10;
/**
 * The number of turns sent first: they compile the code and size the memory that every turn needs.
 */
const WARM_UP = 250;
/** Every so many clients' latency is taken. */
const SAMPLED = 20;
/**
 * Wide enough that the few hundred kilobytes by which heaps differ from look to look do not count.
 */
const BOUND = { messages: 8192, bytes: 8 * 1024 * 1024 };
const TIMES = 1.1;
/**
 * The medians of a machine that does other things at the same time differ now and then: then it is
 * measured again.
 */
const ATTEMPTS = 3;

const raw = await loadRaw();
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

/** The memory in use once garbage has been collected. */
async function memory() {
  for (let round = 0; round < 3; round++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, wasm: raw.wasmBytes(), rss };
}

/** A channel with clients that read whatever there is. */
class Crowd {
  bytes = 0;
  sent = 0;
  /** When the turn began that is being read. */
  #at = 0;
  #samples = new Float64Array(Math.ceil(MESSAGES / TURN + 1) * Math.ceil(CLIENTS / SAMPLED));
  #sampled = 0;
  // Without a history, so that what is kept is kept for the client that stalls.
  channel = new raw.SSEChannel({ history: { messages: 0 } });

  async fill(count) {
    for (let client = 0; client < count; client++) {
      const reader = this.channel.response(null, { stallSeconds: 0 }).body.getReader();
      await reader.read();
      void this.#read(reader, client % SAMPLED === 0);
    }
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {boolean} isSampled */
  async #read(reader, isSampled) {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (isSampled && this.#sampled < this.#samples.length)
        this.#samples[this.#sampled++] = performance.now() - this.#at;
      this.bytes += value.length;
    }
  }

  /** Sends one turn's messages, and waits until everybody has read them. */
  async turn() {
    this.#at = performance.now();
    for (let count = 0; count < TURN; count++)
      this.channel.broadcast({ type: 'n', payload: `${this.sent++} `.padEnd(1024, 'x') });
    await new Promise((resolve) => setImmediate(resolve));
  }

  async turns(count) {
    for (let turn = 0; turn < count; turn++) await this.turn();
  }

  forget() {
    this.#sampled = 0;
  }

  median() {
    const sorted = this.#samples.subarray(0, this.#sampled).sort();
    return sorted[sorted.length >> 1];
  }
}

test(`a client that stalls among ${CLIENTS}, during ${MESSAGES} broadcasts of 1 KiB`, {
  timeout: 600_000,
}, async (context) => {
  const [without, among] = [new Crowd(), new Crowd()];
  await without.fill(CLIENTS);
  await among.fill(CLIENTS - 1);
  const turns = Math.ceil(MESSAGES / TURN);
  const filling = Math.ceil((2 * BOUND.messages) / TURN);
  // Objects that are made once, and for all clients.
  for (const crowd of [without, among]) await crowd.turns(WARM_UP);

  const empty = await memory();
  const stalled = among.channel.response(null, { stallSeconds: 0, queue: { ...BOUND, overflow: 'drop-oldest' } });
  await among.turns(filling);
  const filled = await memory();

  let ratio = Infinity;
  for (let attempt = 1; attempt <= ATTEMPTS && ratio > TIMES; attempt++) {
    for (const crowd of [without, among]) crowd.forget();
    const start = performance.now();
    for (let done = 0; done < turns; done += STRETCH) {
      // The first channel takes turns too.
      const order = (done / STRETCH) % 2 === 0 ? [without, among] : [among, without];
      for (const crowd of order) await crowd.turns(Math.min(STRETCH, turns - done));
    }
    const seconds = (performance.now() - start) / 1000;
    ratio = among.median() / without.median();
    context.diagnostic(
      `attempt ${attempt}: 2 x ${turns * TURN} broadcasts in ${seconds.toFixed(1)} s; median latency ${among.median().toFixed(3)} ms with the client that stalls, ${without.median().toFixed(3)} ms without: ratio ${ratio.toFixed(3)}`,
    );
  }
  const after = await memory();
  const { queued, bytes, dropped, history } = among.channel.stats();
  context.diagnostic(`${((without.bytes + among.bytes) / 1e9).toFixed(0)} GB were read in all`);
  context.diagnostic(
    `waiting for it: ${queued} messages, ${bytes} bytes of ${BOUND.bytes}; ${dropped.overflow} dropped; kept in all: ${history.messages} messages`,
  );
  const shown = (from, to) =>
    `JavaScript heap ${to.heap - from.heap}, WebAssembly memory ${to.wasm - from.wasm}, rss ${to.rss - from.rss} bytes more`;
  context.diagnostic(`until its queue was full: ${shown(empty, filled)}`);
  context.diagnostic(`from then on: ${shown(filled, after)}`);

  assert.equal(queued, history.messages);
  assert.ok(queued <= BOUND.messages && bytes <= BOUND.bytes, 'what waits is within the bound');
  assert.ok(bytes > 0.99 * BOUND.bytes, 'and the bound is used');
  assert.equal(dropped.overflow + queued, among.sent - WARM_UP * TURN, 'all that it was sent is waiting or counted');
  assert.ok(ratio <= TIMES, `the others' latency is ${ratio} times as long`);
  const held = Math.max(...[filled, after].map(({ heap, wasm }) => heap - empty.heap + (wasm - empty.wasm)));
  context.diagnostic(`in all ${(held / BOUND.bytes).toFixed(2)} times the bound`);
  assert.ok(held <= 1.2 * BOUND.bytes, 'growth of the JavaScript heap and the WebAssembly memory together');
  assert.ok(after.heap - filled.heap < 0.2 * BOUND.bytes, 'growth of the JavaScript heap once the queue is full');
  assert.ok(after.wasm - filled.wasm <= 0.2 * BOUND.bytes, 'growth of the WebAssembly memory once the queue is full');

  await stalled.body.cancel();
  for (const { channel } of [without, among]) channel.close();
});
