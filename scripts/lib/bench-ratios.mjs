// The four ratios of the README, from the figures of docs/performance.json.

import { shown } from './bench-report.mjs';

/** @typedef {import('../../benches/peers/lib/run-case.mjs').CaseResult} CaseResult */

/** The lines of the README around the table. */
export const [BEGIN, END] = ['<!-- ratios -->', '<!-- /ratios -->'];

/** What is compared; the case, and the place of the ratio among the case's aims. @type {[string, string, number][]} */
const RATIOS = [
  ['Deliveries per second over HTTP/1.1 to 500 clients, compared with better-sse', 'http', 0],
  ['The same, compared with a hand-written loop that has no limits, history or heartbeats', 'http', 2],
  ['Cost of a broadcast to 100,000 listeners, compared with one listener', 'broadcast', 1],
  ['Memory of a waiting message in better-sse, compared with eric-sse', 'memory', 2],
];

/** Makes the table: the median of the ratios of all rounds, the least and the greatest. @param {CaseResult[]} cases */
export function ratiosOf(cases) {
  const rows = RATIOS.map(([text, name, place]) => {
    const aim = cases.find((result) => result.name === name)?.aims[place];
    if (!aim?.value) throw new Error(`docs/performance.json has no aim ${place} of the case ${name}`);
    const { median, least, most } = aim.value;
    return `| ${text} | ${shown(median)} times | ${shown(least)} – ${shown(most)} |`;
  });
  return ['| | median | range |', '| --- | ---: | ---: |', ...rows].join('\n');
}
