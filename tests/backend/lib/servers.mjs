// Servers of one file, each a process of its own.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { DENO_FLAGS } from '../../js/lib/places.mjs';
import { makeProject, start } from '../../js/lib/processes.mjs';
import { subscribe } from '../../js/lib/sse-client.mjs';
import { promptly } from '../../js/suite/lib/support.mjs';

/** Every runtime that has SQLite, as the executable and its arguments. */
export const RUNTIMES = {
  'Node 22': [process.env.ERIC_NODE22, '--disable-warning=ExperimentalWarning'],
  'Node 26': [process.env.ERIC_NODE26],
  Deno: [process.env.ERIC_DENO, ...DENO_FLAGS],
  Bun: [process.env.ERIC_BUN, 'run'],
};

/** A folder with the package, the programs of this folder, and the files that they share. */
export function makePlace() {
  const { folder, remove } = makeProject();
  cpSync(inRoot('tests/backend/lib'), path.join(folder, 'backend'), { recursive: true });
  const servers = new Set();
  return {
    folder,
    file: (name) => path.join(folder, name),
    program: (name) => path.join(folder, 'backend', name),
    /** @param {string} runtime @param {string} file */
    async serve(runtime, file, { port = 0, history = {} } = {}) {
      const [executable, ...flags] = RUNTIMES[runtime];
      assert.ok(executable, 'run this through `npm test`, which sets up the runtimes');
      let answered;
      const listening = new Promise((resolve) => (answered = resolve));
      const args = [...flags, path.join(folder, 'backend/server.mjs'), file, String(port), JSON.stringify(history)];
      const { child, ended, output } = start(executable, args, {
        cwd: folder,
        onLine: (line) => answered(JSON.parse(line).port),
      });
      servers.add(child);
      const failed = ended.then((problem) => {
        throw new Error(`the server has ended: ${problem}\n${output()}`);
      });
      failed.catch(() => {});
      const url = `http://127.0.0.1:${await promptly(Promise.race([listening, failed]), 'the port', 20_000)}`;
      return {
        url,
        port: Number(new URL(url).port),
        output,
        say: async (lines, to) => {
          const answer = await fetch(`${url}/say${to ? `?to=${to}` : ''}`, { method: 'POST', body: lines.join('\n') });
          assert.equal(answer.status, 200, await answer.clone().text());
          return answer.json();
        },
        newest: async () => (await (await fetch(`${url}/newest`)).json())[0],
        subscribe: (lastEventId, listener) =>
          subscribe(`${url}/events${listener ? `?listener=${listener}` : ''}`, {
            headers: lastEventId ? { 'Last-Event-ID': lastEventId } : {},
          }),
        signal: (name) => void child.kill(name),
        async kill() {
          child.kill('SIGKILL');
          await ended;
          servers.delete(child);
        },
      };
    },
    async end() {
      for (const child of servers) child.kill('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 50));
      remove();
    },
  };
}
