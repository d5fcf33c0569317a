// A socket server, ours or another one, as a child process in a temporary folder.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const READY_MS = 20_000;
const GRACE_MS = 5_000;

/**
 * @typedef {object} SocketServer
 * @property {string} socket the path of its socket
 * @property {number} pid
 * @property {() => string} log the output so far
 * @property {(signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals>} end ends it, and returns its code or the signal that it died of
 * @property {() => Promise<void>} remove ends it if it runs, and removes the folder
 */

/**
 * Starts a server, and waits until it accepts connections.
 * @param {(socket: string) => [command: string, ...args: string[]]} command
 * @param {{ socket?: string, logs?: boolean }} [options] another path than a new one; whether what it prints is kept
 * @returns {Promise<SocketServer>}
 */
export async function startSocketServer(command, { socket, logs = true } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-socket-'));
  const at = socket ?? path.join(folder, 'eric.sock');
  const [program, ...args] = command(at);
  const kept = logs ? 'pipe' : 'ignore';
  const child = spawn(program, args, { stdio: ['ignore', kept, kept] });
  let log = '';
  for (const output of [child.stdout, child.stderr])
    output?.setEncoding('utf8').on('data', (text) => void (log += text));

  /** @type {number | NodeJS.Signals | undefined} */
  let ended;
  /** @type {Promise<number | NodeJS.Signals>} */
  const closed = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve((ended = signal ?? code ?? 0)));
  });
  // A caller that does not wait for it learns of a failure to start below.
  closed.catch((error) => {
    log += error.message;
    ended = 127;
  });
  // No test leaves a server behind, however it ends.
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);

  const end = async (/** @type {NodeJS.Signals} */ signal = 'SIGTERM') => {
    if (ended === undefined) {
      child.kill(signal);
      const late = setTimeout(killed, GRACE_MS);
      await closed;
      clearTimeout(late);
    }
    return ended ?? 0;
  };
  const remove = async () => {
    await end();
    process.off('exit', killed);
    rmSync(folder, { recursive: true, force: true });
  };

  const deadline = performance.now() + READY_MS;
  while (!(await accepts(at))) {
    if (ended === undefined && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    const why = ended === undefined ? 'did not accept connections in time' : `ended with ${ended}`;
    await remove();
    throw new Error(`${program} ${args.join(' ')} ${why}\n${log}`);
  }
  return { socket: at, pid: child.pid ?? 0, log: () => log, end, remove };
}

/**
 * @param {string} socket
 * @returns {Promise<boolean>}
 */
function accepts(socket) {
  return new Promise((resolve) => {
    const connection = net.connect(socket);
    connection.once('connect', () => connection.end());
    // Read to the end: a connection with unread bytes would be reset.
    connection.resume();
    connection.once('error', () => resolve(false));
    connection.once('close', (failed) => resolve(!failed));
  });
}
