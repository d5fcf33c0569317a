// SvelteKit: an endpoint and a form action, by Vite in development and by adapter-node in
// production.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { application } from '../../lib/application.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { checkReloads } from '../../lib/reloads.mjs';

const VITE = 'vite/bin/vite.js';

const app = await application('sveltekit');
after(app.remove);

/**
 * @param {import('../../lib/checks.mjs').Kit} kit
 * @param {string} scheme under which the host thinks that it is reached
 */
const checkAction = ({ check, host, counted, subscribe, news }, scheme) =>
  check('a message from a form action reaches a client', async () => {
    const subscribed = await subscribe();
    const body = new URLSearchParams({ text: 'from an action' });
    const { status } = await fetch(host().url, {
      method: 'POST',
      body,
      headers: { Origin: host().url.replace('http:', scheme) },
    });
    assert.equal(status, 200);
    assert.deepEqual(await news(subscribed, 1), ['from an action']);
    subscribed.leave();
    await counted(0);
  });

const shared = {
  host: 'SvelteKit',
  version: app.versionOf('@sveltejs/kit'),
  headers: { 'x-served-by': 'sveltekit' },
};

checkHost(
  {
    ...shared,
    runs: `Node ${app.nodeVersion}, production`,
    async open() {
      await app.build([VITE, 'build']);
      return app.produce(['build/index.js'], { SHUTDOWN_TIMEOUT: '1' });
    },
  },
  (kit) => checkAction(kit, 'https:'),
);

checkHost(
  {
    ...shared,
    runs: `Node ${app.nodeVersion}, development`,
    isForDevelopment: true,
    prints: /^evaluated/,
    open: () => app.develop([VITE, 'dev', '--host', '127.0.0.1', '--port', '%PORT%', '--strictPort']),
  },
  (kit) => {
    checkAction(kit, 'http:');
    checkReloads(kit, app, 'src/lib/server/channel.js');
  },
);
