// examples/worker: as `npm run start:workerd -- examples/worker` runs it, driven over HTTP.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Miniflare } from 'miniflare';
import { workerOf } from '../../www/server/worker-of.mjs';
import { subscribe, until } from '../js/lib/sse-client.mjs';
import { numbers, range } from './lib/runtime.mjs';
import { ROOT, serve } from './lib/serve.mjs';

/** @param {string} url @param {string} name @param {Record<string, string>} headers */
function channelAt(url, name, headers = {}) {
  const at = (suffix = '') => new URL(`/channels/${name}${suffix}`, url);
  const ask = async (method, suffix = '', body = undefined) => {
    const response = await fetch(at(suffix), {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    at,
    ask,
    say: (payload, more = {}) => ask('POST', '/messages', { type: 'n', payload, ...more }),
    subscribe: (query = '', lastEventId = undefined) =>
      subscribe(at(`/events${query}`), {
        headers: { ...headers, ...(lastEventId ? { 'Last-Event-ID': lastEventId } : {}) },
      }),
  };
}

describe('examples/worker', () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let server;
  before(async () => void (server = await serve('examples/worker')));
  after(() => server?.stop());

  test('create, subscribe, publish, dispatch, stats, delete', async () => {
    const channel = channelAt(server.url, 'news');
    assert.deepEqual(await channel.ask('PUT'), { status: 201, body: { name: 'news' } });
    assert.equal((await channel.ask('PUT')).status, 200);
    const clients = [await channel.subscribe('?listener=a'), await channel.subscribe()];
    const said = await channel.say({ hello: 'everybody' });
    assert.equal(said.status, 200);
    assert.equal((await channel.ask('POST', '/listeners/a/messages', { type: 'n', payload: 'only a' })).status, 202);
    await channel.say('not a', { except: ['a'] });
    await channel.say('the end');
    const [a, other] = await Promise.all(clients.map(({ reader }) => reader.events(3)));
    assert.deepEqual(
      a.map(({ data }) => data),
      ['{"hello":"everybody"}', 'only a', 'the end'],
    );
    assert.deepEqual(
      other.map(({ data }) => data),
      ['{"hello":"everybody"}', 'not a', 'the end'],
    );
    assert.equal(a[0].lastEventId, said.body.id);
    const { status, body } = await channel.ask('GET');
    assert.deepEqual([status, body.listeners, body.broadcasts], [200, 2, 3]);
    assert.equal((await channel.ask('DELETE')).status, 204);
    for (const { reader } of clients) {
      await reader.rest();
      assert.equal(reader.decoder.events.at(-1).type, '_eric_channel_closed');
    }
    assert.equal((await fetch(channel.at('/events'))).status, 204, 'a client that reconnects stays away');
    assert.equal((await channel.say('late')).status, 410);
    const again = await channel.ask('PUT');
    assert.deepEqual([again.status, /free again/.test(again.body.error)], [410, true], 'its name is not free at once');
  });

  test('a reconnecting client is replayed; a vanished client is removed', async () => {
    const channel = channelAt(server.url, 'replay');
    await channel.ask('PUT');
    const first = await channel.subscribe('?listener=a');
    for (const number of range(1, 3)) await channel.say(number);
    const { lastEventId } = (await first.reader.events(3))[0];
    first.leave();
    await channel.ask('POST', '/listeners/a/messages', { type: 'n', payload: 4 });
    const again = await channel.subscribe('?listener=a', lastEventId);
    assert.deepEqual(numbers(await again.reader.events(3)), [2, 3, 4]);
    again.leave();
    const [anonymous] = [await channel.subscribe()];
    await anonymous.reader.chunk();
    anonymous.leave();
    // Each write to the client is a chance to notice.
    await until(
      async () => (await channel.say('x'), channel.ask('GET')),
      ({ body }) => body.connected === 0,
      'connected',
    );
  });

  test("a listener's name may be any", async () => {
    const channel = channelAt(server.url, 'names');
    await channel.ask('PUT');
    const { reader, leave } = await channel.subscribe(`?listener=${encodeURIComponent('ü/€ %')}`);
    assert.equal(
      (await channel.ask('POST', `/listeners/${encodeURIComponent('ü/€ %')}/messages`, { type: 'n', payload: 1 }))
        .status,
      202,
    );
    assert.deepEqual(numbers(await reader.events(1)), [1]);
    leave();
  });

  test('an invalid request is answered with the reason', async () => {
    const channel = channelAt(server.url, 'wrong');
    assert.equal((await channel.ask('GET')).status, 404);
    assert.equal((await channel.say(1)).status, 404);
    await channel.ask('PUT');
    assert.equal((await channel.ask('POST', '/messages', { type: 'a\nb' })).status, 400);
    assert.equal((await channel.ask('POST', '/messages', 'no JSON')).status, 400);
    assert.equal((await channel.ask('POST', '/messages', '[]')).status, 400);
    assert.equal((await channel.ask('POST', '/listeners/nobody/messages', { type: 'n' })).status, 404);
    assert.equal((await channel.ask('POST', '/messages', { type: 'n', except: ['a\nb'] })).status, 400);
    assert.equal((await channel.ask('POST', '/messages', { type: 'n', payload: 'x'.repeat(3_000_000) })).status, 413);
    assert.equal((await channel.ask('POST', '/listeners/%zz/messages', { type: 'n' })).status, 400);
    assert.equal((await channel.ask('GET', '/events?listener=')).status, 400);
    assert.equal((await fetch(channel.at(`/events?listener=${'x'.repeat(20_000)}`))).status, 431);
    assert.equal((await channel.ask('PATCH')).status, 405);
    assert.equal((await fetch(new URL('/elsewhere', server.url))).status, 404);
  });
});

/** Serves the example with a token, while something is done. @param {string} token @param {(server: Awaited<ReturnType<typeof serve>>) => Promise<void>} act */
async function withToken(token, act) {
  const folder = mkdtempSync(path.join(ROOT, 'examples/.token-'));
  /** @type {Awaited<ReturnType<typeof serve>> | undefined} */
  let server;
  try {
    cpSync(path.join(ROOT, 'examples/worker'), folder, { recursive: true });
    writeFileSync(path.join(folder, '.dev.vars'), `TOKEN="${token}"\n`);
    server = await serve(folder);
    await act(server);
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true });
  }
}

