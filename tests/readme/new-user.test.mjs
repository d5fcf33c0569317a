// What a new user does with the README alone: an empty folder, the packed package, a server, a
// client, a cut.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchBrowser } from '../browser.mjs';
import { subscribe } from '../js/lib/sse-client.mjs';
import { ENV, install } from '../package/lib/install.mjs';
import { example, fence } from './documents.mjs';

const LIMIT = 120_000;

describe('the quick start', { timeout: LIMIT }, () => {
  let project;
  let server;
  let port;
  const began = performance.now();

  before(async () => {
    assert.equal(example('install'), 'npm install eric-sse\n');
    project = await install();
    for (const name of ['server.mjs', 'index.html']) writeFileSync(path.join(project.folder, name), example(name));
    port = await freePort();
    const source = example('server.mjs');
    assert.ok(source.includes(".listen(8080, 'localhost')"));
    writeFileSync(path.join(project.folder, 'server.mjs'), source.replace('8080', String(port)));
    server = spawn(process.execPath, ['server.mjs'], {
      cwd: project.folder,
      env: ENV,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.stderr.setEncoding('utf8').on('data', (text) => assert.fail(text));
    await listening(port);
  });
  after(async () => {
    if (server?.exitCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    project?.remove();
  });

  test('the second terminal shows what curl receives', async () => {
    const [, address] = /^\$ curl -N (\S+)$/m.exec(fence('terminal', 'quick start').text) ?? [];
    assert.equal(address, 'localhost:8080/events');
    const { reader, leave } = await subscribe(`http://localhost:${port}/events`);
    await reader.events(1);
    const shown = fence('terminal', 'quick start').text.split('\n').slice(1);
    const shape = (text) => text.replace(/\b[0-9a-f]{12}-\d+/g, 'ID').replace(/"count":\d+/g, '"count":N');
    const lines = shape(reader.text).trimEnd();
    assert.equal(lines, shape(shown.join('\n')).trimEnd());
    leave();
  });

  test('a client that sends the id it has receives the rest at once', async () => {
    const header = /-H '(Last-Event-ID): [0-9a-f]{12}-(\d+)'/.exec(example('replay'));
    assert.ok(header);
    const first = await subscribe(`http://localhost:${port}/events`);
    const [{ lastEventId }] = await first.reader.events(1);
    first.leave();
    const id = lastEventId.replace(/\d+$/, header[2]);
    const { reader, leave } = await subscribe(`http://localhost:${port}/events`, { headers: { [header[1]]: id } });
    const [event] = await reader.events(1);
    assert.equal(JSON.parse(event.data).count, Number(header[2]) + 1);
    leave();
  });

  test('the page shows every tick, and misses none when its connection is cut', async () => {
    const sockets = new Set();
    const proxy = net.createServer((client) => {
      const upstream = net.connect(port, 'localhost');
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ]) {
        sockets.add(from);
        from.on('error', () => {}).on('close', () => to.destroy());
        from.pipe(to);
      }
    });
    await new Promise((resolve) => proxy.listen(0, 'localhost', resolve));
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`http://localhost:${proxy.address().port}/`);
      const counts = async () =>
        (await page.locator('body').textContent()).trim().split(/\s+/).filter(Boolean).map(Number);
      const until = async (most) => {
        while ((await counts()).length < most) await new Promise((resolve) => setTimeout(resolve, 100));
      };
      await until(2);
      for (const socket of sockets) socket.destroy();
      // The client reconnects after the 15 seconds that the response names.
      await until((await counts()).length + 8);
      const [first = 0, ...rest] = await counts();
      assert.deepEqual(
        rest,
        Array.from(rest, (_, index) => first + index + 1),
      );
    } finally {
      await browser.close();
      for (const socket of sockets) socket.destroy();
      proxy.close();
    }
    assert.ok(performance.now() - began < LIMIT, 'it takes less than two minutes');
  });
});

async function freePort() {
  const server = net.createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the port accepts connections. @param {number} port */
async function listening(port) {
  for (;;) {
    const socket = net.connect(port, 'localhost');
    const ok = await new Promise((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    socket.destroy();
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
