// README.md, CONTRIBUTING.md and docs/, and the examples in them, whichever page an example is on.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * @typedef {{ file: string, text: string }} Page
 *
 * A fenced block, and the comment in the line above it.
 * @typedef {{ file: string, line: number, language: string, text: string, kind: string, name: string }} Fence
 */

/** Returns the pages that people write: what a command generates is left out. @returns {Page[]} */
export function pages() {
  const docs = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
    .map((file) => `docs/${file.replaceAll(path.sep, '/')}`)
    .filter((file) => file.endsWith('.md') && !file.includes('/.'))
    .sort();
  return ['README.md', 'CONTRIBUTING.md', ...docs].map((file) => ({
    file,
    text: readFileSync(ROOT + file, 'utf8'),
  }));
}

/** Returns every fenced block of the pages. @returns {Fence[]} */
export function fences() {
  return pages().flatMap(({ file, text }) =>
    [...text.matchAll(/(?:^<!-- ([a-z ]+): (.+) -->\n)?^```(\w*)\n([^]*?)^```$/gm)].map(
      ({ index, 1: kind = '', 2: name = '', 3: language = '', 4: content = '' }) => ({
        file,
        line: text.slice(0, index).split('\n').length,
        language,
        text: content,
        kind,
        name,
      }),
    ),
  );
}

/**
 * Returns the text of the block below `<!-- example: NAME -->`.
 * @param {string} name
 */
export function example(name) {
  return fence('example', name).text;
}

/**
 * Returns the block below `<!-- KIND: NAME -->`.
 * @param {string} kind
 * @param {string} name
 */
export function fence(kind, name) {
  const [found, ...others] = fences().filter((fence) => fence.kind === kind && fence.name === name);
  if (!found) throw new Error(`no page has the ${kind} ${name}`);
  if (others.length) throw new Error(`the ${kind} ${name} is on two pages: ${found.file} and ${others[0]?.file}`);
  return found;
}

/**
 * Returns the page that has a line.
 * @param {string} line
 */
export function pageWith(line) {
  const found = pages().filter(({ text }) => `\n${text}`.includes(`\n${line}\n`));
  if (found.length !== 1) throw new Error(`${found.length} pages have the line ${line}`);
  return /** @type {Page} */ (found[0]);
}

/** Makes an example import this checkout's package, as one that is installed. @param {string} text */
export function resolved(text) {
  return text.replace(/'(eric-sse(?:\/[\w-]+)?)'/g, (_all, name) => JSON.stringify(import.meta.resolve(name)));
}
