// The programs of the docs about stored channels, as a user runs them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { start } from '../js/lib/processes.mjs';
import { subscribe, until } from '../js/lib/sse-client.mjs';
import { example } from '../readme/documents.mjs';
import { freePort } from '../readme/served.mjs';
import { shown } from './lib/clients.mjs';
import { makePlace, RUNTIMES } from './lib/servers.mjs';

let place;
before(() => void (place = makePlace()));
const servers = [];
after(() => {
  for (const { child } of servers) child.kill('SIGKILL');
  return place.end();
});

const write = (name, text) => writeFileSync(path.join(place.folder, name), text);

/** Runs an example on a free port, with the package that is built. */
async function run(name, port) {
  const [executable] = RUNTIMES['Node 26'];
  assert.ok(executable, 'run this through `npm test`, which sets up the runtimes');
  write(name, example(name));
  const lines = [];
  process.env.PORT = String(port);
  const started = start(executable, [name], { cwd: place.folder, onLine: (line) => lines.push(line) });
  servers.push(started);
  const url = `http://localhost:${port}`;
  const isThere = () =>
    fetch(url).then(
      async (response) => {
        await response.body?.cancel();
        return true;
      },
      () => false,
    );
  await until(isThere, (there) => there, 'the server listens');
  return { ...started, url, lines };
}

test('the server of the recipe: its clients continue after SIGTERM, and after SIGKILL', async () => {
  const port = await freePort();
  let server = await run('stored-server.mjs', port);
  const say = async (body) => (await fetch(server.url, { method: 'POST', body })).text();
  const client = await subscribe(`${server.url}/events`);
  const first = await say('one');
  assert.equal((await client.reader.events(1))[0].lastEventId, first);
  const rest = client.reader.rest();
  server.child.kill('SIGTERM');
  assert.equal(await server.ended, '');
  await rest;

  server = await run('stored-server.mjs', port);
  await say('two');
  server.child.kill('SIGKILL');
  await server.ended;
  server = await run('stored-server.mjs', port);
  await say('three');
  const again = await subscribe(`${server.url}/events`, {
    headers: { 'Last-Event-ID': client.reader.decoder.lastEventId },
  });
  assert.deepEqual(shown(await again.reader.events(2)), ['two', 'three']);
  again.leave();
  server.child.kill('SIGKILL');
  await server.ended;
});

test('the first lines of the guide', async () => {
  const server = await run('stored.mjs', await freePort());
  assert.match(server.lines[0], /^stored as [0-9a-f]{12}-\d+$/);
  server.child.kill('SIGKILL');
  await server.ended;
});

test('a backend of your own is tested in three lines', async () => {
  const [executable] = RUNTIMES['Node 26'];
  write('my-backend.mjs', "export { memoryStore as emptyStore } from './backend/memory.mjs';\n");
  write('own-backend.mjs', example('own-backend.mjs'));
  let output = '';
  const { ended } = start(executable, ['--test-reporter=tap', 'own-backend.mjs'], {
    cwd: place.folder,
    onLine: (line) => (output += `${line}\n`),
  });
  assert.equal(await ended, '', output);
  assert.match(output, /^# pass 1[0-9]$/m);
});
