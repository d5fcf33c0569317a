// The imports of js/ and src/, read from the sources: which file imports which, and which folder.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {'js' | 'src'} Side
 * @typedef {Map<string, Set<string>>} Graph what a node imports, by its name
 */

/** The list of folders in CONTRIBUTING.md stands in the code block behind this line. */
const LIST = /<!-- folders, top first -->\s*```\w*\n([^]*?)```/;

/**
 * The folders of each side, top first, as CONTRIBUTING.md lists them; `undefined` in a checkout
 * without the list.
 * @param {string} root
 * @returns {Record<Side, string[]> | undefined}
 */
export function listedFolders(root) {
  const [, list] = LIST.exec(readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8')) ?? [];
  if (list === undefined) return undefined;
  const [, js = '', src = ''] = /^js:([^]*)^src:([^]*)$/m.exec(list) ?? [];
  const namesIn = (/** @type {string} */ text) => text.trim().split(/\s+/);
  return { js: namesIn(js), src: namesIn(src) };
}

/**
 * Every file of a side with the files of it that it imports. Names outside of the side keep their
 * path from the root.
 * @param {string} root
 * @param {Side} side
 * @returns {Graph}
 */
export function fileGraph(root, side) {
  const folder = path.join(root, side);
  const files = filesIn(folder, side === 'js' ? '.ts' : '.rs');
  const importsOf = side === 'js' ? importsOfTypeScript : importsOfRust;
  return new Map(
    files.map((file) => {
      const imports = new Set(importsOf(readFileSync(path.join(folder, file), 'utf8'), file, folder));
      imports.delete(file);
      return [file, imports];
    }),
  );
}

/**
 * The graph of the folders. A file at the top is a folder of its own.
 * @param {Graph} files
 * @param {string[]} [listed] the folders in their order; all when left out
 * @returns {Graph}
 */
export function folderGraph(files, listed) {
  /** @type {Graph} */
  const graph = new Map();
  for (const [file, imports] of files) {
    const from = folderOf(file, listed);
    const targets = graph.get(from) ?? new Set();
    graph.set(from, targets);
    for (const imported of imports) {
      const to = folderOf(imported, listed);
      if (files.has(imported) && to !== from) targets.add(to);
    }
  }
  return graph;
}

/**
 * The folder of a file: the listed one with the longest name that it is in.
 * @param {string} file
 * @param {string[]} [listed]
 */
export function folderOf(file, listed) {
  const own = path.posix.dirname(file) === '.' ? file : path.posix.dirname(file);
  const around =
    listed?.filter((folder) => [folder, `${folder}.rs`].includes(file) || file.startsWith(`${folder}/`)) ?? [];
  return around.sort((one, other) => other.length - one.length)[0] ?? own;
}

/**
 * The groups of nodes that import each other, directly or not (Tarjan).
 * @param {Graph} graph
 * @returns {string[][]}
 */
export function circles(graph) {
  /** @type {Map<string, { index: number, low: number, onStack: boolean }>} */
  const seen = new Map();
  /** @type {string[]} */
  const stack = [];
  /** @type {string[][]} */
  const found = [];
  const visit = (/** @type {string} */ name) => {
    const node = { index: seen.size, low: seen.size, onStack: true };
    seen.set(name, node);
    stack.push(name);
    for (const next of graph.get(name) ?? []) {
      if (!graph.has(next)) continue;
      const other = seen.get(next) ?? visit(next);
      if (other.onStack) node.low = Math.min(node.low, other.low);
    }
    if (node.low === node.index) {
      const group = stack.splice(stack.indexOf(name));
      for (const member of group) /** @type {typeof node} */ (seen.get(member)).onStack = false;
      if (group.length > 1) found.push(group.sort());
    }
    return node;
  };
  for (const name of graph.keys()) if (!seen.has(name)) visit(name);
  return found;
}

/**
 * How many nodes the longest chain of imports has; a circle counts as one.
 * @param {Graph} graph
 */
export function floors(graph) {
  const groups = circles(graph);
  const groupOf = (/** @type {string} */ name) => groups.find((group) => group.includes(name)) ?? [name];
  /** @type {Map<string, number>} */
  const heights = new Map();
  /** @type {(name: string) => number} */
  const heightOf = (name) => {
    const group = groupOf(name);
    const key = /** @type {string} */ (group[0]);
    const known = heights.get(key);
    if (known !== undefined) return known;
    const below = group.flatMap((member) => [...(graph.get(member) ?? [])]).filter((next) => graph.has(next));
    const height = 1 + Math.max(0, ...below.filter((next) => !group.includes(next)).map(heightOf));
    heights.set(key, height);
    return height;
  };
  return Math.max(0, ...[...graph.keys()].map(heightOf));
}

/**
 * The imports, as `from -> to`, of a folder from one that the list does not have below it.
 * @param {Graph} files
 * @param {string[]} listed
 */
export function upward(files, listed) {
  const found = [];
  for (const [file, imports] of files) {
    for (const imported of imports) {
      if (!files.has(imported)) continue;
      const [from, to] = [file, imported].map((name) => listed.indexOf(folderOf(name, listed)));
      if (/** @type {number} */ (to) < /** @type {number} */ (from)) found.push(`${file} -> ${imported}`);
    }
  }
  return found.sort();
}

/**
 * The files of a folder with an ending, by their paths from it.
 * @param {string} folder
 * @param {string} ending
 * @returns {string[]}
 */
export function filesIn(folder, ending) {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return all
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => file.endsWith(ending))
    .sort();
}

