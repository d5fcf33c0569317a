// Connections over real HTTP, to channels of this package and to servers of others.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SSEChannel } from 'eric-sse';
import { connect } from 'eric-sse/client';
import { toNode } from 'eric-sse/node';
import { Random } from '../js/suite/lib/random.mjs';
import { cuttingProxy } from './lib/cutting-proxy.mjs';

const SEED = Number(process.env.ERIC_SSE_SEED ?? 24301);
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Serves a handler. @param {import('node:test').TestContext} context */
async function serving(context, handler) {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => (server.closeAllConnections(), server.close()));
  return { server, url: `http://127.0.0.1:${server.address().port}/`, port: server.address().port };
}

test(`1,000 connections are cut at random bytes while messages are sent: none is lost, none comes twice, with seed ${SEED}`, {
  timeout: 120_000,
}, async (context) => {
  const [CLIENTS, CUTS, MESSAGES] = [20, 1000, 8000];
  const random = new Random(SEED);
  const channel = new SSEChannel({ retryTimeoutMilliseconds: 1, history: { messages: 100_000, bytes: 1e9 } });
  const { port } = await serving(context, toNode(channel, { queue: { messages: 100_000, bytes: 1e9 } }));
  // The header of a response is cut as well.
  const proxy = await cuttingProxy(port, () => (proxy?.cuts >= CUTS ? Infinity : 50 + random.below(6000)));
  context.after(() => proxy.close());
  const clients = Array.from({ length: CLIENTS }, () =>
    connect(`http://127.0.0.1:${proxy.port}/`, { maxRetryMilliseconds: 1, lastEventId: channel.lastEventId }),
  );
  const got = clients.map(() => []);
  const reading = clients.map(async (client, index) => {
    for await (const { type, data } of client) {
      got[index].push(type === 'n' ? data : { type, data });
      if (data === MESSAGES - 1) break;
    }
  });
  for (let payload = 0; payload < MESSAGES; payload++) {
    channel.broadcast({ type: 'n', payload });
    // Until there were that many cuts, so that each is made while messages are sent.
    if (payload % 8 === 0) await sleep(1);
    if (payload === MESSAGES - 2)
      while (proxy.cuts < CUTS && got.some((all) => all.length < MESSAGES - 1)) await sleep(10);
  }
  await Promise.all(reading);
  context.diagnostic(`${proxy.cuts} cuts of ${proxy.connections} connections, ${CLIENTS * MESSAGES} deliveries`);
  assert.ok(proxy.cuts >= CUTS, `${proxy.cuts} cuts`);
  const all = Array.from({ length: MESSAGES }, (_, payload) => payload);
  for (const one of got) assert.deepEqual(one, all);
});

test('a connection that is half open is found within two and a half heartbeats, and resumed', {
  timeout: 60_000,
}, async (context) => {
  const channel = new SSEChannel({ retryTimeoutMilliseconds: 1 });
  const { port } = await serving(context, toNode(channel, { heartbeatSeconds: 1 }));
  const proxy = await cuttingProxy(port, () => Infinity);
  context.after(() => proxy.close());
  const client = connect(`http://127.0.0.1:${proxy.port}/`, { heartbeatSeconds: 1, maxRetryMilliseconds: 1 });
  context.after(() => client.close());
  await once(process, 'never', { signal: AbortSignal.timeout(2500) }).catch(() => {});
  assert.equal(client.state, 'open');
  proxy.silent = true;
  const start = performance.now();
  channel.broadcast({ type: 'n', payload: 1 });
  while (client.state === 'open') await sleep(10);
  const seconds = (performance.now() - start) / 1000;
  proxy.silent = false;
  assert.equal((await client.next()).value.data, 1);
  context.diagnostic(`found after ${seconds.toFixed(2)} seconds`);
  assert.ok(seconds <= 2.6, `${seconds} seconds`);
});

