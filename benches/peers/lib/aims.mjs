// Aims: what ours is to come to, as a number of each round. A ratio is formed within a round, where
// both have met the same machine.

/**
 * @typedef {(variant: string, contestant: string, measure: string) => number[]} Rounds what was measured, round by round
 *
 * @typedef {object} Aim
 * @property {string} text
 * @property {(rounds: Rounds) => number[]} values one for each round; none when somebody was not there
 * @property {number} [least]
 * @property {number} [most]
 * @property {string} [unit]
 */

/** @typedef {{ variant: string, measure: string, ours: string, theirs: string }} Pair */

/**
 * How many times theirs ours is.
 * @param {Pair & { text: string, least?: number, most?: number }} pair
 * @returns {Aim}
 */
export function times({ variant, measure, ours, theirs, ...aim }) {
  return {
    ...aim,
    unit: 'times',
    values: (rounds) => pairs(rounds(variant, ours, measure), rounds(variant, theirs, measure), (a, b) => a / b),
  };
}

/**
 * How many times as much theirs takes as ours: for measures of which less is better.
 * @param {Pair & { text: string, least: number }} pair
 * @returns {Aim}
 */
export function timesLess({ variant, measure, ours, theirs, ...aim }) {
  return {
    ...aim,
    unit: 'times',
    values: (rounds) => pairs(rounds(variant, theirs, measure), rounds(variant, ours, measure), (a, b) => a / b),
  };
}

/**
 * How much more ours takes than theirs.
 * @param {Pair & { text: string, most: number, unit: string }} pair
 * @returns {Aim}
 */
export function difference({ variant, measure, ours, theirs, ...aim }) {
  return {
    ...aim,
    values: (rounds) => pairs(rounds(variant, ours, measure), rounds(variant, theirs, measure), (a, b) => a - b),
  };
}

/**
 * How many times as much one measure of a contestant is as another one, of the same variant or a
 * smaller one.
 * @param {{ text: string, variant: string, smaller?: string, of: string, measure: string, to: string, most: number }} growth
 * @returns {Aim}
 */
export function growth({ variant, smaller = variant, of, measure, to, ...aim }) {
  return {
    ...aim,
    unit: 'times',
    values: (rounds) => pairs(rounds(variant, of, measure), rounds(smaller, of, to), (a, b) => a / b),
  };
}

/**
 * The measure itself.
 * @param {{ text: string, variant: string, of: string, measure: string, most: number, unit: string }} absolute
 * @returns {Aim}
 */
export function absolute({ variant, of, measure, ...aim }) {
  return { ...aim, values: (rounds) => rounds(variant, of, measure) };
}

/**
 * @param {number[]} a
 * @param {number[]} b
 * @param {(a: number, b: number) => number} combine
 */
const pairs = (a, b, combine) => a.slice(0, b.length).map((value, i) => combine(value, b[i] ?? NaN));
