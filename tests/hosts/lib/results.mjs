// What passed in which host: lines in the file that `npm run hosts` makes its table of.

import { appendFileSync } from 'node:fs';

/**
 * @typedef {object} Row
 * @property {string} host
 * @property {string} version
 * @property {string} runs where it runs, such as `Node, production`
 * @property {string[]} passed
 * @property {string[]} failed
 */

/** @param {Row} row */
export function record(row) {
  if (process.env.ERIC_HOSTS_TABLE) appendFileSync(process.env.ERIC_HOSTS_TABLE, `${JSON.stringify(row)}\n`);
}
