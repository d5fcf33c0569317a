// Chromium by the DevTools protocol alone, whose tabs in the background are hidden. The driver of
// the other tests makes every tab visible, and a visible tab is never frozen.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findChrome } from '../../../scripts/lib/browser.mjs';
import { inRoot } from '../../../scripts/lib/paths.mjs';

/** Starts headless Chromium. The caller ends it. */
export async function startChromium() {
  const { args } = JSON.parse(readFileSync(inRoot('webdriver.json'), 'utf8'))['goog:chromeOptions'];
  const profile = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-chromium-'));
  const flags = ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'];
  // A process group of its own: the processes for contents end with it.
  const child = spawn(findChrome(), [...args, ...flags], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const waiting = new Map();
  let rest = '';
  child.stdio[4].setEncoding('utf8').on('data', (text) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop();
    for (const { id, error, result } of messages.map((message) => JSON.parse(message)))
      waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
  });
  let sent = 0;
  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve) => {
      waiting.set(++sent, resolve);
      child.stdio[3].write(`${JSON.stringify({ id: sent, method, params, sessionId })}\0`);
    });

  return {
    /** Opens a tab in front of the others. @param {string} url */
    async open(url) {
      const { targetId } = await send('Target.createTarget', { url });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      const run = async (expression) => {
        const { result } = await send(
          'Runtime.evaluate',
          { expression, returnByValue: true, awaitPromise: true },
          sessionId,
        );
        return result.value;
      };
      return {
        run,
        /** Waits until an expression is true. */
        async until(expression) {
          for (let tried = 0; (await run(expression)) !== true; tried++) {
            if (tried > 600) throw new Error(`not within 30 seconds: ${expression}`);
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        },
        front: () => send('Target.activateTarget', { targetId }),
        /** @param {'frozen' | 'active'} state */
        lifecycle: (state) => send('Page.setWebLifecycleState', { state }, sessionId),
        close: () => send('Target.closeTarget', { targetId }),
      };
    },
    async end() {
      process.kill(-Number(child.pid), 'SIGKILL');
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
