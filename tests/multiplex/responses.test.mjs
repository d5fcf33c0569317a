// One response with several channels, over HTTP to a server of Node, and as a fetch handler's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelContainer, SSEChannel } from 'eric-sse';
import { Multiplexer } from 'eric-sse/multiplex';
import { until } from '../js/lib/sse-client.mjs';
import { at, Events, sender, serving } from './lib/served.mjs';

const TIMEOUT = { timeout: 30_000 };
const NAMES = ['prices', 'chat, ä'];

/** A multiplexer without a server. */
function scene(names = NAMES, options = {}, channelOptions = {}) {
  const container = new ChannelContainer();
  for (const id of names) container.add({ id, ...channelOptions });
  const multiplexer = new Multiplexer(container, { authorize: () => true, ...options });
  const open = async (wanted = names, init = undefined, more = undefined) =>
    new Events(await multiplexer.response(new Request(at('http://events.example/', wanted), init), more));
  return { container, multiplexer, open, send: sender(container) };
}
const keepRunning = (context) => {
  const timer = setInterval(() => {}, 1000);
  context.after(() => clearInterval(timer));
};

test('each event says its channel, in the order of each', TIMEOUT, async (context) => {
  const { url, send } = await serving(context, NAMES);
  const events = new Events(await fetch(at(url, NAMES)));
  assert.equal((await events.next()).type, '_eric_position');
  for (let payload = 0; payload < 50; payload++) send(NAMES[payload % 2], payload);
  const all = await events.take(50);
  for (const [index, name] of NAMES.entries()) {
    const own = all.filter(([from]) => from === name).map(([, , data]) => Number(data));
    assert.deepEqual(
      own,
      Array.from({ length: 25 }, (_, turn) => 2 * turn + index),
    );
  }
});

test('a connection that breaks is resumed in all channels by one id', TIMEOUT, async (context) => {
  const { url, send, server } = await serving(context, NAMES);
  const events = new Events(await fetch(at(url, NAMES)));
  await events.next();
  send('prices', 1);
  assert.deepEqual(await events.take(1), [['prices', 'n', '1']]);
  server.closeAllConnections();
  send('prices', 2);
  send('chat, ä', 'text\nof lines');
  const again = new Events(await fetch(at(url, NAMES), { headers: { 'Last-Event-ID': events.lastEventId } }));
  assert.deepEqual(await again.take(2), [
    ['prices', 'n', '2'],
    ['chat, ä', 'n', 'text\nof lines'],
  ]);
});

test('a channel that closes ends its part; the response ends with the last one', TIMEOUT, async (context) => {
  const { url, send, container } = await serving(context, NAMES);
  const events = new Events(await fetch(at(url, NAMES)));
  await events.next();
  send('prices', 1);
  container.rm('prices');
  send('chat, ä', 2);
  container.rm('chat, ä');
  const all = await events.take(9);
  assert.deepEqual(
    all.filter(([name]) => name === 'prices').map(([, ...rest]) => rest),
    [
      ['n', '1'],
      ['_eric_channel_closed', ''],
    ],
  );
  assert.deepEqual(
    all.filter(([name]) => name !== 'prices').map(([, ...rest]) => rest),
    [
      ['n', '2'],
      ['_eric_channel_closed', ''],
    ],
  );
  assert.equal((await fetch(at(url, NAMES))).status, 503);
});

test('channels that are gone are answered with 204', async () => {
  const { container, multiplexer } = scene();
  for (const channel of container) channel.gone();
  assert.equal((await multiplexer.response(new Request(at('http://a.example/', NAMES)))).status, 204);
});