test('with a token that is empty, nothing is answered', () =>
  withToken('', async ({ url }) => {
    const { status, body } = await channelAt(url, 'news').ask('PUT');
    assert.deepEqual([status, body.error], [500, 'the secret TOKEN is empty']);
    assert.equal((await channelAt(url, 'news', { Authorization: 'Bearer ' }).ask('GET')).status, 500);
  }));

test('names that were only asked for leave no storage behind', async () => {
  const persisted = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-example-'));
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    durableObjectsPersist: persisted,
    ...(await workerOf(path.join(ROOT, 'examples/worker'))),
  });
  try {
    const url = String(await miniflare.ready);
    for (const number of range(1, 3)) {
      for (const suffix of ['', '/events'])
        assert.equal((await fetch(channelAt(url, `unknown-${number}`).at(suffix))).status, 404);
    }
    await channelAt(url, 'known').ask('PUT');
    const objects = readdirSync(persisted, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /[0-9a-f]{64}\.sqlite(-wal)?$/.test(name),
    );
    const stored = objects.filter((name) =>
      readFileSync(path.join(persisted, name), 'latin1').includes('CREATE TABLE'),
    );
    assert.equal(new Set(stored.map((name) => name.replace(/-wal$/, ''))).size, 1, stored.join(', '));
  } finally {
    await miniflare.dispose();
    rmSync(persisted, { recursive: true });
  }
});

test('with a token, nothing is answered without it', () =>
  withToken('s e c r e t', async (server) => {
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: 's e c r e t' }]) {
      assert.equal((await channelAt(server.url, 'news', headers).ask('PUT')).status, 401);
    }
    const channel = channelAt(server.url, 'news', { Authorization: 'Bearer s e c r e t' });
    assert.equal((await channel.ask('PUT')).status, 201);
    assert.equal((await fetch(channel.at('/events'))).status, 401);
    const { reader, leave } = await subscribe(channel.at('/events?token=s%20e%20c%20r%20e%20t'));
    await channel.say(1);
    assert.deepEqual(numbers(await reader.events(1)), [1]);
    leave();
  }));
