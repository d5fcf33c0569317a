// The recipes in their hosts, from the packed package: what each of them promises, seen by a
// client.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TestClient } from '../../dist/testing.js';
import { until } from '../js/lib/sse-client.mjs';
import { install } from '../package/lib/install.mjs';
import { lay, start } from './lib/host.mjs';
import { recipes } from './lib/recipes.mjs';

const packages = process.env.ERIC_HOSTS;
if (!packages) throw new Error('ERIC_HOSTS names no folder: run this through `npm test -- hosts`');

/** Every file that is started, by its host. */
const STARTED = {
  express: ['server.mjs'],
  fastify: ['server.mjs'],
  koa: ['server.mjs'],
  hono: ['server.mjs'],
  h3: ['h3-2.mjs', 'h3-1.mjs'],
};
/** What an exit may take: the second of the drain, and one more. */
const LONGEST_EXIT_MS = 2_000;

const found = recipes();
const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'eric-sse-hosts-')));
after(() => rmSync(folder, { recursive: true, force: true }));

before(async () => {
  const project = await install();
  try {
    // The frameworks are installed once, the package anew: links to the former, beside a copy of
    // the latter.
    const modules = path.join(folder, 'node_modules');
    cpSync(project.installed, path.join(modules, 'eric-sse'), { recursive: true });
    for (const name of readdirSync(path.join(packages, 'node_modules')))
      if (!name.startsWith('.'))
        symlinkSync(path.join(packages, 'node_modules', name), path.join(modules, name), 'junction');
  } finally {
    project.remove();
  }
});

test('every recipe is run', () => {
  assert.deepEqual([...found.keys()].sort(), Object.keys(STARTED).sort());
});

for (const [name, files] of Object.entries(STARTED)) {
  for (const file of files) {
    describe(`${name}, ${file}`, () => {
      /** @type {import('./lib/host.mjs').Host} */
      let host;
      before(async () => {
        const place = path.join(folder, `${name}-${file}`);
        lay(place, found.get(name) ?? new Map(), folder);
        host = await start(place, [process.execPath, file]);
      });
      after(() => host?.stop('SIGKILL'));

      const listeners = async () => Number(await (await fetch(`${host.url}/listeners`)).text());
      const counted = (count) => until(listeners, (found) => found === count, `${count} listeners`);
      const publish = async (payload) => {
        const body = JSON.stringify({ type: 'news', payload });
        const headers = { 'Content-Type': 'application/json' };
        const response = await fetch(`${host.url}/publish`, { method: 'POST', headers, body });
        assert.equal(response.status, 204);
      };
      const subscribe = async (headers = {}) => {
        const leaving = new AbortController();
        const response = await fetch(`${host.url}/events`, { headers, signal: leaving.signal });
        assert.equal(response.status, 200);
        const client = new TestClient(response);
        return { client, response, leave: () => leaving.abort() };
      };
      const news = (events) => events.filter(({ type }) => type === 'news').map(({ data }) => data);

      test('a client receives what is published', async () => {
        const { client, leave } = await subscribe();
        await counted(1);
        await publish('hello');
        await until(
          () => client.take(1).then(() => news(client.events)),
          (data) => data.length > 0,
          'news',
        );
        assert.deepEqual(news(client.events), ['hello']);
        leave();
      });

      test('a client that leaves is noticed', async () => {
        await counted(0);
        const { leave } = await subscribe();
        await counted(1);
        leave();
        await counted(0);
      });

      test('a client that reconnects receives what it missed', async () => {
        const first = await subscribe();
        await publish('one');
        await until(
          () => first.client.take(1).then(() => news(first.client.events)),
          (data) => data.length > 0,
          'news',
        );
        first.leave();
        await counted(0);
        await publish('two');
        await publish('three');
        const second = await subscribe({ 'Last-Event-ID': first.client.lastEventId });
        await until(
          () => second.client.take(1).then(() => news(second.client.events)),
          (data) => data.length > 1,
          'news',
        );
        assert.deepEqual(news(second.client.events), ['two', 'three']);
        second.leave();
      });

      test("the host's own headers are kept", async () => {
        const { response, leave } = await subscribe({ Origin: 'http://example.test' });
        assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
        assert.equal(response.headers.get('x-served-by'), name);
        if (name === 'fastify')
          assert.equal(response.headers.get('access-control-allow-origin'), 'http://example.test');
        leave();
      });

      test('on SIGTERM the clients are sent elsewhere, and the process ends', async () => {
        const { client } = await subscribe();
        const { code, milliseconds } = await host.stop();
        await client.rest();
        assert.equal(code, 0);
        assert.ok(milliseconds < LONGEST_EXIT_MS, `it took ${milliseconds} ms`);
      });

      test('no warning was printed', () => {
        assert.equal(host.printed(), '');
      });
    });
  }
}
