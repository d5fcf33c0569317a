// A CommonJS bundle by esbuild, which runs in a folder without `node_modules`.

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { ensureBundlers } from '../../../../scripts/lib/bundlers.mjs';
import { checkBadBodies, checkHost } from '../../lib/checks.mjs';
import { finish } from '../../lib/command.mjs';
import { lay, start } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';

const { folder, versionOf, remove } = await projects(await ensureBundlers());
const alone = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-alone-'));
after(() => {
  remove();
  rmSync(alone, { recursive: true, force: true });
});

checkHost(
  {
    host: 'a CommonJS bundle (esbuild)',
    version: versionOf('esbuild'),
    runs: `Node ${process.versions.node}`,
    headers: { 'x-served-by': 'commonjs' },
    async open() {
      const place = path.join(folder, 'commonjs');
      lay(place, recipes().get('commonjs') ?? new Map(), folder);
      const flags = ['--bundle', '--platform=node', '--format=cjs', '--outfile=main.cjs'];
      const { code, output } = await finish(place, ['node_modules/.bin/esbuild', 'main.js', ...flags]);
      assert.equal(code, 0, output);
      assert.doesNotMatch(output, /warn/i);
      copyFileSync(path.join(place, 'main.cjs'), path.join(alone, 'main.cjs'));
      return start(alone, [process.execPath, 'main.cjs']);
    },
  },
  checkBadBodies,
);
