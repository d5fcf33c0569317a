// nginx for the test of its recipe: the one on this machine, or Debian's, unpacked beside the
// tools. Installing the package would start a service.

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { TOOLS } from './paths.mjs';
import { isExecutable, quietly, which } from './run.mjs';
import { step } from './step.mjs';

/** @returns {Promise<string>} the executable */
export async function ensureNginx() {
  const folder = path.join(TOOLS, 'nginx');
  const unpacked = path.join(folder, 'usr/sbin/nginx');
  const found = which('nginx') ?? ['/usr/sbin/nginx', unpacked].find(isExecutable);
  if (found) return found;
  await step('unpacking nginx', async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await quietly('apt-get', ['download', 'nginx'], { cwd: folder });
    const [archive = ''] = readdirSync(folder);
    await quietly('dpkg-deb', ['--extract', archive, '.'], { cwd: folder });
  }).catch((error) => {
    throw new Failure(
      `${error.message}\n\nThe test of its recipe needs nginx: install it (Debian: nginx), then run this again.`,
    );
  });
  return unpacked;
}
