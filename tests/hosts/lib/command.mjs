// A program that runs to its end.

import { execFile } from 'node:child_process';
import { ENV } from '../../package/lib/install.mjs';

/**
 * Resolves with the exit code and everything that was printed.
 * @param {string} folder
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function finish(folder, [program = '', ...args], env = {}) {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...ENV, NO_COLOR: '1', CI: 'true', ...env }, timeout: 200_000 };
    const child = execFile(program, args, options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, output: stdout + stderr });
    });
  });
}
