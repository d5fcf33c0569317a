// Cloudflare's runtime: an object with several channels answers through its Worker.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectChannels } from 'eric-sse/client';
import { Miniflare } from 'miniflare';
import { bundled } from '../js/lib/bundle.mjs';
import { until } from '../js/lib/sse-client.mjs';

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Starts the Worker. @param {import('node:test').TestContext} context */
async function started(context) {
  const contents = await bundled(fileOf('lib/object.mjs'), {
    conditions: ['workerd', 'worker', 'browser', 'import'],
    external: ['cloudflare:workers', '*.wasm'],
  });
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    compatibilityDate: '2026-04-01',
    modulesRoot: '/',
    modules: [
      { type: 'ESModule', path: '/worker.mjs', contents },
      {
        type: 'CompiledWasm',
        path: '/eric_sse_bg.wasm',
        contents: readFileSync(fileOf('../../dist/eric_sse_bg.wasm')),
      },
    ],
    durableObjects: { ROOMS: { className: 'Rooms', useSQLite: true } },
  });
  context.after(() => miniflare.dispose());
  const url = await miniflare.ready;
  const ask = async (path, query) => {
    const response = await fetch(new URL(`${path}?${new URLSearchParams(query)}`, url));
    return response.text();
  };
  return { url, ask };
}

test('an object answers with several channels, which are joined, left and closed', {
  timeout: 60_000,
}, async (context) => {
  const { url, ask } = await started(context);
  for (const name of ['lobby', 'kitchen', 'office']) await ask('/add', { name });
  const connection = connectChannels(url, { channels: ['lobby', 'office'], headers: { 'X-Not': 'office' } });
  context.after(() => connection.close());
  const events = [];
  const done = (async () => {
    for await (const { channel, type, data } of connection) events.push([channel, type, data].join(' '));
  })();
  const got = (count) =>
    until(
      () => events.length,
      (length) => length >= count,
      `${count} events`,
    );
  await got(1);
  await ask('/send', { name: 'lobby', payload: 'one' });
  await got(2);
  connection.join('kitchen');
  await until(
    () => connection.lastEventId,
    (id) => id.includes('kitchen@'),
    'the id',
  );
  await ask('/send', { name: 'kitchen', payload: 'two' });
  await got(3);
  connection.leave('lobby');
  await until(
    () => ask('/listeners', { name: 'lobby' }),
    (count) => count === '0',
    'listeners',
  );
  await ask('/send', { name: 'lobby', payload: 'unheard' });
  await ask('/rm', { name: 'kitchen' });
  await done;
  assert.deepEqual(events, [
    'office _eric_channel_refused ',
    'lobby n one',
    'kitchen n two',
    'kitchen _eric_channel_closed ',
  ]);
  assert.deepEqual(await connection.ended, { reason: 'closed' });
});
