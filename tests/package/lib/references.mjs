// Which files of the package lead to which others.

import { readFileSync } from 'node:fs';
import path from 'node:path';

// A specifier ends where the code does, so that minified code is read too.
const IMPORT = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(["'])([^"'\n]+)\1/g;
const SOURCE_MAP = /^\/\/# sourceMappingURL=(.+)$/gm;

/**
 * The targets of a manifest's exports, and of the fields for those who do not read exports. A `*`
 * stands for nothing, or for a query that a bundler reads.
 * @param {any} manifest
 * @returns {string[]} from the package's folder
 */
export function targetsOf({ main, module, types, exports }) {
  const leaves = (value) => (typeof value === 'string' ? value.replace('*', '') : Object.values(value).flatMap(leaves));
  return [...new Set([main, module, types, ...leaves(exports)].map((target) => path.posix.normalize(target)))];
}

/**
 * The references of a file: its imports, and its source map.
 * @param {string} folder the package's
 * @param {string} file from there
 * @returns {string[]} files from there, or packages
 */
export function referencesOf(folder, file) {
  if (!/\.(js|cjs|d\.ts|d\.cts)$/.test(file)) return [];
  const text = readFileSync(path.join(folder, file), 'utf8').replace(/\/\*\*.*?\*\//gs, '');
  // What is behind a `?` is for a bundler.
  const beside = (name) => path.posix.join(path.posix.dirname(file), name.replace(/\?.*/, ''));
  const imported = [...text.matchAll(IMPORT)].map(([, , name]) => (name.startsWith('.') ? beside(name) : name));
  const maps = [...text.matchAll(SOURCE_MAP)].map(([, name]) => beside(name));
  return [...imported.map((name) => declarationOf(file, name)), ...maps];
}

/** A declaration imports the module, and means its declaration. */
function declarationOf(file, imported) {
  if (file.endsWith('.d.ts')) return imported.replace(/\.js$/, '.d.ts');
  if (file.endsWith('.d.cts')) return imported.replace(/\.cjs$/, '.d.cts');
  return imported;
}

/**
 * All files that can be reached.
 * @param {string} folder
 * @param {string[]} from
 */
export function reachable(folder, from) {
  const files = new Set(from);
  for (const file of files) for (const next of referencesOf(folder, file)) files.add(next);
  return files;
}
