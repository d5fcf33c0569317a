// The recipe of a Durable Object, followed literally: in an empty folder, with the package as it is
// packed.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { subscribe } from '../js/lib/sse-client.mjs';
import { install } from '../package/lib/install.mjs';
import { example } from '../readme/documents.mjs';
import { numbers } from './lib/runtime.mjs';
import { serve } from './lib/serve.mjs';

/** @type {Awaited<ReturnType<typeof install>>} */
let project;
before(async () => void (project = await install()));
after(() => project?.remove());

/** Runs an example as the recipe's wrangler.jsonc does the first one. @param {string} main */
async function run(main) {
  writeFileSync(path.join(project.folder, main), example(main));
  writeFileSync(path.join(project.folder, 'wrangler.jsonc'), example('wrangler.jsonc').replace('channels.js', main));
  return serve(project.folder);
}

/** Does what the recipe's `curl` line does. @param {string} line @param {string} url */
function curl(line, url) {
  const [, flag, path, body] = /^curl (-N )?localhost:8787(\/\w+)(?: -d '(.*)')?\s*(?:#.*)?$/.exec(line) ?? [];
  assert.ok(path, `it is no line for curl: ${line}`);
  const address = new URL(path, url);
  return flag ? subscribe(address) : fetch(address, { method: 'POST', body });
}

describe('the quick start', () => {
  test('one listens, another speaks, by the lines of the recipe', async () => {
    const server = await run('channels.js');
    try {
      const [listens, speaks, ...more] = example('wrangler dev').match(/^curl .*$/gm);
      assert.deepEqual(more, []);
      const { reader, leave } = await curl(listens, server.url);
      assert.match(await reader.chunk(), /^retry: 15000\nevent: _eric_position\nid: \w+-0\ndata:\n\n$/);
      const id = await (await curl(speaks, server.url)).json();
      const [{ type, data, lastEventId }] = await reader.events(1);
      assert.deepEqual([type, data, lastEventId], ['hello', 'everybody', id]);
      leave();
      const again = await subscribe(new URL('/news', server.url), {
        headers: { 'Last-Event-ID': id.replace(/-1$/, '-0') },
      });
      assert.equal((await again.reader.events(1))[0].data, 'everybody');
      again.leave();
      for (const method of ['GET', 'POST'])
        assert.equal((await fetch(new URL('/other', server.url), { method })).status, 404);
    } finally {
      await server.stop();
    }
  });

  test('the example of the tree serves one channel from several objects', async () => {
    const server = await run('tree.js');
    try {
      const clients = await Promise.all(
        ['1', '2', '3', '4', '5'].map((ip) =>
          subscribe(server.url, { headers: { 'CF-Connecting-IP': `192.0.2.${ip}` } }),
        ),
      );
      for (const payload of [1, 2])
        assert.equal(
          (await fetch(server.url, { method: 'POST', body: JSON.stringify({ type: 'n', payload }) })).status,
          200,
        );
      for (const { reader, leave } of clients) {
        assert.deepEqual(numbers(await reader.events(2)), [1, 2]);
        leave();
      }
    } finally {
      await server.stop();
    }
  });
});
