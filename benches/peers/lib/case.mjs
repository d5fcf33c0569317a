// A case: the contestants, the measurement, and the aims of eric-sse. One file per case under
// cases/.

/**
 * @typedef {Record<string, number>} Settings how much of what a contestant has to do
 * @typedef {Record<string, number>} Numbers what was measured, by the name of the measure
 * @typedef {(settings: Settings) => Promise<Numbers> | Numbers} Contestant does it once, in a process of its own; throws when anything of it is wrong
 *
 * @typedef {object} Variant
 * @property {string} name
 * @property {Settings} settings
 * @property {Record<string, Settings>} [others] the differences of one contestant: how often it does it, since peers are slow
 *
 * @typedef {object} Measure
 * @property {string} unit
 * @property {boolean} [less] whether less is better
 * @property {number} [digits]
 *
 * @typedef {object} Case
 * @property {string} title
 * @property {Record<string, Measure>} measures
 * @property {Record<string, Contestant>} contestants
 * @property {(quick: boolean) => Variant[]} variants
 * @property {import('./aims.mjs').Aim[]} aims
 * @property {string[]} [cannot] which peers cannot do it, and why
 * @property {string[]} [notes] the settings that differ between contestants
 * @property {string[]} [flags] of Node
 * @property {number} [rounds] where more or fewer than usual are wanted
 */

/** The name of eric-sse among the contestants, and that of the hand-written limit. */
export const OURS = 'eric-sse';
export const LIMIT = 'by hand';

/** A contestant that is not on this machine: its case says so, and goes on. */
export class Unavailable extends Error {}

/**
 * @param {unknown} condition
 * @param {string} what
 * @returns {asserts condition}
 */
export function check(condition, what) {
  if (!condition) throw new Error(`broken: ${what}`);
}
