// Running other programs. Three ways: ask (a short answer or nothing), quietly (output only when it
// fails), and streamed.

import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { ROOT } from './paths.mjs';

const TAIL_LINES = 60;
const GRACE_MS = 5_000;
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * @typedef {object} RunOptions
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 */

/**
 * The file that running `name` would run, or undefined.
 * @param {string} name
 * @param {string} [searchPath]
 */
export function which(name, searchPath = process.env.PATH ?? '') {
  return searchPath
    .split(path.delimiter)
    .filter(Boolean)
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Returns the standard output of the command, or undefined when it fails or is missing.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export function ask(command, args, { env = process.env, cwd = ROOT } = {}) {
  const { status, stdout } = spawnSync(command, args, {
    env,
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: Infinity,
  });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Runs to the end without printing; a failure carries the end of what the command printed.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export async function quietly(command, args, options = {}) {
  let output = '';
  const ending = await streamed(command, args, { ...options, onOutput: (text) => void (output += text), echo: false });
  if (ending.ok) return output;
  const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  throw new Failure(`${tail}\n\n\`${[path.basename(command), ...args].join(' ')}\` ${ending.why}`);
}

/**
 * @typedef {{ ok: true } | { ok: false, why: string }} Ending
 */

/**
 * Runs with the output passed on as it comes. Without `onOutput` the command has the terminal
 * itself, colours included.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions & { onOutput?: ((text: string) => void) | undefined, echo?: boolean, timeoutSeconds?: number }} [options]
 * @returns {Promise<Ending>}
 */
export function streamed(command, args, { env = process.env, cwd = ROOT, onOutput, echo = true, timeoutSeconds } = {}) {
  return new Promise((resolve) => {
    // A group of its own, because a stage that hangs leaves grandchildren (test runners, browsers)
    // which have to go too.
    const child = spawn(command, args, {
      env,
      cwd,
      detached: true,
      stdio: onOutput ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });

    /** @param {NodeJS.Signals} signal */
    const kill = (signal) => {
      try {
        if (child.pid) process.kill(-child.pid, signal);
      } catch {
        // The group is gone already.
      }
    };
    /** @type {NodeJS.Timeout[]} */
    const timers = [];
    let timedOut = false;
    const stop = () => {
      timedOut = true;
      kill('SIGTERM');
      timers.push(
        setTimeout(() => {
          kill('SIGKILL');
          // A process that left the group may still hold the pipes open: do not wait for it.
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, GRACE_MS),
      );
    };
    if (timeoutSeconds) timers.push(setTimeout(stop, timeoutSeconds * 1000));

    // Outside the terminal's group the child does not see Ctrl-C: pass it on, then end as asked.
    /** @param {NodeJS.Signals} signal */
    const interrupted = (signal) => {
      kill(signal);
      process.exit(128 + os.constants.signals[signal]);
    };
    SIGNALS.forEach((signal) => process.once(signal, interrupted));

    if (onOutput) {
      for (const [from, to] of /** @type {const} */ ([
        [child.stdout, process.stdout],
        [child.stderr, process.stderr],
      ])) {
        from?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
          onOutput(text);
          if (echo) to.write(text);
        });
      }
    }
    /** @param {Ending} ending */
    const settle = (ending) => {
      timers.forEach(clearTimeout);
      SIGNALS.forEach((signal) => process.off(signal, interrupted));
      resolve(ending);
    };
    child.once('error', (error) => settle({ ok: false, why: `could not start: ${error.message}` }));
    child.once('close', (code, signal) => {
      if (timedOut) settle({ ok: false, why: `did not end within ${timeoutSeconds} s and was stopped` });
      else if (code === 0) settle({ ok: true });
      else settle({ ok: false, why: signal ? `was ended by ${signal}` : `ended with code ${code}` });
    });
  });
}