test('authorize decides about each channel, at each request', TIMEOUT, async (context) => {
  const rights = { reader: new Set(['prices', 'chat, ä']) };
  const asked = [];
  const { url, send, container } = await serving(context, NAMES, {
    authorize: async (request, name) => {
      asked.push(name);
      return rights[request.headers.get('X-User')]?.has(name) ?? false;
    },
  });
  const headers = { 'X-User': 'reader' };
  const events = new Events(await fetch(at(url, NAMES), { headers }));
  await events.next();
  rights.reader.delete('prices');
  send('prices', 'secret');
  const again = new Events(
    await fetch(at(url, NAMES), { headers: { ...headers, 'Last-Event-ID': events.lastEventId } }),
  );
  send('chat, ä', 'hello');
  assert.deepEqual((await again.take(2)).sort(), [
    ['chat, ä', 'n', 'hello'],
    ['prices', '_eric_channel_refused', ''],
  ]);
  assert.deepEqual(asked, [...NAMES, ...NAMES]);
  await events.reader.cancel();
  await until(
    () => container.get('prices').listenerCount,
    (count) => count === 0,
    'listeners',
  );
  const refused = await fetch(at(url, NAMES), { headers: { 'X-User': 'stranger' } });
  assert.deepEqual([refused.status, await refused.text()], [403, 'the request may read none of its channels']);
});

test('without authorize nothing is answered', async () => {
  const multiplexer = new Multiplexer(new Map([['a', new SSEChannel()]]));
  await assert.rejects(multiplexer.response(new Request('http://a.example/?channel=a')), {
    name: 'TypeError',
    message: /^authorize is missing/,
  });
});

test('more channels than fit in an id are refused', TIMEOUT, async (context) => {
  const names = Array.from({ length: 200 }, (_, index) => `room-${index}`);
  const { url } = await serving(context, names);
  const refused = await fetch(at(url, names));
  assert.equal(refused.status, 400);
  assert.match(
    await refused.text(),
    /^the event ids of 200 channels may have \d+ bytes, more than 4096: request fewer$/,
  );
  const fitting = names.slice(0, 70);
  const events = new Events(await fetch(at(url, fitting)));
  await events.next();
  assert.ok(events.lastEventId.length <= 4096);
  assert.equal((await fetch(at(url, names.slice(0, 76)))).status, 400);
});

test('a request without a channel, or with an invalid name, is refused with 400', TIMEOUT, async (context) => {
  const { url } = await serving(context, NAMES);
  for (const query of ['', '?channel=', '?channel=%0a']) assert.equal((await fetch(url + query)).status, 400, query);
});

test('a listener that falls behind at one channel reconnects, and misses nothing', TIMEOUT, async (context) => {
  keepRunning(context);
  const { open, send, container } = scene(NAMES, { queue: { messages: 10 } });
  const events = await open();
  await events.next();
  for (let payload = 0; payload < 30; payload++) send('prices', payload);
  send('chat, ä', 'hello');
  const before = await events.take(100);
  assert.equal(container.get('chat, ä').listenerCount, 0);
  const again = await open(NAMES, { headers: { 'Last-Event-ID': events.lastEventId } });
  const all = [...before, ...(await again.take(31 - before.length))];
  assert.deepEqual(
    all.filter(([name]) => name === 'prices').map(([, , data]) => Number(data)),
    [...Array(30).keys()],
  );
  assert.equal(all.filter(([name]) => name !== 'prices').length, 1);
});

test('an id of a single channel, or an invalid id, gives a gap at each channel that did not issue it', async () => {
  const { container, open, send } = scene();
  send('prices', 1);
  const { lastEventId } = container.get('prices');
  send('prices', 2);
  const events = await open(NAMES, { headers: { 'Last-Event-ID': lastEventId } });
  const [gap, message] = (await events.take(2)).sort();
  assert.deepEqual([gap[0], gap[1], JSON.parse(gap[2]).reason], ['chat, ä', '_eric_gap', 'epoch']);
  assert.deepEqual(message, ['prices', 'n', '2']);
  const others = await open(NAMES, { headers: { 'Last-Event-ID': `x@y@z${'1'.repeat(200)}` } });
  const gaps = (await others.take(4)).filter(([, type]) => type === '_eric_gap');
  assert.deepEqual(gaps.map(([name, , data]) => [name, JSON.parse(data).reason]).sort(), [
    ['chat, ä', 'unknown'],
    ['prices', 'unknown'],
  ]);
});

