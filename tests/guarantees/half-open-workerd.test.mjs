// A peer that reads nothing and closes nothing, and one that leaves without a word: in Cloudflare's
// runtime, in a Durable Object.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { subscribe, until } from '../js/lib/sse-client.mjs';
import { startWorkerd } from '../js/lib/workerd.mjs';
import { silentPeer } from './lib/silent.mjs';

const workerd = startWorkerd();
workerd.ready.catch(() => {});
before(() => workerd.ready);
after(() => workerd.stop());

let rooms = 0;
/** A room of the test's own. @param {import('eric-sse').ResponseOptions} options of its responses */
async function room(options) {
  const base = await workerd.ready;
  const name = `room-${++rooms}`;
  const at = (path, query = '') => new URL(`/room/${path}?room=${name}${query}`, base);
  const ask = async (path, query) => (await fetch(at(path, query))).json();
  return {
    address: at('respond', `&options=${encodeURIComponent(JSON.stringify(options))}`),
    stats: () => ask('stats'),
    flood: (count, bytes) => ask('flood', `&count=${count}&bytes=${bytes}`),
  };
}

const BYTES = 64 * 1024;
const NOBODY = (/** @type {{ listeners: number }} */ { listeners }) => listeners === 0;

/** Sends until the runtime takes no more. @param {Awaited<ReturnType<typeof room>>} room */
async function fill({ flood, stats }) {
  let sent = 0;
  for (let quiet = 0; quiet < 5; ) {
    const { queued, listeners } = await stats();
    if (listeners === 0) break;
    if (queued > 0) quiet++;
    else {
      await flood(16, BYTES);
      sent += 16;
      quiet = 0;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(sent < 16 * 1024, 'the runtime takes a gigabyte');
  }
  return sent;
}

test('a peer that reads nothing is given up after stallSeconds: 2', { timeout: 60_000 }, async (context) => {
  const here = await room({ stallSeconds: 2, heartbeatSeconds: 0, queue: { bytes: 2 ** 30, messages: 1e6 } });
  const peer = await silentPeer(here.address);
  await until(here.stats, ({ listeners }) => listeners === 1, 'listeners');
  const sent = await fill(here);
  const stats = await until(here.stats, NOBODY, 'listeners', 10_000);
  const [{ reason, stats: last, milliseconds }] = stats.closed;
  context.diagnostic(
    `${reason} ${(milliseconds / 1000).toFixed(2)} s after the last message; ${((sent - last.queued) / 16).toFixed(1)} MiB of ${sent / 16} had been taken; ends ${JSON.stringify(stats.ended)}`,
  );
  assert.deepEqual(stats.ended, { stalled: 1 });
  assert.equal(stats.closed.length, 1);
  peer.destroy();
});

test('while it is sent to, it is given up at the latest by its bound', { timeout: 60_000 }, async (context) => {
  const here = await room({ stallSeconds: 30 });
  const peer = await silentPeer(here.address);
  await until(here.stats, ({ listeners }) => listeners === 1, 'listeners');
  let sent = 0;
  let listeners = 1;
  while (listeners > 0) {
    ({ listeners } = await here.flood(4, BYTES));
    sent += 4;
    assert.ok(sent < 16 * 1024, 'the runtime takes a gigabyte');
  }
  const { ended } = await here.stats();
  context.diagnostic(`ends ${JSON.stringify(ended)} after ${sent / 16} MiB`);
  assert.deepEqual(ended, { full: 1 });
  peer.destroy();
});

test('a client that leaves without a word, while nothing is sent, is found by a heartbeat', {
  timeout: 60_000,
}, async (context) => {
  const SECONDS = 0.5;
  const here = await room({ heartbeatSeconds: SECONDS });
  const { reader, leave } = await subscribe(here.address);
  await reader.chunk();
  // It does get heartbeats.
  assert.match(await reader.chunk(), /^:\n\n$/);
  leave();
  const start = performance.now();
  const { ended } = await until(here.stats, NOBODY, 'listeners', 20_000);
  const seconds = (performance.now() - start) / 1000;
  context.diagnostic(
    `found after ${seconds.toFixed(2)} s, ${(seconds / SECONDS).toFixed(1)} heartbeats; ends ${JSON.stringify(ended)}`,
  );
  assert.ok(seconds < 10 * SECONDS, `${seconds} s`);
});
