// `npm run bench:against -- ../other-checkout`: this checkout beside another one of the same
// project, in one run.
//
//   npm run bench:against -- ../before                      the cases that show changes of the core
//   npm run bench:against -- ../before --case fan-out       the named cases only
//   npm run bench:against -- ../before --rounds 9 --least 0.95
//
// The other checkout is measured by its own benches, and has to be built: run `npm run build`
// there. Each round measures both, one right after the other, and the ratio is formed within the
// round. A ratio above 1 means that this checkout is better, whatever the unit. The command fails
// when the median of a ratio is below `--least` (0.97).

import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { OURS } from '../benches/peers/lib/case.mjs';
import { CHILD, runOnce } from '../benches/peers/lib/run-case.mjs';
import { median } from '../benches/peers/lib/statistics.mjs';
import { shown } from './lib/bench-report.mjs';
import { buildPackage } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/paths.mjs';
import { setUpBuild } from './lib/setup.mjs';
import { step } from './lib/step.mjs';

const CASES = ['fan-out', 'objects', 'delay', 'broadcast', 'replay', 'listeners', 'memory', 'native'];
const ROUNDS = 5;

await main(async () => {
  const { other, names, rounds, least } = options();
  await buildPackage(await setUpBuild());
  const children = [CHILD, path.join(other, path.relative(inRoot('.'), CHILD))];

  /** @type {string[]} */
  const worse = [];
  for (const name of names) {
    const bench = /** @type {import('../benches/peers/lib/case.mjs').Case} */ (
      (await import(`../benches/peers/cases/${name}.mjs`)).default
    );
    const ours = Object.keys(bench.contestants).filter((contestant) => contestant.startsWith(OURS));
    console.log(`\n${bench.title}`);
    for (const variant of bench.variants(false)) {
      for (const contestant of ours) {
        const settings = { ...variant.settings, ...variant.others?.[contestant] };
        /** @type {[here: any, there: any][]} */
        const pairs = [];
        await step(`${variant.name}, ${contestant}`, async () => {
          for (let round = 0; round < rounds; round++) {
            // Neither is always the first.
            const order = round % 2 === 0 ? [0, 1] : [1, 0];
            /** @type {any[]} */
            const pair = [];
            for (const which of order)
              pair[which] = await runOnce(name, contestant, settings, bench.flags ?? [], children[which]);
            pairs.push(/** @type {[any, any]} */ (pair));
          }
        });
        for (const [measure, { unit, less, digits }] of Object.entries(bench.measures)) {
          const measured = pairs.filter(([here, there]) => measure in here && measure in there);
          if (measured.length === 0) continue;
          const values = [0, 1].map((which) => median(measured.map((pair) => pair[which]?.[measure])));
          const ratio = median(measured.map(([here, there]) => ratioOf(here[measure], there[measure], less)));
          const line = `${shown(ratio, 3)} times as good: ${shown(values[0] ?? NaN, digits)} here, ${shown(values[1] ?? NaN, digits)} there (${measure}: ${unit})`;
          console.log(`    ${line}`);
          if (!(ratio >= least)) worse.push(`${name}, ${variant.name}, ${contestant}: ${line}`);
        }
      }
    }
  }
  if (worse.length > 0) throw new Failure(`below ${least}:\n  ${worse.join('\n  ')}`);
  console.log(`\nno ratio is below ${least}`);
});

/** How many times as good `here` is as `there`. Two figures of 0 are alike. @param {number} here @param {number} there @param {boolean} [less] */
function ratioOf(here, there, less) {
  if (here === there) return 1;
  return less ? there / here : here / there;
}

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      case: { type: 'string', multiple: true, default: CASES },
      rounds: { type: 'string', default: String(ROUNDS) },
      least: { type: 'string', default: '0.97' },
    },
  });
  const [other] = positionals;
  if (other === undefined || positionals.length > 1)
    throw new Failure('name one other checkout, as in `npm run bench:against -- ../before`.');
  if (!existsSync(path.join(other, 'dist/index.js')))
    throw new Failure(`${other} has no dist/index.js: run \`npm run build\` there.`);
  const unknown = values.case.find((name) => !existsSync(inRoot(`benches/peers/cases/${name}.mjs`)));
  if (unknown !== undefined) throw new Failure(`there is no case ${unknown} in benches/peers/cases.`);
  const [rounds, least] = [Number(values.rounds), Number(values.least)];
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Failure('--rounds takes a whole number, 1 or more.');
  if (!(least > 0)) throw new Failure('--least takes a number above 0.');
  return { other: path.resolve(other), names: values.case, rounds, least };
}
