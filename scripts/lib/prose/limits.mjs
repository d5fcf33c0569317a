// How much of a group may be hard to read.

/** In percent of the sentences of a group, for each rule. */
const SHARE = 2;

/**
 * The groups that are above, at their figures: these only go down.
 * @type {Record<string, Partial<Record<import('./rules.mjs').Rule | 'columns', number>>>}
 */
const ABOVE = {
  src: { headless: 4.3, riddle: 4.4, columns: 160 },
  js: { headless: 3, columns: 100 },
  tests: { columns: 14 },
  scripts: { columns: 8 },
  docs: { long: 2.4 },
};

/**
 * The limit of a group: a share in percent, or a number of lines for `columns`.
 * @param {string} group
 * @param {import('./rules.mjs').Rule | 'columns'} rule
 */
export const limitOf = (group, rule) => ABOVE[group]?.[rule] ?? (rule === 'columns' ? 0 : SHARE);
