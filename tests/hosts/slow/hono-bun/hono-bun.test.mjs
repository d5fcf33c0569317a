// Hono on Bun.

import path from 'node:path';
import { after } from 'node:test';
import { ensureHosts } from '../../../../scripts/lib/bundlers.mjs';
import { setUpRuntimes } from '../../../../scripts/lib/runtimes.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { lay, start } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';

const { ERIC_BUN: bun = '' } = await setUpRuntimes();
const packages = await ensureHosts();
const { folder, versionOf, remove } = await projects(packages);
after(remove);

checkHost({
  host: 'Hono',
  version: versionOf('hono'),
  runs: `Bun ${/bun-([\d.]+)/.exec(bun)?.[1]}`,
  headers: { 'x-served-by': 'hono' },
  open() {
    const place = path.join(folder, 'hono-bun');
    lay(place, recipes().get('hono-bun') ?? new Map(), folder);
    return start(place, [bun, 'server.mjs']);
  },
});