test('a channel that drains, rotates, closes or is gone', { timeout: 60_000 }, async (context) => {
  let channel = new SSEChannel({ retryTimeoutMilliseconds: 50 });
  let options = {};
  const lastEventIds = [];
  const { url } = await serving(context, (request, response) => {
    lastEventIds.push(request.headers['last-event-id']);
    toNode(channel, options)(request, response);
  });
  const states = [];
  const client = connect(url, { maxRetryMilliseconds: 1, onState: (change) => states.push(change) });
  const next = async () => (await client.next()).value;
  while (channel.listenerCount < 1) await sleep(5);
  channel.broadcast({ type: 'n', payload: 1 });
  assert.equal((await next()).data, 1);
  const before = channel;
  channel = new SSEChannel({ retryTimeoutMilliseconds: 50 });
  await before.drain({ seconds: 0, retryMilliseconds: 1000 });
  const gap = await next();
  assert.deepEqual([gap.type, gap.data.reason], ['_eric_gap', 'epoch']);
  const waiting = states.find(({ state }) => state === 'waiting');
  assert.equal(waiting.error, undefined);
  assert.ok(waiting.delayMilliseconds >= 500 && waiting.delayMilliseconds <= 1500, `${waiting.delayMilliseconds} ms`);
  options = { maxDurationSeconds: 0.2 };
  client.reconnect();
  await sleep(100);
  const connections = lastEventIds.length;
  while (lastEventIds.length === connections) await sleep(10);
  while (channel.listenerCount < 1) await sleep(5);
  channel.broadcast({ type: 'n', payload: 2 });
  assert.equal((await next()).data, 2);
  channel.close();
  assert.deepEqual([await next(), await client.ended], [undefined, { reason: 'closed' }]);
  const gone = new SSEChannel();
  gone.gone();
  channel = gone;
  assert.deepEqual(await connect(url).ended, { reason: 'gone' });
});

test('a server whose client reads nothing is stopped by back-pressure, and the client continues later', {
  timeout: 60_000,
}, async (context) => {
  let written = 0;
  const { url } = await serving(context, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const event = `data: "${'x'.repeat(10_000)}"\n\n`;
    const more = () => {
      while (response.write(event)) written++;
      written++;
      response.once('drain', more);
    };
    more();
  });
  const client = connect(url, { queue: { events: 10 } });
  context.after(() => client.close());
  await client.next();
  await sleep(500);
  const [before] = [written];
  await sleep(500);
  context.diagnostic(`${(written / 100).toFixed(1)} MB were written`);
  assert.equal(written, before);
  assert.ok(written * 10_000 < 50e6);
  for (let count = 0; count < 2 * before; count++) await client.next();
  assert.ok(written > before);
});

test('a POST is counted once at the server, whose response is cut', { timeout: 30_000 }, async (context) => {
  let posts = 0;
  const { url } = await serving(context, (_request, response) => {
    posts++;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
    setTimeout(() => response.destroy(), 50);
  });
  const client = connect(url, { method: 'POST', body: JSON.stringify({ prompt: 'x' }) });
  await client.next();
  const error = await client.next().catch((thrown) => thrown);
  assert.equal(error.code, 'ERIC_CONNECTION');
  await sleep(200);
  assert.equal(posts, 1);
});

test('10,000 connections that end leave nothing behind', { timeout: 120_000 }, async (context) => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  const { signal } = new AbortController();
  const bytes = new TextEncoder().encode('id: 1\ndata: 1\n\n');
  const init = { headers: { 'Content-Type': 'text/event-stream' } };
  const fetch = async () => new Response(bytes, init);
  const some = async (count) => {
    for (let done = 0; done < count; done++)
      for await (const event of connect('http://x/', { fetch, signal })) if (event) break;
    for (let turn = 0; turn < 5; turn++) {
      await sleep(1);
      gc();
    }
    return process.memoryUsage().heapUsed;
  };
  const before = await some(2000);
  const after = await some(10_000);
  context.diagnostic(`${((after - before) / 10_000).toFixed(1)} bytes for each connection`);
  assert.ok(after - before < 2e6, `${after - before} bytes`);
});
