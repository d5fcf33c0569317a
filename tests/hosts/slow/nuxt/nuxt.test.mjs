// Nuxt: routes of Nitro with h3 1, in development and as built for Node.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { until } from '../../../js/lib/sse-client.mjs';
import { application } from '../../lib/application.mjs';
import { checkHost } from '../../lib/checks.mjs';

const NUXT = 'nuxt/bin/nuxt.mjs';

const app = await application('nuxt');
after(app.remove);

const shared = {
  host: 'Nuxt',
  version: app.versionOf('nuxt'),
  headers: { 'x-served-by': 'nuxt' },
};

checkHost({
  ...shared,
  runs: `Node ${app.nodeVersion}, production`,
  async open() {
    await app.build([NUXT, 'build']);
    return app.produce(['.output/server/index.mjs']);
  },
});

checkHost(
  {
    ...shared,
    runs: `Node ${app.nodeVersion}, development`,
    isForDevelopment: true,
    prints: /`css\.devSourcemap` option is deprecated/,
    open: () => app.develop([NUXT, 'dev', '--host', '127.0.0.1', '--port', '%PORT%']),
  },
  ({ check, host, publish, subscribe, news }) =>
    check('after an edit clients reconnect to the channel of the new worker', async () => {
      const { client } = await subscribe();
      app.edit('server/utils/channel.ts', (text) => `${text}\n// edited\n`);
      await client.rest(20).catch(() => {}); // its connection breaks
      await until(
        () =>
          fetch(`${host().url}/listeners`).then(
            ({ ok }) => ok,
            () => false,
          ),
        Boolean,
        'the new worker',
        30_000,
      );
      const again = await subscribe({ 'Last-Event-ID': client.lastEventId });
      await publish('after an edit');
      const [gap] = await again.client.take(1);
      assert.equal(JSON.parse(gap?.data ?? '').reason, 'epoch');
      assert.deepEqual(await news(again, 1), ['after an edit']);
      again.leave();
    }),
);
