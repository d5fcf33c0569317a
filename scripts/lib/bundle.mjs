// js/ and pkg/ -> dist/*.js and dist/*.cjs.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { classNames } from './class-names.mjs';
import { Failure } from './failure.mjs';
import { internalNames } from './internal-names.mjs';
import { DIST, inRoot } from './paths.mjs';
import { WASM, wasmImports } from './wasm-imports.mjs';

/**
 * Leftovers of wasm-bindgen's own loader. We compile and instantiate ourselves, so it has to be
 * shaken out: bundlers of other projects would follow it to a file that is not there.
 */
const LEFTOVERS = ['import.meta.url', 'new URL("'];

/** @type {import('esbuild').BuildOptions} */
const COMMON = {
  absWorkingDir: inRoot(),
  outdir: DIST,
  bundle: true,
  platform: 'neutral',
  // Of the entry for Node alone, and of that for Cloudflare's objects.
  external: ['node:*', 'cloudflare:*'],
  plugins: [classNames, wasmImports],
  target: 'es2022',
  minify: true,
  sourcemap: 'linked',
  sourcesContent: true,
  metafile: true,
  logLevel: 'warning',
  // Of wasm-bindgen's default loader, which is then shaken out: see LEFTOVERS.
  logOverride: { 'empty-import-meta': 'silent' },
};

/**
 * Jest loads these files, and its jsdom has no `TextDecoder`. The bindings make one when they load,
 * so the error has to come before.
 */
const JSDOM = `if (typeof TextDecoder === 'undefined') throw new Error("eric-sse requires TextDecoder, which Jest's jsdom leaves out: choose the test environment 'node', or one that adds it");`;

/** @param {import('./build.mjs').Entries} entries */
export async function bundle({ esm, alone, cjs }) {
  const { build } = await import('esbuild');
  const common = { ...COMMON, mangleProps: internalNames() };
  const built = await Promise.all([
    // Together, so that the entries share one chunk, and with it one instance of every class.
    build({ ...common, entryPoints: sources(esm), format: 'esm', splitting: true }),
    // Apart: each chunk that the default entry is split into makes it heavier.
    build({ ...common, entryPoints: sources(alone), format: 'esm' }),
    build({
      ...common,
      entryPoints: sources(cjs),
      format: 'cjs',
      outExtension: { '.js': '.cjs' },
      banner: { js: JSDOM },
    }),
  ]);
  copyFileSync(WASM, path.join(DIST, path.basename(WASM)));
  for (const file of built.flatMap(({ metafile }) => Object.keys(metafile?.outputs ?? {}))) {
    if (file.endsWith('.map')) continue;
    refuseLeftovers(file);
    await minifyMore(file);
  }
}

/** @param {Record<string, string>} entries */
const sources = (entries) =>
  Object.entries(entries).map(([out, module]) => ({ out, in: inRoot('js', `${module}.ts`) }));

/** @param {string} file path from the root */
function refuseLeftovers(file) {
  const text = readFileSync(inRoot(file), 'utf8');
  for (const leftover of LEFTOVERS) {
    if (text.includes(leftover)) {
      throw new Failure(
        `${file} contains \`${leftover}\`, left over from wasm-bindgen's default loader: import only \`initSync\` and the classes from pkg/.`,
      );
    }
  }
}

/**
 * Each of these makes the gzipped chunk smaller: equal code is next to equal code, and written in
 * one way. `unsafe_arrows` and `unsafe_methods` turn a `function` into an arrow or a method where
 * it uses no `this`. Nothing here calls one with `new`.
 * @type {import('terser').CompressOptions}
 */
const COMPRESS = {
  passes: 3,
  hoist_funs: true,
  inline: 3,
  lhs_constants: false,
  unsafe_arrows: true,
  unsafe_methods: true,
};

/**
 * The files that each message runs through. In these, a function that is called at one place stays
 * a function: `reduce_funcs` would make it a closure there, which each call allocates. A chunk's
 * delivery then allocates four closures, which shows in the cases fan-out and delay.
 */
const HOT = /\/chunk-|\.cjs$/;

/**
 * The output of esbuild loses another 5 % of its gzipped bytes here. Alone, either leaves more than
 * both do.
 * @param {string} file path from the root
 */
async function minifyMore(file) {
  const { minify } = await import('terser');
  const map = inRoot(`${file}.map`);
  const { code, map: mapped } = await minify(readFileSync(inRoot(file), 'utf8'), {
    module: file.endsWith('.js'),
    ecma: 2020,
    compress: { ...COMPRESS, reduce_funcs: !HOT.test(file) },
    sourceMap: { content: readFileSync(map, 'utf8'), includeSources: true, url: path.basename(map) },
  });
  writeFileSync(inRoot(file), String(code));
  writeFileSync(map, String(mapped));
}