test('one heartbeat serves all channels, and has the positions behind filtered messages', TIMEOUT, async (context) => {
  keepRunning(context);
  const { open, container } = scene(NAMES, { heartbeatSeconds: 0.05, events: ['wanted'] });
  const events = await open();
  await events.next();
  for (let payload = 0; payload < 3; payload++) container.get('prices').broadcast({ type: 'other', payload });
  const position = await events.next();
  assert.equal(position.type, '_eric_position');
  assert.equal(position.lastEventId.split(',')[0], `prices@${container.get('prices').lastEventId}`);
  const [start, before] = [performance.now(), events.comments];
  void events.next();
  await until(
    () => events.comments,
    (count) => count >= before + 4,
    'comments',
  );
  assert.ok(performance.now() - start > 4 * 40, 'heartbeats of the channels are not sent');
});

test('a drained channel sends the client elsewhere, with a reconnection time', TIMEOUT, async (context) => {
  const { url, container } = await serving(context, NAMES);
  const response = await fetch(at(url, NAMES));
  const events = new Events(response);
  await events.next();
  assert.equal(events.retryMilliseconds, 50);
  void container.drain({ seconds: 0, retryMilliseconds: 8000 });
  assert.equal(await events.next(), undefined);
  assert.ok(events.retryMilliseconds >= 4000 && events.retryMilliseconds <= 12_000, `${events.retryMilliseconds}`);
  const turnedAway = await fetch(at(url, NAMES));
  assert.match(await turnedAway.text(), /^retry: \d+\n\n$/);
});

test('a response ends after its longest duration, and its client is replayed', TIMEOUT, async (context) => {
  keepRunning(context);
  const { open, send } = scene(NAMES, { maxDurationSeconds: 0.1 });
  const events = await open();
  await events.take(1);
  send('prices', 1);
  const again = await open(NAMES, { headers: { 'Last-Event-ID': events.lastEventId } });
  assert.deepEqual(await again.take(1), [['prices', 'n', '1']]);
});

test('a resumable listener keeps its dispatches at each channel, and a second response replaces the first', async (context) => {
  keepRunning(context);
  const { open, container } = scene(NAMES, { listener: 'page-1', resumeSeconds: 60 });
  const events = await open();
  await events.next();
  container.get('prices').dispatch('page-1', { type: 'n', payload: 1 });
  assert.deepEqual(await events.take(1), [['prices', 'n', '1']]);
  const again = await open(NAMES, { headers: { 'Last-Event-ID': events.lastEventId } });
  assert.equal(await events.next(), undefined);
  container.get('chat, ä').dispatch('page-1', { type: 'n', payload: 2 });
  assert.deepEqual(await again.take(1), [['chat, ä', 'n', '2']]);
});

test('channels that adapt their events are read beside others', async () => {
  class Upper extends SSEChannel {
    adapt(message, id) {
      return { ...super.adapt(message, id), data: String(message.payload).toUpperCase() };
    }
  }
  const [upper, plain] = [new Upper(), new SSEChannel()];
  const multiplexer = new Multiplexer(new Map(Object.entries({ upper, plain })), { authorize: () => true });
  const events = new Events(await multiplexer.response(null, { channels: ['upper', 'plain'] }));
  upper.broadcast({ type: 'n', payload: 'a' });
  plain.broadcast({ type: 'n', payload: 'b' });
  assert.deepEqual((await events.take(2)).sort(), [
    ['plain', 'n', 'b'],
    ['upper', 'n', 'A'],
  ]);
});

test('HEAD, OPTIONS and other methods are answered as by one channel', TIMEOUT, async (context) => {
  const { url, container } = await serving(context, NAMES);
  const statuses = await Promise.all(
    ['HEAD', 'OPTIONS', 'POST'].map(async (method) => (await fetch(at(url, NAMES), { method })).status),
  );
  assert.deepEqual(statuses, [200, 204, 405]);
  for (const channel of container) assert.equal(channel.listenerCount, 0);
});

test('every listener leaves with its client', TIMEOUT, async (context) => {
  const { url, container } = await serving(context, NAMES);
  for (let turn = 0; turn < 20; turn++) {
    const events = new Events(await fetch(at(url, NAMES)));
    await events.next();
    await events.reader.cancel();
  }
  for (const channel of container)
    await until(
      () => channel.listenerCount,
      (count) => count === 0,
      'listeners',
    );
});
