// The recipes whose hosts start in a second, from the packed package. Hosts that are built or need
// a runtime of their own are in `slow/`, a folder each.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { until } from '../js/lib/sse-client.mjs';
import { checkHost } from './lib/checks.mjs';
import { lay, start } from './lib/host.mjs';
import { projects } from './lib/project.mjs';
import { recipes, slowHosts } from './lib/recipes.mjs';

const packages = process.env.ERIC_HOSTS;
if (!packages) throw new Error('ERIC_HOSTS names no folder: run this through `npm test -- hosts`');

/** The files that are started, with the package of the host and its name. */
const FAST = [
  { recipe: 'express', file: 'server.mjs', host: 'Express', of: 'express' },
  { recipe: 'express', file: 'compression.mjs', host: 'Express, with compression', of: 'express' },
  { recipe: 'fastify', file: 'server.mjs', host: 'Fastify', of: 'fastify' },
  { recipe: 'koa', file: 'server.mjs', host: 'Koa', of: 'koa' },
  { recipe: 'hono', file: 'server.mjs', host: 'Hono', of: 'hono' },
  { recipe: 'h3', file: 'h3-2.mjs', host: 'h3 2', of: 'h3' },
  { recipe: 'h3', file: 'h3-1.mjs', host: 'h3 1', of: 'h3-1' },
];

const found = recipes();
const { folder, versionOf, remove } = await projects(packages);
after(remove);

test('every recipe is run', () => {
  const run = new Set([...FAST.map(({ recipe }) => recipe), ...slowHosts()]);
  assert.deepEqual([...found.keys()].sort(), [...run].sort());
});

for (const { recipe, file, host, of } of FAST) {
  const origin = 'http://example.test';
  checkHost({
    host,
    version: versionOf(of),
    runs: `Node ${process.versions.node}`,
    headers: {
      'x-served-by': recipe,
      ...(recipe === 'fastify' && { 'access-control-allow-origin': origin }),
    },
    sends: { Origin: origin, 'Accept-Encoding': 'gzip' },
    open() {
      const place = path.join(folder, `${recipe}-${file}`);
      lay(place, found.get(recipe) ?? new Map(), folder);
      return start(place, [process.execPath, file]);
    },
  });
}

checkHost(
  {
    host: 'Express',
    version: versionOf('express'),
    runs: 'node --watch',
    headers: { 'x-served-by': 'express' },
    ends: false,
    open() {
      const place = path.join(folder, 'express-watched');
      lay(place, found.get('express') ?? new Map(), folder);
      return start(place, [process.execPath, '--watch', 'server.mjs'], { env: { NODE_ENV: 'development' } });
    },
  },
  ({ check, host, subscribe }) => {
    check('an edit sends the clients to the new process, at once', async () => {
      const { client } = await subscribe();
      const file = path.join(folder, 'express-watched/server.mjs');
      writeFileSync(file, readFileSync(file, 'utf8').replace("'X-Served-By', 'express'", "'X-Served-By', 'edited'"));
      await client.rest(); // ends as a response, not by a connection that breaks
      assert.ok(client.retryMilliseconds < 3_000, `the client reconnects after ${client.retryMilliseconds} ms`);
      await until(
        () =>
          fetch(`${host().url}/listeners`)
            .then(({ headers }) => headers.get('x-served-by'))
            .catch(() => undefined),
        (by) => by === 'edited',
        'the new process',
      );
      const again = await subscribe({ 'Last-Event-ID': client.lastEventId });
      const [gap] = await again.client.take(1);
      assert.equal(gap?.type, '_eric_gap');
      again.leave();
    });
  },
);
