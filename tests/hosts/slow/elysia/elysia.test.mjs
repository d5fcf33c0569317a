// Elysia on Bun.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';
import { setUpRuntimes } from '../../../../scripts/lib/runtimes.mjs';
import { ensurePackage } from '../../../../scripts/lib/tool-package.mjs';
import { until } from '../../../js/lib/sse-client.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { lay, start } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';

const { ERIC_BUN: bun = '' } = await setUpRuntimes();
const packages = await ensurePackage('host-elysia', 'tests/hosts/slow/elysia', { last: 'installed' });
const { folder, versionOf, remove } = await projects(packages);
after(remove);

const common = {
  host: 'Elysia',
  version: versionOf('elysia'),
  headers: { 'x-served-by': 'elysia' },
};
const version = /bun-([\d.]+)/.exec(bun)?.[1];

/** @param {string} name @param {...string} flags */
function open(name, ...flags) {
  const place = path.join(folder, name);
  lay(place, recipes().get('elysia') ?? new Map(), folder);
  return start(place, [bun, ...flags, 'server.mjs']);
}

checkHost({ ...common, runs: `Bun ${version}`, open: () => open('elysia') });

checkHost(
  { ...common, runs: `Bun ${version}, --hot`, open: () => open('elysia-hot', '--hot') },
  ({ check, host, subscribe, publish, news, counted }) => {
    check('a client stays after a hot reload, and receives what is published', async () => {
      await counted(0);
      const subscribed = await subscribe();
      const file = path.join(folder, 'elysia-hot/server.mjs');
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace("'X-Served-By'] = 'elysia'", "'X-Served-By'] = 'edited'"));
      await until(
        () => fetch(`${host().url}/listeners`).then(({ headers }) => headers.get('x-served-by')),
        (found) => found === 'edited',
        'the edit',
      );
      await counted(1);
      await publish('after the edit');
      assert.deepEqual(await news(subscribed, 1), ['after the edit']);
      subscribed.leave();
    });
  },
);
