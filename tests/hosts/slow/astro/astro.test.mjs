// Astro: endpoints and a page, by Vite in development and by the Node adapter in production.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { application } from '../../lib/application.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { checkReloads } from '../../lib/reloads.mjs';

const ASTRO = 'astro/bin/astro.mjs';

const app = await application('astro');
after(app.remove);

/** @param {import('../../lib/checks.mjs').Kit} kit */
const checkPage = ({ check, host, counted, subscribe, news }) =>
  check('a message from a page reaches a client', async () => {
    const subscribed = await subscribe();
    const body = new URLSearchParams({ text: 'from a page' });
    const { status } = await fetch(host().url, { method: 'POST', body, headers: { Origin: host().url } });
    assert.equal(status, 200);
    assert.deepEqual(await news(subscribed, 1), ['from a page']);
    subscribed.leave();
    await counted(0);
  });

const shared = {
  host: 'Astro',
  version: app.versionOf('astro'),
  headers: { 'x-served-by': 'astro' },
};

checkHost(
  {
    ...shared,
    runs: `Node ${app.nodeVersion}, production`,
    async open() {
      await app.build([ASTRO, 'build']);
      return app.produce(['server.mjs']);
    },
  },
  checkPage,
);

checkHost(
  {
    ...shared,
    runs: `Node ${app.nodeVersion}, development`,
    isForDevelopment: true,
    prints: /^evaluated/,
    open: () => app.develop([ASTRO, 'dev', '--host', '127.0.0.1', '--port', '%PORT%']),
  },
  (kit) => {
    checkPage(kit);
    checkReloads(kit, app, 'src/lib/channel.js');
  },
);
