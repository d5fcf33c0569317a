// Runs a case: every contestant in a process of its own, one after another, round by round.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { spread } from './statistics.mjs';

/** @typedef {import('./case.mjs').Case} Case @typedef {import('./case.mjs').Variant} Variant @typedef {import('./case.mjs').Numbers} Numbers */

export const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));
const LONGEST_MS = 180_000;

/**
 * @typedef {object} AimResult
 * @property {string} text
 * @property {string} wanted
 * @property {string} unit
 * @property {ReturnType<typeof spread> | null} value none when somebody was not there
 * @property {boolean | null} met
 *
 * @typedef {object} CaseResult
 * @property {string} name
 * @property {string} title
 * @property {string} date when it was begun
 * @property {Record<string, import('./case.mjs').Measure>} measures
 * @property {{ name: string, contestants: Record<string, Record<string, ReturnType<typeof spread>>> }[]} variants
 * @property {AimResult[]} aims
 * @property {Record<string, string>} unavailable
 * @property {string[]} cannot
 * @property {string[]} notes
 */

/**
 * @param {string} name
 * @param {Case} bench
 * @param {{ quick: boolean, rounds: number }} options
 * @returns {Promise<CaseResult>}
 */
export async function runCase(name, bench, { quick, rounds }) {
  const variants = bench.variants(quick);
  const date = new Date().toISOString();
  /** @type {Map<string, Numbers[]>} */
  const measured = new Map();
  /** @type {Record<string, string>} */
  const unavailable = {};
  const contestants = Object.keys(bench.contestants);
  for (let round = 0; round < rounds; round++) {
    for (const variant of variants) {
      // No contestant is always the first.
      const order = contestants.map((_, i) => /** @type {string} */ (contestants[(i + round) % contestants.length]));
      for (const contestant of order) {
        if (contestant in unavailable) continue;
        const settings = { ...variant.settings, ...variant.others?.[contestant] };
        const answer = await runOnce(name, contestant, settings, bench.flags ?? []);
        if (typeof answer === 'string') unavailable[contestant] = answer;
        else
          measured.set(key(variant.name, contestant), [...(measured.get(key(variant.name, contestant)) ?? []), answer]);
      }
    }
  }

  /** @type {import('./aims.mjs').Rounds} */
  const of = (variant, contestant, measure) =>
    (measured.get(key(variant, contestant)) ?? []).flatMap((numbers) => numbers[measure] ?? []);
  return {
    name,
    title: bench.title,
    date,
    measures: bench.measures,
    variants: variants.map((variant) => ({
      name: variant.name,
      contestants: Object.fromEntries(
        contestants
          .map(
            (contestant) =>
              /** @type {const} */ ([contestant, spreads(measured.get(key(variant.name, contestant)) ?? [])]),
          )
          // Contestants that skip a variant, or are missing.
          .filter(([, numbers]) => Object.keys(numbers).length > 0),
      ),
    })),
    aims: bench.aims.map(({ text, values, least, most, unit = '' }) => {
      const found = values(of);
      const value = found.length > 0 ? spread(found) : null;
      const met = value && value.median >= (least ?? -Infinity) && value.median <= (most ?? Infinity);
      const wanted = [least === undefined ? '' : `at least ${least}`, most === undefined ? '' : `at most ${most}`]
        .filter(Boolean)
        .join(', ');
      return { text, wanted, unit, value, met };
    }),
    unavailable,
    cannot: bench.cannot ?? [],
    notes: bench.notes ?? [],
  };
}

/** @param {string} variant @param {string} contestant */
const key = (variant, contestant) => `${variant}\n${contestant}`;

/** @param {Numbers[]} all */
function spreads(all) {
  const measures = [...new Set(all.flatMap((numbers) => Object.keys(numbers)))];
  return Object.fromEntries(
    measures.map((measure) => [measure, spread(all.flatMap((numbers) => numbers[measure] ?? []))]),
  );
}

/**
 * Runs one contestant once, in a process of its own.
 * @param {string} name
 * @param {string} contestant
 * @param {object} settings
 * @param {string[]} flags of Node
 * @param {string} [script] the `child.mjs` of another checkout, to measure that one
 * @returns {Promise<Numbers | string>} the figures, or why the contestant is unavailable
 */
export function runOnce(name, contestant, settings, flags, script = CHILD) {
  return new Promise((resolve, reject) => {
    // A group of its own: a contestant may have started others, which end with it.
    const child = fork(script, [name, contestant, JSON.stringify(settings)], { execArgv: flags, detached: true });
    const kill = () => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // All of it has ended.
      }
    };
    const what = `${name}, ${contestant}, ${JSON.stringify(settings)}`;
    /** @type {{ numbers?: Numbers, unavailable?: string, error?: string } | undefined} */
    let answer;
    const late = setTimeout(() => {
      answer = { error: `it did not end within ${LONGEST_MS / 1000} seconds` };
      kill();
    }, LONGEST_MS);
    process.once('exit', kill);
    child.on('message', (message) => void (answer ??= /** @type {NonNullable<typeof answer>} */ (message)));
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      process.off('exit', kill);
      kill();
      const { numbers, unavailable, error = `ended with ${signal ?? code} without an answer` } = answer ?? {};
      if (unavailable !== undefined) return resolve(unavailable);
      if (numbers === undefined) return reject(new Error(`${what}: ${error}`));
      const wrong = Object.entries(numbers).find(([, value]) => !Number.isFinite(value));
      if (wrong) return reject(new Error(`${what}: ${wrong[0]} came to nothing`));
      resolve(numbers);
    });
  });
}
