// The recipes: the files that a page of docs/recipes has, below `<!-- recipe: HOST/FILE -->`.

import { readdirSync, readFileSync } from 'node:fs';

const RECIPES = new URL('../../../docs/recipes/', import.meta.url);
const FENCE = /^<!-- recipe: (\S+?)\/(\S+) -->\n```\w*\n([^]*?)^```$/gm;

/**
 * Returns the files of every host, by their names.
 * @returns {Map<string, Map<string, string>>}
 */
export function recipes() {
  /** @type {Map<string, Map<string, string>>} */
  const found = new Map();
  for (const page of readdirSync(RECIPES).filter((name) => name.endsWith('.md'))) {
    const text = readFileSync(new URL(page, RECIPES), 'utf8');
    for (const [, host = '', file = '', content = ''] of text.matchAll(FENCE)) {
      const files = found.get(host) ?? new Map();
      if (files.has(file)) throw new Error(`${page} has two files ${file} for ${host}`);
      found.set(host, files.set(file, content));
    }
  }
  return found;
}

const SLOW = new URL('../slow/', import.meta.url);

/** The hosts that `npm run hosts` alone runs: folders of `slow/`, named as in the recipes. */
export const slowHosts = () =>
  readdirSync(SLOW, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
