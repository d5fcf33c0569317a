// NestJS, compiled by tsc: a controller over toNode, and @Sse over a watched channel.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after } from 'node:test';
import { TestClient } from '../../../../dist/testing.js';
import { ensurePackage } from '../../../../scripts/lib/tool-package.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { lay, start } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';

const { folder, versionOf, remove } = await projects(
  await ensurePackage('host-nest', 'tests/hosts/slow/nest', { last: 'installed' }),
);
after(remove);

checkHost(
  {
    host: 'NestJS',
    version: versionOf('@nestjs/core'),
    runs: `Node ${process.versions.node}, built by tsc`,
    headers: { 'x-served-by': 'nest' },
    open() {
      const place = path.join(folder, 'nest');
      lay(place, recipes().get('nest') ?? new Map(), folder);
      execFileSync(process.execPath, [path.join(folder, 'node_modules/typescript/bin/tsc'), '-p', place], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      return start(place, [process.execPath, 'dist/main.js']);
    },
  },
  ({ check, host, counted, publish }) => {
    const stream = async (headers = {}) => {
      const leaving = new AbortController();
      const asked = fetch(`${host().url}/stream`, { headers, signal: leaving.signal });
      return { asked, leave: () => leaving.abort() };
    };
    check('@Sse: a client receives what is published, and is noticed when it leaves', async () => {
      await counted(0);
      const { asked, leave } = await stream();
      await counted(1);
      await publish('to a stream');
      const client = new TestClient(await asked);
      const [event] = await client.take(1);
      assert.deepEqual([event?.type, event?.data], ['news', 'to a stream']);
      leave();
      await counted(0);

      await publish('missed');
      const again = await stream({ 'Last-Event-ID': client.lastEventId });
      const [missed] = await new TestClient(await again.asked).take(1);
      assert.equal(missed?.data, 'missed');
      again.leave();
      await counted(0);
    });
  },
);