/**
 * @param {string} text
 * @param {string} file
 * @returns {string[]}
 */
function importsOfTypeScript(text, file) {
  const specifiers = [...text.matchAll(/^(?:import|export|\})[^;]*?(?:from |import )'(\.[^']+)';$/gm)];
  return specifiers.map(([, specifier = '']) =>
    path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts'),
  );
}

/**
 * @param {string} text
 * @param {string} file
 * @param {string} folder
 */
function importsOfRust(text, file, folder) {
  const code = rustCode(text);
  const own = file === 'lib.rs' || file === 'main.rs' ? [] : file.replace(/(\/mod)?\.rs$/, '').split('/');
  const children = [...code.matchAll(/^(?:pub(?:\(\w+\))? )?mod (\w+);/gm)].map(([, name]) => name);
  const paths = [...code.matchAll(/\buse ([^;]+);/g)].flatMap(([, tree = '']) => expanded(tree));
  const others = [...code.replace(/\buse [^;]+;/g, '').matchAll(/\b(?:crate|super|self)(?:::\w+)+/g)];
  for (const [name] of others) paths.push(name);
  return paths.flatMap((name) => {
    const segments = name.split('::').map((segment) => segment.trim().replace(/ as .*/, ''));
    const [first = ''] = segments;
    if (first === 'crate' || first === 'eric_sse') return [moduleFile(segments.slice(1), folder)];
    if (first === 'self') return [moduleFile([...own, ...segments.slice(1)], folder)];
    if (children.includes(first)) return [moduleFile([...own, ...segments], folder)];
    if (first !== 'super') return [];
    const up = segments.findIndex((segment) => segment !== 'super');
    return [moduleFile([...own.slice(0, -up), ...segments.slice(up)], folder)];
  });
}

/** Without comments and without the tests at the end of a file. @param {string} text */
export function rustCode(text) {
  return text.replace(/^#\[cfg\(test\)\]\s*mod \w+ \{\n[^]*?^\}/gm, '').replace(/\/\/.*$/gm, '');
}

/**
 * The paths that a `use` tree names: `a::{b, c::d}` are `a::b` and `a::c::d`.
 * @param {string} tree
 * @returns {string[]}
 */
function expanded(tree) {
  const brace = tree.indexOf('{');
  if (brace < 0) return [tree.replace(/\s+/g, ' ').trim()];
  const prefix = tree.slice(0, brace).trim();
  const parts = [''];
  let depth = 0;
  for (const character of tree.slice(brace + 1, tree.lastIndexOf('}'))) {
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(parts.pop() + character);
    if (character === '{') depth++;
    if (character === '}') depth--;
  }
  return parts.filter((part) => part.trim() !== '').flatMap((part) => expanded(part).map((end) => prefix + end));
}

/**
 * The file of the innermost module that a path names.
 * @param {string[]} segments
 * @param {string} folder
 */
function moduleFile(segments, folder) {
  for (let length = segments.length; length > 0; length--) {
    const name = segments.slice(0, length).join('/');
    for (const file of [`${name}.rs`, `${name}/mod.rs`]) if (existsSync(path.join(folder, file))) return file;
  }
  return 'lib.rs';
}
