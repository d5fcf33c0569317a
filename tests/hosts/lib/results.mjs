// What passed in which host: lines in the file that `npm run hosts` makes its table of.

import { appendFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';

/**
 * @typedef {object} Row
 * @property {string} host its name in the table
 * @property {string} version
 * @property {string} runs where it runs, such as `Node, production`
 * @property {string[]} passed
 * @property {string[]} failed
 *
 * @typedef {(name: string, run: () => Promise<void> | void) => void} Check a test that counts
 */

/**
 * Describes a row of the table, and writes it when its checks have run.
 * @param {Omit<Row, 'passed' | 'failed' | 'version'> & { version: string | (() => string) }} row
 * @param {(check: Check) => void} define
 */
export function describeHost({ host, version, runs }, define) {
  /** @type {string[]} */
  const passed = [];
  /** @type {Set<string>} */
  const failed = new Set();
  describe(`${host}, ${runs}`, () => {
    define((title, run) => {
      failed.add(title);
      test(title, async () => {
        await run();
        failed.delete(title);
        passed.push(title);
      });
    });
    after(() => {
      const row = {
        host,
        version: typeof version === 'string' ? version : version(),
        runs,
        passed,
        failed: [...failed],
      };
      if (process.env.ERIC_HOSTS_TABLE) appendFileSync(process.env.ERIC_HOSTS_TABLE, `${JSON.stringify(row)}\n`);
    });
  });
}
