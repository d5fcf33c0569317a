// The server and the page of an example, run in a folder of their own, as a user runs them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { launchBrowser } from '../browser.mjs';
import { until } from '../js/lib/sse-client.mjs';
import { example, resolved } from './documents.mjs';

/**
 * Runs the two before the tests of a suite.
 * @param {string} program
 * @param {string} page
 * @param {(source: string) => string} [change] makes times shorter
 */
export function serve(program, page, change = (source) => source) {
  const here = { errors: '' };
  before(async () => {
    here.folder = mkdtempSync(path.join(tmpdir(), 'eric-sse-example-'));
    const port = await freePort();
    const source = example(program);
    assert.ok(source.includes(".listen(8080, 'localhost')"));
    writeFileSync(path.join(here.folder, 'server.mjs'), change(resolved(source)).replace('8080', String(port)));
    writeFileSync(path.join(here.folder, 'index.html'), example(page));
    here.url = `http://localhost:${port}`;
    await here.start();
    here.browser = await launchBrowser();
  });
  after(async () => {
    await here.browser?.close();
    await here.stop();
    rmSync(here.folder, { recursive: true });
    assert.equal(here.errors, '');
  });
  here.start = async () => {
    here.server = spawn(process.execPath, ['server.mjs'], { cwd: here.folder, stdio: ['ignore', 'ignore', 'pipe'] });
    here.server.stderr.setEncoding('utf8').on('data', (text) => (here.errors += text));
    const isThere = () =>
      fetch(here.url).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(isThere, (ok) => ok, 'the server listens');
  };
  here.stop = async () => {
    if (here.server?.exitCode !== null || here.server.signalCode !== null) return;
    here.server.kill('SIGKILL');
    await once(here.server, 'exit');
  };
  /** Sends a part of a request's body, and leaves. The server has to answer others afterwards. */
  here.breakOff = async (path) => {
    const { hostname, port } = new URL(here.url);
    const socket = net.connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.end(`POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 100\r\n\r\nhalf`);
    await once(socket.resume(), 'close');
    assert.equal((await fetch(here.url)).status, 200);
    assert.equal(here.server.exitCode, null);
  };
  return here;
}

export async function freePort() {
  const server = net.createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
