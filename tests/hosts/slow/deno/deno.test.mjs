// Deno.serve.

import path from 'node:path';
import { after } from 'node:test';
import { setUpRuntimes } from '../../../../scripts/lib/runtimes.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { lay, start } from '../../lib/host.mjs';
import { emptyProjects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';

const { ERIC_DENO: deno = '' } = await setUpRuntimes();
const { folder, remove } = await emptyProjects();
after(remove);

checkHost({
  host: 'Deno.serve',
  version: /deno-([\d.]+)/.exec(deno)?.[1] ?? '',
  runs: 'Deno',
  prints: /^Listening on/,
  // `shutdown` fails the bodies of requests that are being read.
  cutsRequests: true,
  headers: { 'x-served-by': 'deno' },
  open() {
    const place = path.join(folder, 'deno');
    lay(place, recipes().get('deno') ?? new Map(), folder);
    return start(place, [deno, 'run', '--allow-net', '--allow-env=PORT', 'server.mjs']);
  },
});
