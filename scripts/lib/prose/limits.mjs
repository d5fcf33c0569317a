// How much of a group may be hard to read.

/** In percent of the sentences of a group, for each rule. */
const SHARE = 2;

/**
 * The groups that are above, at their figures: these only go down.
 * @type {Record<string, Partial<Record<import('./rules.mjs').Rule | 'columns', number>>>}
 */
const ABOVE = {
  src: { headless: 5.9, riddle: 5, columns: 231 },
  js: { headless: 3.4, riddle: 2.7, columns: 62 },
  tests: { columns: 22 },
  README: { headless: 15.7, riddle: 10.5, long: 12.3 },
  CONTRIBUTING: { headless: 14.5, riddle: 12.6, long: 24.5 },
  docs: { headless: 2.8, riddle: 3.4, long: 5.7 },
};

/**
 * The limit of a group: a share in percent, or a number of lines for `columns`.
 * @param {string} group
 * @param {import('./rules.mjs').Rule | 'columns'} rule
 */
export const limitOf = (group, rule) => ABOVE[group]?.[rule] ?? (rule === 'columns' ? 0 : SHARE);
