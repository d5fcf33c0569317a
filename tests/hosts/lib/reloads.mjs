// What a hot reload does to the channel, seen by a client. For hosts whose development server
// evaluates edited modules in the process that has the channel.

import assert from 'node:assert/strict';
import { until } from '../../js/lib/sse-client.mjs';

const LONGEST_RELOAD_MS = 60_000;
/** After this a watcher has missed a change. */
const LONGEST_NOTICE_MS = 5_000;

/**
 * @param {import('./checks.mjs').Kit} kit
 * @param {import('./application.mjs').Application} app
 * @param {string} file the module of the channel
 */
export function checkReloads({ check, host, counted, publish, subscribe, news }, app, file) {
  /**
   * Edits the module until the host has evaluated it: watchers miss a change at times, and some
   * hosts evaluate an edited module when it is next needed.
   */
  const edit = async (change, text) => {
    app.edit(file, change);
    const isEvaluated = async () => {
      await fetch(`${host().url}/listeners`).then((response) => response.text());
      return host().printed().includes(text);
    };
    for (const end = Date.now() + LONGEST_RELOAD_MS; Date.now() < end; app.edit(file, (same) => same))
      if (await until(isEvaluated, Boolean, text, LONGEST_NOTICE_MS).catch(() => false)) return;
    assert.fail(`the edited module was not evaluated within ${LONGEST_RELOAD_MS} ms`);
  };

  check('a hot reload leaves the channel and its clients', async () => {
    const subscribed = await subscribe();
    await edit((text) => `${text}\nprocess.stderr.write('evaluated\\n');\n`, 'evaluated');
    await publish('after an edit');
    assert.deepEqual(await news(subscribed, 1), ['after an edit']);
    await counted(1);
    subscribed.leave();
    await counted(0);
  });

  check('a hot reload with other options ends the clients, which reconnect', async () => {
    const { client } = await subscribe();
    const options = "('news', { retryTimeoutMilliseconds: 4000 })";
    await edit((text) => text.replace("('news')", options).replace('evaluated', 'evaluated again'), 'evaluated again');
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
