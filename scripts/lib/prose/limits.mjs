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
};

/**
 * The limit of a group: a share in percent, or a number of lines for `columns`.
 * @param {string} group
 * @param {import('./rules.mjs').Rule | 'columns'} rule
 */
export const limitOf = (group, rule) => ABOVE[group]?.[rule] ?? (rule === 'columns' ? 0 : SHARE);
