// The recipes whose hosts start in a second, from the packed package. Hosts that are built or need
// a runtime of their own are in `slow/`, a folder each.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, test } from 'node:test';
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
