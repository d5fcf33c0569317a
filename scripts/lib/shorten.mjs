// Short names between JavaScript and WebAssembly. wasm-bindgen's own are read by nobody, stand on
// both sides, and end in hashes that no compression can do anything about.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { simplified } from './bindings.mjs';
import { Failure } from './failure.mjs';

/** @typedef {import('binaryen').default.Module} Module */

/** The module that the WebAssembly imports from, by wasm-bindgen and by us. */
const IMPORTED_FROM = './eric_sse_bg.js';
const SHORT_FROM = 'w';

/**
 * The parts of wasm-bindgen's loaders that js/wasm/module.ts loads with. The loaders themselves
 * refuse a module of another realm, know no way that works both at once and later, and warn on the
 * console.
 */
const OWN_LOADING = 'export { __wbg_get_imports as importsOfModule, __wbg_finalize_init as useInstance };\n';
const OWN_LOADING_TYPES = `
export function importsOfModule(): WebAssembly.Imports;
export function useInstance(instance: WebAssembly.Instance, module?: WebAssembly.Module): void;
`;

/** @param {string} folder where wasm-bindgen has left both files, which are replaced */
export async function shortenNames(folder) {
  const [wasmFile, glueFile] = [path.join(folder, 'eric_sse_bg.wasm'), path.join(folder, 'eric_sse.js')];
  const { default: binaryen } = await import('binaryen');
  const module = binaryen.readBinary(readFileSync(wasmFile));
  // The items that the compiler uses. With all of them binaryen would write imports in a form that
  // runtimes do not read yet.
  const { BulkMemory, ReferenceTypes, SignExt, NontrappingFPToInt, MutableGlobals, Multivalue } = binaryen.Features;
  module.setFeatures(BulkMemory | ReferenceTypes | SignExt | NontrappingFPToInt | MutableGlobals | Multivalue);
  try {
    let glue = simplified(readFileSync(glueFile, 'utf8'));
    const exported = shortenExports(binaryen, module);
    glue = glue.replace(/\bwasm\.(\w+)/g, (_, name) => `wasm.${renamed(exported, name)}`);
    const imported = shortenImports(binaryen, module);
    for (const [name, short] of imported) {
      if (!glue.includes(`${name}: `))
        throw new Failure(
          `the bindings do not offer ${name}: does wasm-bindgen write them in another way now? See scripts/lib/shorten.mjs.`,
        );
      glue = glue.replace(`${name}: `, `${short}: `);
    }
    // Exports that are not imported, because nothing is left that would call them.
    glue = glue.replace(/^( +)__wb\w+: function[^]*?^\1\},?.*\n/gm, '');
    glue = glue.replaceAll('__wbg_ptr', 'ptr');
    glue = glue.replace(`"${IMPORTED_FROM}": `, `"${SHORT_FROM}": `);
    glue += OWN_LOADING;
    writeFileSync(wasmFile, module.emitBinary());
    writeFileSync(glueFile, glue);
    appendFileSync(path.join(folder, 'eric_sse.d.ts'), OWN_LOADING_TYPES);
  } finally {
    module.dispose();
  }
}

/**
 * @param {Map<string, string>} names
 * @param {string} name
 */
function renamed(names, name) {
  const short = names.get(name);
  if (short === undefined)
    throw new Failure(`the bindings use ${name}, which the WebAssembly does not export. See scripts/lib/shorten.mjs.`);
  return short;
}

/**
 * @param {typeof import('binaryen').default} binaryen
 * @param {Module} module
 */
function shortenExports(binaryen, module) {
  const add = {
    [binaryen.ExternalFunction]: module.addFunctionExport,
    [binaryen.ExternalTable]: module.addTableExport,
    [binaryen.ExternalMemory]: module.addMemoryExport,
    [binaryen.ExternalGlobal]: module.addGlobalExport,
  };
  const all = Array.from({ length: module.getNumExports() }, (_, i) =>
    binaryen.getExportInfo(module.getExportByIndex(i)),
  );
  return new Map(
    all.map(({ kind, name, value }, index) => {
      // `memory` is what users of `eric-sse/slim` and debuggers look for.
      const short = name === 'memory' ? name : nameOf(index);
      module.removeExport(name);
      add[kind]?.call(module, value, short);
      return [name, short];
    }),
  );
}

/**
 * @param {typeof import('binaryen').default} binaryen
 * @param {Module} module
 */
function shortenImports(binaryen, module) {
  const all = Array.from({ length: module.getNumFunctions() }, (_, i) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(i)),
  );
  const imported = all.filter(({ module: from }) => from);
  return new Map(
    imported.map(({ name, module: from, base, params, results }, index) => {
      module.removeFunction(name);
      if (from !== IMPORTED_FROM)
        throw new Failure(`the WebAssembly imports from ${from}. See scripts/lib/shorten.mjs.`);
      module.addFunctionImport(name, SHORT_FROM, nameOf(index), params, results);
      return [base, nameOf(index)];
    }),
  );
}

/** `a`, `b`, …, `z`, `A`, …, `a1`, … @param {number} index */
function nameOf(index) {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  return `${letters[index % letters.length]}${Math.floor(index / letters.length) || ''}`;
}
