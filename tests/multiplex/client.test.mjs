// The client of several channels, over HTTP to a server of Node.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectChannels } from 'eric-sse/client';
import { cuttingProxy } from '../client/lib/cutting-proxy.mjs';
import { seeded } from '../guarantees/lib/seeded.mjs';
import { until } from '../js/lib/sse-client.mjs';
import { serving } from './lib/served.mjs';

const TIMEOUT = { timeout: 60_000 };
const FAST = { retryMilliseconds: 1, maxRetryMilliseconds: 1 };
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Connects, and collects what the loop gets. @param {import('node:test').TestContext} context */
function reading(context, url, channels, options) {
  const connection = connectChannels(url, { channels, ...FAST, ...options });
  context.after(() => connection.close());
  const events = [];
  const done = (async () => {
    for await (const { channel, type, data } of connection) events.push([channel, type, data]);
  })();
  const got = (count) =>
    until(
      () => events.length,
      (length) => length >= count,
      `${count} events`,
    );
  const positions = () =>
    connection.lastEventId
      .split(',')
      .map((part) => part.split('@')[0])
      .sort();
  const reads = (...names) => until(positions, (now) => now.join() === [...names].sort().join(), `reading ${names}`);
  return { connection, events, done, got, reads };
}

test('the loop gets the channel of each event, and each event once over a break', TIMEOUT, async (context) => {
  const { url, send, server } = await serving(context, ['prices', 'chat']);
  const { events, got, reads } = reading(context, url, ['prices', 'chat']);
  await reads('prices', 'chat');
  send('prices', { value: 1 });
  await got(1);
  server.closeAllConnections();
  send('chat', 'hello');
  send('prices', { value: 2 });
  await got(3);
  assert.deepEqual(
    events.filter(([name]) => name === 'prices'),
    [
      ['prices', 'n', { value: 1 }],
      ['prices', 'n', { value: 2 }],
    ],
  );
  assert.deepEqual(
    events.filter(([name]) => name === 'chat'),
    [['chat', 'n', 'hello']],
  );
});

test('the connection lasts as long as a channel is open', TIMEOUT, async (context) => {
  const { url, send, container } = await serving(context, ['prices', 'chat']);
  const { connection, events, got, reads, done } = reading(context, url, ['prices', 'chat']);
  await reads('prices', 'chat');
  container.rm('prices');
  await got(1);
  assert.deepEqual(connection.channels, ['chat']);
  send('chat', 1);
  container.rm('chat');
  await done;
  assert.deepEqual(events, [
    ['prices', '_eric_channel_closed', undefined],
    ['chat', 'n', 1],
    ['chat', '_eric_channel_closed', undefined],
  ]);
  assert.deepEqual(await connection.ended, { reason: 'closed' });
});

test('a right that is taken away ends one channel, when the client reconnects', TIMEOUT, async (context) => {
  const allowed = new Set(['prices', 'chat']);
  const { url, send, server } = await serving(context, ['prices', 'chat'], {
    authorize: async (_, name) => allowed.has(name),
  });
  const { events, got, reads } = reading(context, url, ['prices', 'chat']);
  await reads('prices', 'chat');
  allowed.delete('chat');
  send('chat', 'secret');
  await got(1);
  server.closeAllConnections();
  await got(2);
  send('chat', 'more secret');
  send('prices', 1);
  await got(3);
  assert.deepEqual(events, [
    ['chat', 'n', 'secret'],
    ['chat', '_eric_channel_refused', undefined],
    ['prices', 'n', 1],
  ]);
});

test('a client that may read nothing, or asks for too much, fails with the reason', TIMEOUT, async (context) => {
  const { url } = await serving(context, ['prices'], { authorize: () => false });
  const refused = reading(context, url, ['prices']);
  await assert.rejects(refused.done, { name: 'ResponseError', status: 403 });
  const names = Array.from({ length: 200 }, (_, index) => `room-${index}`);
  await assert.rejects(reading(context, url, names).done, {
    name: 'ResponseError',
    status: 400,
    body: /^the event ids of 200 channels may have \d+ bytes, more than 4096: request fewer$/,
  });
});

