// A Worker as its wrangler.jsonc describes it, for Miniflare: what `wrangler dev` would run.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

/**
 * @param {string} folder with a wrangler.jsonc
 * @returns {Promise<import('miniflare').MiniflareOptions>}
 */
export async function workerOf(folder) {
  const config = JSON.parse(withoutComments(readFileSync(path.join(folder, 'wrangler.jsonc'), 'utf8')));
  const sqlite = new Set(
    (config.migrations ?? []).flatMap((/** @type {any} */ { new_sqlite_classes: classes }) => classes ?? []),
  );
  const bindings = config.durable_objects?.bindings ?? [];
  return {
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags ?? [],
    bindings: { ...config.vars, ...secretsOf(folder) },
    durableObjects: Object.fromEntries(
      bindings.map((/** @type {any} */ { name, class_name: className }) => [
        name,
        { className, useSQLite: sqlite.has(className) },
      ]),
    ),
    modulesRoot: '/',
    modules: await modulesOf(path.join(folder, config.main)),
  };
}

/** The parts of `.dev.vars` that `wrangler dev` reads, which is not checked in. @param {string} folder */
function secretsOf(folder) {
  let text = '';
  try {
    text = readFileSync(path.join(folder, '.dev.vars'), 'utf8');
  } catch {
    // There need be none.
  }
  return Object.fromEntries(
    [...text.matchAll(/^\s*(\w+)\s*=\s*(.*?)\s*$/gm)].map(([, name, value = '']) => [
      name,
      value.replace(/^(["'])(.*)\1$/, '$2'),
    ]),
  );
}

/** Bundles as wrangler does: with the conditions of the runtime, and the WebAssembly as a module beside. @param {string} entry */
async function modulesOf(entry) {
  /** @type {Map<string, string>} name -> file */
  const wasm = new Map();
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    plugins: [
      {
        name: 'wasm-beside',
        setup({ onResolve }) {
          onResolve({ filter: /\.wasm$/ }, (args) => {
            const file = path.resolve(args.resolveDir, args.path);
            wasm.set(path.basename(file), file);
            return { path: `./${path.basename(file)}`, external: true };
          });
        },
      },
    ],
  });
  const compiled = [...wasm].map(async ([name, file]) => ({
    type: /** @type {const} */ ('CompiledWasm'),
    path: `/${name}`,
    contents: await readFile(file),
  }));
  return [
    { type: /** @type {const} */ ('ESModule'), path: '/worker.mjs', contents: outputFiles[0]?.text ?? '' },
    ...(await Promise.all(compiled)),
  ];
}

/** JSON of a text that may have comments, and commas before closing brackets. Strings are left alone. @param {string} text */
function withoutComments(text) {
  return text
    .replace(/("(?:[^"\\]|\\.)*")|\/\/.*|\/\*[^]*?\*\//g, (_, string = '') => string)
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])/g, (_, string = '') => string);
}
