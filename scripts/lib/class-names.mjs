// Public classes keep their names when identifiers are shortened: they reach the user in
// `console.log`, in stack traces and in `error.constructor.name`. esbuild's `keepNames` would do it
// for every function too, and for hundreds of bytes more.

import { readFile } from 'node:fs/promises';
import { inRoot } from './paths.mjs';

const EXPORTED_CLASS = /^export (?:abstract )?class (\w+)[^{]*\{/gm;
const NAME = /\w+/g;
const COMMENT = /^\/\/.*$/gm;

/** The public entries. */
const LISTS = ['js/index.ts', 'js/entries/node.ts', 'js/entries/client.ts'];

/**
 * A bundler may leave out a class with a static field, and never one with a static block. Programs
 * import single classes of the client.
 * @param {string} file
 * @param {string} name
 */
const nameOf = (file, name) =>
  file.startsWith(inRoot('js', 'client'))
    ? ` static name = '${name}';`
    : ` static { Object.defineProperty(this, 'name', { value: '${name}' }); }`;

/** @type {import('esbuild').Plugin} */
export const classNames = {
  name: 'class-names',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      if (!file.startsWith(inRoot('js'))) return null;
      const [source = '', ...lists] = await Promise.all(
        [file, ...LISTS.map((list) => inRoot(list))].map((name) => readFile(name, 'utf8')),
      );
      const names = new Set(lists.flatMap((list) => list.replace(COMMENT, '').match(NAME) ?? []));
      return {
        contents: source.replace(EXPORTED_CLASS, (start, name) =>
          names.has(name) ? start + nameOf(file, name) : start,
        ),
        loader: 'ts',
      };
    });
  },
};
