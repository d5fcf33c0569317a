// Jest: its default environment, and jsdom.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after } from 'node:test';
import { ensurePackage } from '../../../../scripts/lib/tool-package.mjs';
import { finish } from '../../lib/command.mjs';
import { lay } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';
import { describeHost } from '../../lib/results.mjs';

const packages = await ensurePackage('host-jest', 'tests/hosts/slow/jest', { last: 'installed' });
const { folder, versionOf, remove } = await projects(packages);
after(remove);
const place = path.join(folder, 'jest');
lay(place, recipes().get('jest') ?? new Map(), folder);
const jest = (...args) => finish(place, [process.execPath, 'node_modules/jest/bin/jest.js', ...args]);

describeHost({ host: 'Jest', version: versionOf('jest'), runs: 'its environments node and jsdom' }, (check) => {
  check('the environment node needs no setting', async () => {
    const { code, output } = await jest('news.test.cjs');
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /warn/i);
  });

  check('an environment that adds what jsdom leaves out is enough', async () => {
    const { code, output } = await jest('page.test.cjs');
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /warn/i);
  });

  check('bare jsdom gets an error that names the settings', async () => {
    const { code, output } = await jest('--env=jsdom', 'news.test.cjs');
    assert.equal(code, 1);
    assert.match(output, /TextDecoder.*choose the test environment 'node', or one that adds it/);
  });
});
