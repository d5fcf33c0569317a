// A process that is replaced: its clients reach the new one behind the same port, and it exits.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ensurePackage } from '../../scripts/lib/tool-package.mjs';
import { launchBrowser } from '../browser.mjs';
import { BodyReader } from '../js/suite/lib/body.mjs';

const SERVER = fileURLToPath(new URL('./lib/replaceable-server.mjs', import.meta.url));
/** The drain, and two seconds. */
const LONGEST_MS = 2500;
/** A browser has six connections to a host. */
const COUNT = 5;

/** Waits until every client has seen a process. @param {{ seen: () => Promise<string[]> }[]} clients */
async function allSaw(clients, name) {
  const sees = async ({ seen }) => {
    while (!(await seen()).includes(name)) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await Promise.all(clients.map(sees));
}

/** Starts a server. @param {import('node:test').TestContext} context @param {string} name @param {number} port */
async function started(context, name, port) {
  const server = fork(SERVER, [String(port), name]);
  context.after(() => server.kill('SIGKILL'));
  const exited = new Promise((resolve) => server.once('exit', resolve));
  const own = await new Promise((resolve) => server.once('message', resolve));
  return { server, exited, port: Number(own) };
}

/** What `fetch` of Node gets, reconnecting as an EventSource does. */
function fetchClient(url) {
  const [seen, leaving] = [new Set(), new AbortController()];
  const { signal } = leaving;
  const run = async () => {
    while (!signal.aborted) {
      try {
        const reader = new BodyReader(await fetch(`${url}/events`, { signal }));
        while ((await reader.read()) !== undefined)
          for (const { type, data } of reader.decoder.events) if (type === 'from') seen.add(data);
      } catch {
        // The response has ended, or nobody listens.
      }
      await new Promise((resolve) => setTimeout(resolve, 500 + 1000 * Math.random()));
    }
  };
  void run();
  return { seen: async () => [...seen], stop: async () => leaving.abort() };
}

const packages = await ensurePackage('clients', 'tests/clients/packages', { last: 'installed' });
const { EventSource } = createRequire(path.join(packages, 'package.json'))('eventsource');

/** The package `eventsource`. */
function packageClient(url) {
  const seen = new Set();
  const source = new EventSource(`${url}/events`);
  source.addEventListener('from', ({ data }) => seen.add(data));
  return { seen: async () => [...seen], stop: async () => source.close() };
}

describe('a process that is replaced behind its port', () => {
  /** @type {Awaited<ReturnType<typeof launchBrowser>>} */
  let browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  async function pageClient(url) {
    const page = await browser.newPage();
    await page.goto(url);
    await page.evaluate(() => {
      globalThis.seen = new Set();
      globalThis.source = new EventSource('/events');
      globalThis.source.addEventListener('from', ({ data }) => globalThis.seen.add(data));
    });
    return { seen: () => page.evaluate(() => [...globalThis.seen]), stop: () => page.close() };
  }

  const CLIENTS = {
    "a page's EventSource in Chromium": pageClient,
    'the package eventsource': packageClient,
    'fetch of Node, which is undici': fetchClient,
  };
  for (const [what, clientOf] of Object.entries(CLIENTS)) {
    test(`${what}: ${COUNT} clients reach the new process, and the old one exits within the drain and two seconds`, {
      timeout: 60_000,
    }, async (context) => {
      const old = await started(context, 'old', 0);
      const clients = [];
      context.after(() => Promise.all(clients.map((client) => client.stop())));
      while (clients.length < COUNT) clients.push(await clientOf(`http://127.0.0.1:${old.port}`));
      await allSaw(clients, 'old');
      const leftAt = performance.now();
      old.server.kill('SIGTERM');
      // The listening socket is closed at once, so that another process can have the port.
      await new Promise((resolve) => setTimeout(resolve, 100));
      await started(context, 'new', old.port);
      const late = new Promise((resolve) => setTimeout(resolve, LONGEST_MS, 'still runs'));
      assert.notEqual(await Promise.race([old.exited, late]), 'still runs', 'the old process');
      const exited = Math.round(performance.now() - leftAt);
      await allSaw(clients, 'new');
      const reached = Math.round(performance.now() - leftAt);
      context.diagnostic(
        `the old process exited after ${exited} ms, ${COUNT} of ${COUNT} clients at the new one after ${reached} ms`,
      );
      assert.ok(reached < 2 * LONGEST_MS, `the clients reach the new process after ${reached} ms`);
    });
  }
});
