// A server of Node behind nginx, which compresses the event stream or leaves it alone.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after } from 'node:test';
import { ensureNginx } from '../../../../scripts/lib/nginx.mjs';
import { checkBadBodies, checkHost } from '../../lib/checks.mjs';
import { freePort, lay, start } from '../../lib/host.mjs';
import { emptyProjects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';

const nginx = await ensureNginx();
const { folder, remove } = await emptyProjects();
after(remove);
const version = /[\d.]+/.exec(execFileSync('sh', ['-c', '"$0" -v 2>&1', nginx], { encoding: 'utf8' }))?.[0] ?? '';

/** Starts both, and is both. @param {string} name @param {(conf: string) => string} change */
async function open(name, change) {
  const files = new Map(recipes().get('nginx'));
  const place = path.join(folder, name);
  const server = new Map([['server.mjs', files.get('server.mjs') ?? '']]);
  lay(place, server, folder);
  const app = await start(place, [process.execPath, 'server.mjs']);
  const port = await freePort();
  const conf = change(files.get('nginx.conf') ?? '')
    .replace('127.0.0.1:3000', new URL(app.url).host)
    .replace('127.0.0.1:8080', `127.0.0.1:${port}`);
  const front = path.join(folder, `${name}-front`);
  lay(front, new Map([['nginx.conf', conf]]), folder);
  // Workers of a root's nginx would be `nobody`, who may not enter this folder.
  const user = process.getuid?.() === 0 ? ['-g', 'user root;'] : [];
  const proxy = await start(front, [nginx, '-p', front, '-c', 'nginx.conf', '-e', 'stderr', ...user], { port });
  return {
    url: proxy.url,
    printed: () => app.printed() + proxy.printed(),
    async stop(signal) {
      const ended = await app.stop(signal);
      if (signal === 'SIGKILL') await proxy.stop(signal);
      return ended;
    },
  };
}

const common = {
  host: 'nginx',
  version,
  // nginx holds a request until its body is complete, and by then the port is closed.
  cutsRequests: true,
  // What nginx says of a port where no process listens, and of a large body.
  prints: /connect\(\) failed \(111|request body is buffered/,
};

checkHost(
  {
    ...common,
    runs: 'as in the recipe',
    headers: { 'x-served-by': 'node' },
    sends: { 'Accept-Encoding': 'gzip' },
    open: () => open('plain', (conf) => conf),
  },
  checkBadBodies,
  ({ check, host }) => {
    check('while no process listens, a client is asked to try again', async () => {
      const response = await fetch(`${host().url}/events`);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'text/event-stream');
      assert.equal(await response.text(), 'retry: 2000\n\n');
    });
  },
);

checkHost({
  ...common,
  runs: 'compressing the event stream',
  headers: { 'x-served-by': 'node', 'content-encoding': 'gzip' },
  sends: { 'Accept-Encoding': 'gzip' },
  open: () => open('gzip', (conf) => conf.replace(/gzip_types .*/, 'gzip_types *; gzip_min_length 0;')),
});
