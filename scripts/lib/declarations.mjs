// js/ -> dist/*.d.ts and dist/*.d.cts, after the type check that makes them trustworthy.
//
// A declaration is read as ESM or as CommonJS by its own extension, and so is everything it
// imports. So dist/types holds every module twice, and dist/<entry>.d.ts and .d.cts name the
// entry's module of their own flavour.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { DIST, inRoot } from './paths.mjs';
import { quietly } from './run.mjs';

const SPECIFIER = /(\bfrom\s+|\bimport\s+|\bimport\()(['"])(\.[^'"]*)\.js\2/g;

/** The type of `eric-sse/eric_sse_bg.wasm?module`, a compiled module in edge runtimes. */
const COMPILED = `\
import type { CompiledModule } from './types/wasm/module.js';
declare const compiled: CompiledModule;
export default compiled;
`;

/** @param {import('./build.mjs').Entries} entries */
export async function buildDeclarations({ esm: split, alone, cjs }) {
  const esm = { ...split, ...alone };
  const emitted = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-types-'));
  try {
    await quietly(process.execPath, [
      inRoot('node_modules/typescript/bin/tsc'),
      '-p',
      'tsconfig.build.json',
      '--outDir',
      emitted,
    ]);
    const text = (/** @type {string} */ module) => readFileSync(path.join(emitted, `${module}.d.ts`), 'utf8');
    for (const module of reachable(emitted, Object.values(esm))) write(`types/${module}.d.ts`, text(module));
    for (const module of reachable(emitted, Object.values(cjs))) {
      write(`types/${module}.d.cts`, text(module).replace(SPECIFIER, '$1$2$3.cjs$2'));
    }
    for (const [name, module] of Object.entries(esm)) write(`${name}.d.ts`, `export * from './types/${module}.js';\n`);
    write('eric_sse_bg.wasm.d.ts', COMPILED);
    for (const [name, module] of Object.entries(cjs))
      write(`${name}.d.cts`, `export * from './types/${module}.cjs';\n`);
  } finally {
    rmSync(emitted, { recursive: true });
  }
}

/**
 * The modules that the entries' declarations lead to.
 * @param {string} folder
 * @param {string[]} entries
 */
function reachable(folder, entries) {
  const modules = new Set(entries);
  for (const module of modules) {
    for (const [, , , specifier = ''] of readFileSync(path.join(folder, `${module}.d.ts`), 'utf8').matchAll(
      SPECIFIER,
    )) {
      const next = path.posix.join(path.posix.dirname(module), specifier);
      if (!existsSync(path.join(folder, `${next}.d.ts`))) {
        throw new Failure(
          `the declaration of js/${module}.ts names ${specifier}.js, which is not published: mark what needs it @internal.`,
        );
      }
      modules.add(next);
    }
  }
  return modules;
}

/**
 * @param {string} file path from dist
 * @param {string} text
 */
function write(file, text) {
  const target = path.join(DIST, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
}
