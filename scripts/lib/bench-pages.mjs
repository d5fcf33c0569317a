// The pages that show the figures of docs/performance.json: docs/performance.md with its charts,
// and the ratios of the README.

import { readFileSync, writeFileSync } from 'node:fs';
import { bars, curves } from './bench-charts.mjs';
import * as ratios from './bench-ratios.mjs';
import { markdown } from './bench-report.mjs';
import { Failure } from './failure.mjs';
import { inRoot } from './paths.mjs';

/**
 * @typedef {import('../../benches/peers/lib/run-case.mjs').CaseResult} CaseResult
 * @typedef {{ system: string, processor: string, processors: number, memory: number }} Machine
 * @typedef {{ node: string, machine: Machine, cases: CaseResult[] }} Figures
 */

export const RESULTS = inRoot('docs/performance.json');
/** The lines of docs/performance.md around the figures. */
export const [BEGIN, END] = ['<!-- figures -->', '<!-- /figures -->'];

/** Returns the figures of the last bench. @returns {Figures} */
export const figures = () => JSON.parse(readFileSync(RESULTS, 'utf8'));

/** Returns the tables of docs/performance.md. @param {Figures} figures */
export function tablesOf({ node, machine, cases }) {
  const { system, processors, processor } = machine;
  return markdown(cases, `${system}, ${processors} processors (${processor}), Node ${node}`);
}

/** Writes the figures and their pages. @param {Figures} figures */
export function writePages(figures) {
  writeFileSync(RESULTS, `${JSON.stringify(figures, null, 1)}\n`);
  writeFileSync(inRoot('docs/performance.svg'), bars(figures.cases));
  writeFileSync(inRoot('docs/performance-curves.svg'), curves(figures.cases));
  replaceBetween('docs/performance.md', BEGIN, END, tablesOf(figures));
  replaceBetween('README.md', ratios.BEGIN, ratios.END, `${ratios.ratiosOf(figures.cases)}\n`);
}

/**
 * Returns a result with the words of its case: its title, units, aims and notes. The figures stay.
 * @param {CaseResult} result
 * @returns {Promise<CaseResult>}
 */
export async function reworded(result) {
  const file = new URL(`../../benches/peers/cases/${result.name}.mjs`, import.meta.url);
  const bench = /** @type {import('../../benches/peers/lib/case.mjs').Case} */ ((await import(file.href)).default);
  if (bench.aims.length !== result.aims.length)
    throw new Failure(`the case ${result.name} has other aims than when it was measured: measure it again.`);
  return {
    ...result,
    title: bench.title,
    measures: bench.measures,
    aims: result.aims.map((aim, place) => ({ ...aim, text: bench.aims[place]?.text ?? aim.text })),
    cannot: bench.cannot ?? [],
    notes: bench.notes ?? [],
  };
}

/**
 * Replaces what is between two lines of a page.
 * @param {string} name
 * @param {string} begin
 * @param {string} end
 * @param {string} text
 */
function replaceBetween(name, begin, end, text) {
  const page = readFileSync(inRoot(name), 'utf8');
  const [before, after] = [page.split(begin)[0], page.split(end)[1]];
  if (before === page || after === undefined) throw new Failure(`${name} has no ${begin} and ${end}.`);
  writeFileSync(inRoot(name), `${before}${begin}\n${text}${end}${after}`);
}
