// A peer that reads nothing and closes nothing is given up within the time that was stated: in
// Node, through @hono/node-server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { served } from '../js/lib/site.mjs';
import { subscribe, until } from '../js/lib/sse-client.mjs';
import { silentPeer } from './lib/silent.mjs';

const STALL_SECONDS = 1;
/** A timer on a busy machine. */
const LATE_MS = 3000;
const PAYLOAD = 'x'.repeat(64 * 1024);

/** @type {Awaited<ReturnType<typeof served>>} */
let server;
/** @type {(request: Request, outgoing: import('node:http').ServerResponse) => Response} */
let answer;
before(async () => {
  server = await served((request, { outgoing }) => answer(request, outgoing));
});
after(() => server.close());

/** A peer of a channel of its own. @param {import('eric-sse').ResponseOptions} options @param {boolean} [destroys] */
async function opened(options, destroys = false) {
  const channel = new SSEChannel({ history: { messages: 0 } });
  const closed = [];
  answer = (request, outgoing) =>
    channel.response(request, {
      ...options,
      onClose({ reason, stats }) {
        closed.push({ reason, stats, at: performance.now() });
        if (destroys) outgoing.destroy();
      },
    });
  const peer = await silentPeer(new URL(server.url));
  await until(
    () => channel.listenerCount,
    (count) => count === 1,
    'listeners',
  );
  return { channel, closed, peer };
}

/** Sends until the server takes no more: what was sent waits, and goes on waiting. @param {SSEChannel} channel */
async function fill(channel) {
  let sent = 0;
  let quiet = 0;
  while (quiet < 5) {
    if (channel.stats().queued === 0) {
      channel.broadcast({ type: 'n', payload: PAYLOAD });
      sent++;
      quiet = 0;
    } else quiet++;
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(sent < 1000, 'the server takes everything');
  }
  return { sent, at: performance.now() };
}

test(`it is given up after stallSeconds: ${STALL_SECONDS}`, { timeout: 60_000 }, async (context) => {
  const { channel, closed, peer } = await opened({ stallSeconds: STALL_SECONDS, heartbeatSeconds: 0 });
  const { sent } = await fill(channel);
  const start = performance.now();
  await until(
    () => channel.listenerCount,
    (count) => count === 0,
    'listeners',
    STALL_SECONDS * 1000 + LATE_MS,
  );
  const [{ reason, stats, at }] = closed;
  context.diagnostic(
    `${reason} ${((at - start) / 1000).toFixed(2)} s after the last look, with ${stats.queued} of ${sent} messages of 64 KiB waiting: ${((sent - stats.queued) / 16).toFixed(1)} MiB had been taken`,
  );
  assert.equal(closed.length, 1);
  assert.equal(reason, 'stalled');
  assert.deepEqual(channel.stats().ended, { stalled: 1 });
  assert.equal(channel.stats().connected, 0);
  // The connection is the server's own: the body has ended, but its end cannot be written.
  context.diagnostic(`${await server.connections()} connection of the server is open still`);
  peer.destroy();
  await until(
    () => server.connections(),
    (count) => count === 0,
    'connections',
  );
});

test('an onClose that destroys the connection ends that too', { timeout: 60_000 }, async () => {
  const { channel, closed, peer } = await opened({ stallSeconds: STALL_SECONDS, heartbeatSeconds: 0 }, true);
  await fill(channel);
  await until(
    () => channel.listenerCount,
    (count) => count === 0,
    'listeners',
    STALL_SECONDS * 1000 + LATE_MS,
  );
  assert.equal(closed[0].reason, 'stalled');
  await until(
    () => server.connections(),
    (count) => count === 0,
    'connections',
  );
  peer.destroy();
});

test('while it is sent to, it is given up at the latest by its bound', { timeout: 60_000 }, async (context) => {
  const { channel, closed, peer } = await opened({ stallSeconds: 30 });
  let sent = 0;
  while (channel.listenerCount > 0) {
    channel.broadcast({ type: 'n', payload: PAYLOAD });
    assert.ok(++sent < 1000, 'the server takes everything');
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { delivered, dropped } = closed[0].stats;
  context.diagnostic(
    `${closed[0].reason} after ${(sent / 16).toFixed(1)} MiB, of which ${(dropped.discarded / 16).toFixed(1)} MiB waited`,
  );
  assert.equal(delivered + dropped.discarded, sent);
  assert.deepEqual(channel.stats().ended, { full: 1 });
  peer.destroy();
});

test('a client that reads again in time is not given up', { timeout: 60_000 }, async (context) => {
  const { channel, closed, peer } = await opened({ stallSeconds: 5, heartbeatSeconds: 0 });
  const { sent } = await fill(channel);
  let bytes = 0;
  peer.on('data', (chunk) => void (bytes += chunk.length));
  peer.resume();
  await until(
    () => bytes,
    (count) => count > sent * PAYLOAD.length,
    'bytes',
  );
  assert.equal(channel.stats().queued, 0);
  assert.equal(closed.length, 0);
  context.diagnostic(`${(bytes / 2 ** 20).toFixed(1)} MiB were read in the end`);
  peer.destroy();
  await until(
    () => channel.listenerCount,
    (count) => count === 0,
    'listeners',
  );
});

test('a client that leaves without a word while nothing is sent is noticed at once', { timeout: 60_000 }, async () => {
  const channel = new SSEChannel();
  answer = (request) => channel.response(request);
  const { reader, leave } = await subscribe(server.url);
  await reader.chunk();
  leave();
  await until(
    () => channel.listenerCount,
    (count) => count === 0,
    'listeners',
  );
  assert.deepEqual(channel.stats().ended, { aborted: 1 });
});
