// Hono on workerd, by wrangler dev: a channel in a Durable Object, relayed.

import path from 'node:path';
import { after } from 'node:test';
import { ensureBundlers, ensureHosts } from '../../../../scripts/lib/bundlers.mjs';
import { setUpRuntimes } from '../../../../scripts/lib/runtimes.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { lay, start } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';

const { folder, versionOf, remove } = await projects(await ensureHosts());
after(remove);
const { ERIC_NODE22: node = '' } = await setUpRuntimes(); // wrangler needs Node 22
const tools = path.join(await ensureBundlers(), 'node_modules');

checkHost({
  host: 'Hono',
  version: versionOf('hono'),
  runs: 'workerd, wrangler dev',
  headers: { 'x-served-by': 'hono' },
  noticesBy: 'writing',
  ends: false,
  open() {
    const place = path.join(folder, 'hono-workerd');
    lay(place, recipes().get('hono-workerd') ?? new Map(), folder);
    const flags = [
      '--ip',
      '127.0.0.1',
      '--port',
      '%PORT%',
      '--inspector-port',
      '0',
      '--show-interactive-dev-session',
      'false',
    ];
    return start(place, [node, path.join(tools, 'wrangler/bin/wrangler.js'), 'dev', ...flags], {
      env: {
        CI: 'true',
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        WRANGLER_SEND_METRICS: 'false',
        WRANGLER_LOG_PATH: place,
      },
      seconds: 60,
    });
  },
});
