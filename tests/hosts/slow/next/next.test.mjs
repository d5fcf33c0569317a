// Next.js: a route handler, a server action, the pages API and the edge runtime, which all have
// copies of the channel's module.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { collect, TestClient } from '../../../../dist/testing.js';
import { application } from '../../lib/application.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { checkReloads } from '../../lib/reloads.mjs';

const NEXT = 'next/dist/bin/next';
const ACTION = /name="(\$ACTION_ID_[^"]+)"/;

const app = await application('next');
after(app.remove);

/** @type {(kit: import('../../lib/checks.mjs').Kit) => void} */
const copies = ({ check, host, counted, subscribe, news }) => {
  check('a message from a server action reaches a client of the route handler', async () => {
    const subscribed = await subscribe();
    const page = await (await fetch(host().url)).text();
    const [, action = ''] = ACTION.exec(page) ?? [];
    const form = new FormData();
    form.set(action, '');
    form.set('text', 'from an action');
    const { status } = await fetch(host().url, { method: 'POST', body: form, headers: { Origin: host().url } });
    assert.equal(status, 200);
    assert.deepEqual(await news(subscribed, 1), ['from an action']);
    subscribed.leave();
    await counted(0);
  });

  check('a handler of the pages API serves the same channel', async () => {
    const leaving = new AbortController();
    const client = new TestClient(await fetch(`${host().url}/api/events`, { signal: leaving.signal }));
    await client.take(0);
    await counted(1);
    leaving.abort();
    await counted(0);
  });

  check('the edge runtime streams', async () => {
    const events = await collect(await fetch(`${host().url}/edge`));
    assert.deepEqual(events.map(({ type, data }) => [type, data])[0], ['step', '1']);
  });
};

const shared = {
  host: 'Next.js',
  version: app.versionOf('next'),
  headers: { 'x-served-by': 'next' },
};

checkHost(
  {
    ...shared,
    runs: `Node ${app.nodeVersion}, production`,
    exitCode: 143,
    async open() {
      await app.build([NEXT, 'build'], /edge runtime|No build cache found/i);
      return app.produce([NEXT, 'start', '-p', '%PORT%']);
    },
  },
  copies,
);

checkHost(
  {
    ...shared,
    runs: `Node ${app.nodeVersion}, development`,
    isForDevelopment: true,
    prints: /Edge Runtime is deprecated|^evaluated/,
    open: () => app.develop([NEXT, 'dev', '-p', '%PORT%']),
  },
  (kit) => {
    copies(kit);
    checkReloads(kit, app, 'lib/channel.ts');
  },
);
