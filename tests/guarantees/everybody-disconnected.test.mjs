// One turn that sends more than the queues hold disconnects every client. Its sender is warned.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SSEChannel } from 'eric-sse';

/** Sends more than a queue holds, in one turn, and returns the warnings. */
function flood(context, responses) {
  const warn = context.mock.method(console, 'warn', () => {});
  const channel = new SSEChannel();
  for (let opened = 0; opened < responses; opened++) channel.response();
  for (let payload = 0; payload < 1_100; payload++) channel.broadcast({ type: 'n', payload });
  assert.equal(channel.listenerCount, 0);
  return warn.mock.calls.map(({ arguments: [text] }) => text);
}

test('a turn that disconnects every client is warned of once', (context) => {
  assert.deepEqual(flood(context, 3), ['eric-sse: all 3 listeners were disconnected: every queue was full']);
});

test('a single client that is disconnected is no reason to warn', (context) => {
  assert.deepEqual(flood(context, 1), []);
});

test('a slow client among others is no reason to warn', async (context) => {
  const warn = context.mock.method(console, 'warn', () => {});
  const channel = new SSEChannel();
  channel.response();
  const reader = channel.watch();
  for (let payload = 0; payload < 1_100; payload++) channel.broadcast({ type: 'n', payload });
  assert.equal(channel.listenerCount, 1);
  assert.equal(warn.mock.callCount(), 0);
  await reader.return();
});
