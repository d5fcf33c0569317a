// A host that runs: a recipe in a folder of its own, with the packed package, as a process that is
// asked over HTTP.

import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENV } from '../../package/lib/install.mjs';

const LONGEST_START_MS = 30_000;

/**
 * @typedef {object} Host
 * @property {string} url
 * @property {() => string} printed what the process has printed as errors and warnings
 * @property {(signal?: NodeJS.Signals) => Promise<{ code: number | null, milliseconds: number }>} stop
 *   sends the signal, and tells how the process ended and how long that took
 */

/**
 * Writes the files of a recipe beside the installed packages.
 * @param {string} folder
 * @param {Map<string, string>} files
 * @param {string} packages a folder with `node_modules`
 */
export function lay(folder, files, packages) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  symlinkSync(path.join(packages, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  for (const [file, content] of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), content);
  }
}

/**
 * Starts a command in a folder, on a port of its own.
 * @param {string} folder
 * @param {string[]} command
 * @returns {Promise<Host>}
 */
export async function start(folder, [program = '', ...args]) {
  const port = await freePort();
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...ENV, PORT: String(port), HOST: '127.0.0.1', NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [printed, errors] = ['', ''];
  child.stdout.on('data', (text) => void (printed += text));
  child.stderr.on('data', (text) => void (errors += text));
  /** @type {Promise<number | null>} */
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  void exited.then(() => process.off('exit', kill));

  const url = `http://127.0.0.1:${port}`;
  for (const begun = Date.now(); ; await sleep(50)) {
    const answer = await fetch(`${url}/listeners`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) break;
    if (child.exitCode === null && Date.now() - begun < LONGEST_START_MS) continue;
    kill();
    throw new Error(`${program} ${args.join(' ')} did not start\n${printed}${errors}`);
  }
  return {
    url,
    printed: () => errors,
    async stop(signal = 'SIGTERM') {
      const begun = performance.now();
      child.kill(signal);
      const late = setTimeout(kill, 10_000);
      const code = await exited;
      clearTimeout(late);
      return { code, milliseconds: performance.now() - begun };
    },
  };
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
        server.close(() => resolve(port));
      });
  });
}
