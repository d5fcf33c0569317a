// Clients whose event ids are newer than what their process has read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openChannel } from 'eric-sse/backend';
import { until } from '../js/lib/sse-client.mjs';
import { client, range, shown } from './lib/clients.mjs';
import { memoryStore } from './lib/memory.mjs';

const n = (payload) => ({ type: 'n', payload });
const sendAll = (channel, from, to) => Promise.all(range(from, to).map((payload) => channel.broadcast(n(payload))));
const number = (id) => Number(id.split('-')[1]);
const caughtUp = (channel, id) =>
  until(
    () => channel.lastEventId,
    (newest) => newest === id,
    'the newest id',
  );

test('a client with an id that its process has not read yet is replayed exactly, at once', async () => {
  const store = memoryStore();
  const [one, other] = [await openChannel('a', store.connect()), await openChannel('a', store.connect())];
  const ids = await sendAll(one, 1, 5);
  assert.equal(number(other.lastEventId), 0);
  const reader = client(other, ids[2]);
  assert.deepEqual(shown(await reader.take(2)), ['4', '5']);
  await one.leave();
  await other.leave();
});

test('over a backend that answers later, that client is told to reconnect, and continues then', async () => {
  const store = memoryStore({ late: true });
  const [one, other] = [await openChannel('a', store.connect()), await openChannel('a', store.connect())];
  const ids = await sendAll(one, 1, 5);
  // Before the other process is told.
  const asked = client(other, `${ids[4].slice(0, -1)}7`);
  assert.deepEqual(await asked.rest(), []);
  assert.ok(asked.retryMilliseconds >= 7500);
  await caughtUp(other, ids[4]);
  assert.deepEqual(shown(await client(other, ids[2]).take(2)), ['4', '5']);
  // An id that nobody has issued is not asked for again and again.
  const [gap] = shown(await client(other, `${ids[4].slice(0, -1)}7`).take(1));
  assert.equal(gap.reason, 'unknown');
  await one.leave();
  await other.leave();
});
