// Elysia on Bun.

import path from 'node:path';
import { after } from 'node:test';
import { setUpRuntimes } from '../../../../scripts/lib/runtimes.mjs';
import { ensurePackage } from '../../../../scripts/lib/tool-package.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { lay, start } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';

const { ERIC_BUN: bun = '' } = await setUpRuntimes();
const packages = await ensurePackage('host-elysia', 'tests/hosts/slow/elysia', { last: 'installed' });
const { folder, versionOf, remove } = await projects(packages);
after(remove);

checkHost({
  host: 'Elysia',
  version: versionOf('elysia'),
  runs: `Bun ${/bun-([\d.]+)/.exec(bun)?.[1]}`,
  headers: { 'x-served-by': 'elysia' },
  open() {
    const place = path.join(folder, 'elysia');
    lay(place, recipes().get('elysia') ?? new Map(), folder);
    return start(place, [bun, 'server.mjs']);
  },
});
