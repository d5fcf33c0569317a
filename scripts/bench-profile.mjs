// `npm run bench:profile -- fan-out [VARIANT] [--by NAME]`: where a contestant of a bench spends
// its time.

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { buildPackage } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/paths.mjs';
import { setUpBuild } from './lib/setup.mjs';

const MOST = 20;

/** @typedef {{ id: number, callFrame: { functionName: string, url: string, lineNumber: number, columnNumber: number } }} Node */

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { by: { type: 'string', default: 'eric-sse' } },
  });
  const [name, wanted] = positionals;
  if (name === undefined)
    throw new Failure('name a case of benches/peers/cases, as in `npm run bench:profile -- fan-out`.');
  await buildPackage(await setUpBuild());
  const bench = /** @type {import('../benches/peers/lib/case.mjs').Case} */ (
    (await import(`../benches/peers/cases/${name}.mjs`)).default
  );
  const variants = bench.variants(false).filter((variant) => wanted === undefined || variant.name === wanted);
  if (variants.length === 0)
    throw new Failure(
      `there is no variant ${wanted}. There are: ${bench
        .variants(false)
        .map((variant) => variant.name)
        .join('; ')}.`,
    );
  for (const variant of variants) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-profile-'));
    try {
      const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, ...(bench.flags ?? [])];
      await promisify(execFile)(process.execPath, [
        ...flags,
        inRoot('benches/peers/lib/child.mjs'),
        name,
        values.by,
        JSON.stringify(variant.settings),
      ]);
      console.log(`\n${name}, ${variant.name}, ${values.by}`);
      for (const file of readdirSync(folder)) print(JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

/** @param {{ nodes: Node[], samples: number[], timeDeltas: number[] }} profile */
function print({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  /** @type {Map<string, number>} */
  const groups = new Map();
  /** @type {Map<string, number>} */
  const functions = new Map();
  samples.forEach((sample, i) => {
    const frame = /** @type {Node['callFrame']} */ (frames.get(sample));
    const time = timeDeltas[i] ?? 0;
    const group = groupOf(frame);
    groups.set(group, (groups.get(group) ?? 0) + time);
    const label = `${frame.functionName || '(anonymous)'}  ${path.basename(frame.url)}:${frame.lineNumber + 1}:${frame.columnNumber + 1}`;
    functions.set(label, (functions.get(label) ?? 0) + time);
  });
  const whole = timeDeltas.reduce((sum, time) => sum + time, 0);
  const share = (/** @type {number} */ time) => `${((100 * time) / whole).toFixed(1).padStart(5)} %`;
  const sorted = (/** @type {Map<string, number>} */ map) => [...map].sort(([, a], [, b]) => b - a);
  for (const [group, time] of sorted(groups)) console.log(`  ${share(time)}  ${group}`);
  console.log();
  for (const [label, time] of sorted(functions).slice(0, MOST)) console.log(`  ${share(time)}  ${label}`);
}

/** @param {Node['callFrame']} frame */
function groupOf({ functionName, url }) {
  if (functionName.startsWith('(')) return functionName.slice(1, -1);
  if (/wasm/.test(functionName) || url.startsWith('wasm:')) return 'our WebAssembly, and the way there and back';
  if (url.startsWith('node:') || url === '') return 'the platform';
  return url.includes('/dist/') ? 'our JavaScript' : 'the bench';
}