test(
  'the channels of one turn are joined by one request, and none is made without a channel',
  TIMEOUT,
  async (context) => {
    const { url, send, server, container } = await serving(context, ['a', 'b', 'c']);
    let requests = 0;
    server.on('request', () => requests++);
    const { connection, events, got, reads } = reading(context, url, []);
    await until(
      () => connection.state,
      (state) => state === 'waiting',
      'the state',
    );
    assert.equal(requests, 0);
    for (const name of ['a', 'b', 'c']) connection.join(name);
    await reads('a', 'b', 'c');
    assert.equal(requests, 1);
    send('a', 1);
    await got(1);
    for (const name of ['a', 'b', 'c']) connection.leave(name);
    await until(
      () => container.get('a').listenerCount,
      (count) => count === 0,
      'listeners',
    );
    send('a', 2);
    const { lastEventId } = container.get('a');
    send('a', 3);
    connection.join('a', lastEventId);
    await got(2);
    assert.deepEqual(events, [
      ['a', 'n', 1],
      ['a', 'n', 3],
    ]);
    connection.close();
    assert.deepEqual(await connection.ended, { reason: 'left' });
  },
);

test('events of a channel that was left do not reach the loop', TIMEOUT, async (context) => {
  const { url, send } = await serving(context, ['a', 'b']);
  const connection = connectChannels(url, { channels: ['a', 'b'], ...FAST });
  context.after(() => connection.close());
  await until(
    () => connection.lastEventId,
    (id) => id.includes('a@') && id.includes('b@'),
    'the first id',
  );
  send('a', 1);
  send('b', 2);
  await until(
    () => connection.lastEventId,
    (id) => /a@[^,]*-1/.test(id) && /b@[^,]*-1/.test(id),
    'both events',
  );
  connection.leave('a');
  const { value } = await connection.next();
  assert.deepEqual([value.channel, value.data], ['b', 2]);
});

test('300 joins and drops while messages are sent and connections are cut: none is lost, none comes twice', {
  timeout: 120_000,
}, async (context) => {
  const random = seeded(context);
  const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
  const { url, send, container } = await serving(context, NAMES);
  const proxy = await cuttingProxy(Number(new URL(url).port), () => 300 + random.below(4000));
  context.after(() => proxy.close());
  const connection = connectChannels(`http://127.0.0.1:${proxy.port}/`, { channels: ['a'], ...FAST });
  context.after(() => connection.close());
  /** The number of the next message that the loop has to get; `undefined` until the first. */
  const next = new Map([['a', undefined]]);
  let received = 0;
  const reading = (async () => {
    for await (const { channel, type, data } of connection) {
      assert.equal(type, 'n');
      assert.ok(next.has(channel), `an event of ${channel}, which was left`);
      assert.equal(data, next.get(channel) ?? data, channel);
      next.set(channel, data + 1);
      received++;
    }
  })();
  const sent = new Map(NAMES.map((name) => [name, 0]));
  const publish = (name) => {
    send(name, sent.get(name));
    sent.set(name, sent.get(name) + 1);
  };
  let isPublishing = true;
  const publishing = (async () => {
    while (isPublishing) {
      for (let count = random.below(6); count > 0; count--) publish(random.pick(NAMES));
      await sleep(1);
    }
  })();
  for (let change = 0; change < 300; change++) {
    const name = random.pick(NAMES);
    if (next.delete(name)) connection.leave(name);
    else if (random.chance(50)) {
      // As after loading a state: the very next message is the first.
      next.set(name, sent.get(name));
      connection.join(name, container.get(name).lastEventId);
    } else {
      next.set(name, undefined);
      connection.join(name);
    }
    await sleep(random.below(20));
  }
  for (const name of NAMES) if (!next.has(name)) next.set(name, undefined), connection.join(name);
  const positions = () => connection.lastEventId.split(',').length;
  await Promise.race([reading, until(positions, (count) => count === NAMES.length, 'all channels')]);
  isPublishing = false;
  await publishing;
  for (const name of NAMES) publish(name);
  const isBehind = () => NAMES.filter((name) => next.get(name) !== sent.get(name));
  await Promise.race([reading, until(isBehind, (names) => names.length === 0, 'the last messages', 30_000)]);
  context.diagnostic(`${proxy.cuts} cuts of ${proxy.connections} connections, ${received} events`);
  assert.ok(proxy.cuts > 20 && received > 500, `${proxy.cuts} cuts, ${received} events`);
  connection.close();
  await reading;
});
