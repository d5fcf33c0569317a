// `npm run start:workerd -- <folder>`, without its building.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Serves a Worker's folder, in a process of its own. @param {string} folder */
export async function serve(folder) {
  const server = spawn(process.execPath, [path.join(ROOT, 'www/serve-workerd.mjs'), folder], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).on('line', (line) => line.startsWith('http') && resolve(line));
    ended.then(() => reject(new Error('the server has ended')));
  });
  return {
    url,
    stop: () => {
      server.kill('SIGTERM');
      return ended;
    },
  };
}
