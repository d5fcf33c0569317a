// How much of a group may be hard to read.

/** In percent of the sentences of a group, for each rule. */
const SHARE = 2;

/**
 * The groups that are above, at their figures: these only go down.
 * @type {Record<string, Partial<Record<import('./rules.mjs').Rule | 'columns', number>>>}
 */
const ABOVE = {
  src: { headless: 14.5, riddle: 8.2, long: 3.4, columns: 349 },
  js: { headless: 16.3, riddle: 12.4, columns: 296 },
  tests: { columns: 14 },
  README: { headless: 19.3, riddle: 9.5, long: 12.8 },
  CONTRIBUTING: { headless: 18, riddle: 13, long: 24.9 },
  docs: { headless: 5, riddle: 4.4, long: 7.4 },
};

/**
 * The limit of a group: a share in percent, or a number of lines for `columns`.
 * @param {string} group
 * @param {import('./rules.mjs').Rule | 'columns'} rule
 */
export const limitOf = (group, rule) => ABOVE[group]?.[rule] ?? (rule === 'columns' ? 0 : SHARE);
