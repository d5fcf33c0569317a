// Public classes keep their names when identifiers are shortened: they reach the user in
// `console.log`, in stack traces and in `error.constructor.name`. esbuild's `keepNames` would do it
// for every function too, and for hundreds of bytes more.

import { readFile } from 'node:fs/promises';
import { inRoot } from './paths.mjs';

const EXPORTED_CLASS = /^export (?:abstract )?class (\w+)[^{]*\{/gm;
const NAME = /\w+/g;
const COMMENT = /^\/\/.*$/gm;

/** The public entries. */
const LISTS = [
  'js/index.ts',
  'js/entries/node.ts',
  'js/entries/multiplex.ts',
  'js/entries/backend.ts',
  'js/entries/client.ts',
];

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
          // A getter and not a static block: bundlers leave out a class that a program does not
          // use.
          names.has(name) ? `${start} static get name() { return '${name}'; }` : start,
        ),
        loader: 'ts',
      };
    });
  },
};
