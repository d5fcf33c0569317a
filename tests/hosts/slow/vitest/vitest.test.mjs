// Vitest: its environments node and jsdom.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after } from 'node:test';
import { setUpRuntimes } from '../../../../scripts/lib/runtimes.mjs';
import { ensurePackage } from '../../../../scripts/lib/tool-package.mjs';
import { finish } from '../../lib/command.mjs';
import { lay } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';
import { describeHost } from '../../lib/results.mjs';

const { ERIC_NODE22: node = '' } = await setUpRuntimes();
const packages = await ensurePackage('host-vitest', 'tests/hosts/slow/vitest', { last: 'installed' });
const { folder, versionOf, remove } = await projects(packages);
after(remove);

describeHost({ host: 'Vitest', version: versionOf('vitest'), runs: 'its environments node and jsdom' }, (check) => {
  for (const environment of ['node', 'jsdom']) {
    check(`${environment} needs no setting`, async () => {
      const place = path.join(folder, environment);
      lay(place, recipes().get('vitest') ?? new Map(), folder);
      const command = [node, 'node_modules/vitest/vitest.mjs', 'run', `--environment=${environment}`];
      const { code, output } = await finish(place, command);
      assert.equal(code, 0, output);
      assert.match(output, /1 passed/);
      assert.doesNotMatch(output, /warn/i);
    });
  }
});
