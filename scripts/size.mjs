// `npm run size`: what the entries weigh over the network, and whether the default one keeps to its
// limit.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildPackage } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { DIST } from './lib/paths.mjs';
import { setUpBuild } from './lib/setup.mjs';

const LIMIT = 38_000;
/** The bytes that an entry may add when it is used beside the default one. */
const BESIDE = {
  'node.js': 4_900,
  'service-worker.js': 1_467,
  'multiplex.js': 5_900,
  'testing.js': 2_120,
  'client.js': 9_500,
  'cloudflare.js': 7_220,
  'backend.js': 3_000,
  'sqlite.js': 3_000,
  'backend-testing.js': 2_700,
};
/** The bytes of a program that imports one name of the client, bundled. */
const CLIENT = {
  EventStreamDecoder: 1_800,
  EventSource: 5_300,
  connect: 6_000,
  connectChannels: 6_900,
  connectShared: 8_000,
};
const IMPORT = /(?:\bfrom|\bimport)\s*"\.\/([^"]+)"/g;

/** @param {string} file in dist */
const gzipped = (file) => gzipSync(readFileSync(path.join(DIST, file)), { level: 9 }).length;

/**
 * The file and every file that it imports, directly or not.
 * @param {string} entry
 */
function filesOf(entry) {
  const files = new Set([entry]);
  for (const file of files) {
    if (!file.endsWith('.js')) continue;
    for (const [, imported = ''] of readFileSync(path.join(DIST, file), 'utf8').matchAll(IMPORT)) files.add(imported);
  }
  return [...files];
}

/**
 * Returns the bytes that a bundler leaves of the client in a program that imports one name of it.
 * @param {string} name
 */
async function bundledSize(name) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    stdin: { contents: `export { ${name} } from './client.js'`, resolveDir: DIST },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}

await main(async () => {
  await buildPackage(await setUpBuild());
  console.log('gzipped bytes (JavaScript and WebAssembly together)');
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const [entry, ...beside] of [['index.js'], ['workerd.js'], ['slim.js', 'eric_sse_bg.wasm']]) {
    const files = [...filesOf(String(entry)), ...beside];
    const total = files.reduce((sum, file) => sum + gzipped(file), 0);
    sizes[String(entry)] = total;
    console.log(
      `${String(entry).padEnd(10)} ${String(total).padStart(6)}  = ${files.map((file) => `${file} ${gzipped(file)}`).join(' + ')}`,
    );
  }
  const size = sizes['index.js'] ?? Infinity;
  if (size > LIMIT) throw new Failure(`the default entry weighs ${size} bytes gzipped, over its limit of ${LIMIT}.`);
  console.log(`the default entry is within its limit of ${LIMIT}`);

  const before = new Set([...filesOf('index.js'), ...filesOf('workerd.js')]);
  for (const [entry, most] of Object.entries(BESIDE)) {
    const files = filesOf(entry).filter((file) => !before.has(file));
    const added = files.reduce((sum, file) => sum + gzipped(file), 0);
    console.log(`${entry.padEnd(17)} ${String(added).padStart(5)} on top`);
    if (added > most) throw new Failure(`${entry} adds ${added} bytes gzipped, over its limit of ${most}.`);
  }
  for (const [name, most] of Object.entries(CLIENT)) {
    const size = await bundledSize(name);
    console.log(`${`client: ${name}`.padEnd(26)} ${String(size).padStart(5)}`);
    if (size > most) throw new Failure(`${name} weighs ${size} bytes gzipped, over its limit of ${most}.`);
  }
});
