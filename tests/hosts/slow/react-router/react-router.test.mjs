// React Router: a resource route and an action, by Vite in development and under Express in
// production.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { application } from '../../lib/application.mjs';
import { checkHost } from '../../lib/checks.mjs';
import { checkReloads } from '../../lib/reloads.mjs';

const REACT_ROUTER = '@react-router/dev/bin.cjs';

const app = await application('react-router');
after(app.remove);

/** @param {import('../../lib/checks.mjs').Kit} kit */
const checkAction = ({ check, host, counted, subscribe, news }) =>
  check('a message from an action reaches a client', async () => {
    const subscribed = await subscribe();
    const body = new URLSearchParams({ text: 'from an action' });
    const address = `${host().url}/?index`;
    const { status } = await fetch(address, { method: 'POST', body, headers: { Origin: host().url } });
    assert.equal(status, 200);
    assert.deepEqual(await news(subscribed, 1), ['from an action']);
    subscribed.leave();
    await counted(0);
  });

const shared = { host: 'React Router', version: app.versionOf('react-router') };

checkHost(
  {
    ...shared,
    runs: `Node ${app.nodeVersion}, production`,
    headers: { 'x-served-by': 'react-router' },
    async open() {
      await app.build([REACT_ROUTER, 'build']);
      return app.produce(['server.mjs']);
    },
  },
  checkAction,
);

checkHost(
  {
    ...shared,
    runs: `Node ${app.nodeVersion}, development`,
    isForDevelopment: true,
    headers: {},
    prints: /^evaluated/,
    open: () => app.develop([REACT_ROUTER, 'dev', '--host', '127.0.0.1', '--port', '%PORT%', '--strictPort']),
  },
  (kit) => {
    checkAction(kit);
    checkReloads(kit, app, 'app/channel.js');
  },
);
