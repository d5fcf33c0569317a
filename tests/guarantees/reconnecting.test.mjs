// Reconnecting: a connection of many clients breaks, and they reconnect one by one to a long
// history. Its blocks are written once.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { VirtualClock } from 'eric-sse/testing';

const MESSAGES = 10_000;
const CLIENTS = 200;

let clock;
afterEach(() => clock?.restore());

/** Reads all that there is, and leaves. Returns the arrays as they were handed out. */
async function comeBack(channel, lastEventId) {
  const reader = channel.response(null, { lastEventId }).body.getReader();
  const chunks = [];
  const newest = new TextEncoder().encode(`id: ${channel.lastEventId}\n`);
  const ends = (chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).includes(newest);
  do chunks.push((await reader.read()).value);
  while (!ends(chunks.at(-1)));
  await reader.cancel();
  return chunks;
}

test(`${CLIENTS} clients that reconnect one by one to ${MESSAGES} messages get the same arrays, which are evicted when unused`, async () => {
  clock = new VirtualClock();
  const channel = new SSEChannel({ history: { messages: MESSAGES, bytes: 2 ** 26 } });
  const { lastEventId } = channel;
  const stays = channel.response().body.getReader();
  // Reads on, so that heartbeats come.
  const reading = (async () => {
    while (!(await stays.read()).done);
  })();
  for (let payload = 0; payload < MESSAGES; payload++) {
    channel.broadcast({ type: 'n', payload });
    if (payload % 500 === 499) await clock.advance(0);
  }
  const first = await comeBack(channel, lastEventId);
  const data = Buffer.concat(first)
    .toString()
    .match(/^data: .*$/gm);
  assert.deepEqual(
    data,
    Array.from({ length: MESSAGES }, (_, number) => `data: ${number}`),
  );
  // Every one but the first, which says where a stream begins.
  const parts = new Set(first.slice(1));
  assert.equal(parts.size, Math.ceil(MESSAGES / 1024));
  for (let client = 1; client < CLIENTS; client++) {
    const chunks = await comeBack(channel, lastEventId);
    assert.ok(
      chunks.slice(1).every((chunk) => parts.has(chunk)),
      `client ${client} was written its own`,
    );
    await clock.advance(0.1);
  }
  await clock.advance(29);
  assert.ok(parts.has((await comeBack(channel, lastEventId))[1]));
  await clock.advance(46);
  assert.ok(!(await comeBack(channel, lastEventId)).some((chunk) => parts.has(chunk)), 'they are not held for ever');
  await stays.cancel();
  await reading;
});
