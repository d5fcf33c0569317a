// Counting tests, so that the end of `npm test` can say how many ran where.

import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number }} Tally */

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ANSI = /\x1b\[[0-9;]*m/g;
const LIBTEST = /^test result: \w+\. (\d+) passed; (\d+) failed;/gm;

/**
 * Adds up the closing lines of cargo's test binaries, or of the wasm runner, which words them
 * alike.
 * @param {string} output
 * @returns {Tally}
 */
export function tallyOfLibtest(output) {
  const tally = { passed: 0, failed: 0 };
  for (const [, passed, failed] of output.replace(ANSI, '').matchAll(LIBTEST)) {
    tally.passed += Number(passed);
    tally.failed += Number(failed);
  }
  return tally;
}

/**
 * Reads the last line that tally-reporter.mjs wrote. No line means that no test ended.
 * @param {string} file
 * @returns {Tally}
 */
export function tallyOfNode(file) {
  const last = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) : '';
  return last ? JSON.parse(last) : { passed: 0, failed: 0 };
}
