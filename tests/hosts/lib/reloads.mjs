// What a hot reload does to the channel, seen by a client. For hosts whose development server
// evaluates edited modules in the process that has the channel.

import assert from 'node:assert/strict';
import { until } from '../../js/lib/sse-client.mjs';

const LONGEST_RELOAD_MS = 30_000;

/**
 * @param {import('./checks.mjs').Kit} kit
 * @param {import('./application.mjs').Application} app
 * @param {string} file the module of the channel
 */
export function checkReloads({ check, host, counted, publish, subscribe, news }, app, file) {
  // Some hosts evaluate an edited module when it is next needed.
  const printed = (text) =>
    until(
      async () => {
        await fetch(`${host().url}/listeners`).then((response) => response.text());
        return host().printed().includes(text);
      },
      Boolean,
      'the evaluation of an edited module',
      LONGEST_RELOAD_MS,
    );

  check('a hot reload leaves the channel and its clients', async () => {
    const subscribed = await subscribe();
    app.edit(file, (text) => `${text}\nprocess.stderr.write('evaluated\\n');\n`);
    await printed('evaluated');
    await publish('after an edit');
    assert.deepEqual(await news(subscribed, 1), ['after an edit']);
    await counted(1);
    subscribed.leave();
    await counted(0);
  });

  check('a hot reload with other options ends the clients, which reconnect', async () => {
    const { client } = await subscribe();
    app.edit(file, (text) =>
      text.replace("('news')", "('news', { retryTimeoutMilliseconds: 4000 })").replace('evaluated', 'evaluated again'),
    );
    await printed('evaluated again');
    await client.rest();
    const again = await subscribe({ 'Last-Event-ID': client.lastEventId });
    await publish('after other options');
    const [gap] = await again.client.take(1);
    assert.equal(JSON.parse(gap?.data ?? '').reason, 'epoch');
    assert.deepEqual(await news(again, 1), ['after other options']);
    again.leave();
    await counted(0);
  });
}
