// A host that runs: a recipe in a folder of its own, with the packed package, as a process that is
// asked over HTTP.

import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENV } from '../../package/lib/install.mjs';

/**
 * @typedef {object} Host
 * @property {string} url
 * @property {() => string} printed the errors and warnings that the process has printed
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
 * Starts a command in a folder, on a port of its own, which it finds in `PORT`. `%PORT%` in an
 * argument stands for the port.
 * @param {string} folder
 * @param {string[]} command
 * @param {{ env?: NodeJS.ProcessEnv, ready?: string, seconds?: number, port?: number }} [options]
 *   `ready` is the path that answers once the host has started
 * @returns {Promise<Host>}
 */
export async function start(folder, command, { env = {}, ready = '/listeners', seconds = 30, ...given } = {}) {
  const port = given.port ?? (await freePort());
  const [program = '', ...args] = command.map((part) => part.replace('%PORT%', String(port)));
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...ENV, PORT: String(port), HOST: '127.0.0.1', NODE_ENV: 'production', NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, so that its children end with it
  });
  let [printed, errors] = ['', ''];
  child.stdout.on('data', (text) => void (printed += text));
  child.stderr.on('data', (text) => void (errors += text));
  /** @type {Promise<number | null>} */
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const kill = () => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  };
  process.once('exit', kill);

  const url = `http://127.0.0.1:${port}`;
  for (const begun = Date.now(); ; await sleep(50)) {
    const answer = await fetch(url + ready).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) break;
    if (child.exitCode === null && Date.now() - begun < seconds * 1000) continue;
    kill();
    throw new Error(`${program} ${args.join(' ')} did not start\n${printed}${errors}`);
  }
  return {
    url,
    printed: () =>
      errors +
      printed
        .split('\n')
        .filter((line) => /\bwarn|deprecat/i.test(line))
        .join('\n'),
    async stop(signal = 'SIGTERM') {
      const begun = performance.now();
      child.kill(signal);
      const late = setTimeout(kill, 10_000);
      const code = await exited;
      clearTimeout(late);
      kill();
      process.off('exit', kill);
      return { code, milliseconds: performance.now() - begun };
    },
  };
}

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
        server.close(() => resolve(port));
      });
  });
}
