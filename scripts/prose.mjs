// `npm run prose`: counts sentences that are hard to read, by groups of files; fails above the
// limits. `npm run prose -- --show [path]` prints them, and the comments that are too long, with
// file and line.

import { readFileSync } from 'node:fs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/paths.mjs';
import { longComments, MOST_COLUMNS } from './lib/prose/columns.mjs';
import { filesByGroup } from './lib/prose/groups.mjs';
import { faultsOf, RULES, sentencesOf } from './lib/prose/rules.mjs';
import { textsOf } from './lib/prose/texts.mjs';

/** @typedef {import('./lib/prose/rules.mjs').Rule} Rule */

/** The most sentences of a group that one rule may find, in percent. */
const LIMIT = 2;

const show = process.argv.includes('--show');
const shown = process.argv[process.argv.indexOf('--show') + 1] ?? '';

await main(async () => {
  const rules = /** @type {Rule[]} */ (Object.keys(RULES));
  /** @type {string[]} */
  const over = [];
  console.log('group        | sentences | headless | riddle |   long | comments over 100 columns');
  for (const [group, files] of filesByGroup()) {
    /** @type {Record<Rule, number>} */
    const counts = { headless: 0, riddle: 0, long: 0 };
    let [sentences, tooLong] = [0, 0];
    for (const file of files) {
      const source = readFileSync(inRoot(file), 'utf8');
      const isShown = show && file.startsWith(shown);
      for (const { line, text } of sentencesOf(textsOf(file, source))) {
        sentences++;
        for (const fault of faultsOf(text)) {
          counts[fault]++;
          if (isShown) console.log(`${file}:${line}: ${fault}: ${text}`);
        }
      }
      for (const line of longComments(file, source)) {
        tooLong++;
        if (isShown) console.log(`${file}:${line}: a comment over ${MOST_COLUMNS} columns`);
      }
    }
    const shares = rules.map((rule) => (100 * counts[rule]) / Math.max(1, sentences));
    const cells = shares.map((share, at) => `${share.toFixed(1)} %`.padStart(at === 0 ? 8 : 6));
    console.log([group.padEnd(12), String(sentences).padStart(9), ...cells, String(tooLong).padStart(6)].join(' | '));
    rules.forEach((rule, at) => {
      if ((shares[at] ?? 0) > LIMIT) over.push(`${group}, ${rule}: above ${LIMIT} %`);
    });
    if (tooLong) over.push(`${group}: ${tooLong} lines of comments over ${MOST_COLUMNS} columns`);
  }
  if (over.length) throw new Failure(`${over.join('\n')}\nnpm run prose -- --show names the sentences`);
});
