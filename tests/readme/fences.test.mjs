// Every fenced block of README and docs is run by a test, or says why not.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fence, fences, pages, ROOT } from './documents.mjs';

/** The languages of blocks that are meant to run. */
const CODE = new Set(['js', 'mjs', 'ts', 'rust', 'sh', 'console', 'html', 'jsonc', 'toml']);

const sources = readdirSync(`${ROOT}tests`, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(mjs|rs)$/.test(file) && !file.endsWith(path.basename(import.meta.url)))
  .map((file) => readFileSync(path.join(ROOT, 'tests', file), 'utf8'))
  .join('\n');

/** Whether a test names it. @param {string} name */
const isNamed = (name) => ["'", '"'].some((quote) => sources.includes(quote + name + quote));
const doctests = readFileSync(`${ROOT}src/lib.rs`, 'utf8');

for (const { file, line, language, kind, name } of fences()) {
  if (!CODE.has(language)) continue;
  test(`${file}:${line} is run, or says why not`, () => {
    if (language === 'rust') return assert.ok(doctests.includes(`"../${file}"`), 'src/lib.rs does not name the page');
    assert.ok(
      ['example', 'terminal', 'recipe', 'run', 'not run'].includes(kind),
      `the block of ${language} has no such comment`,
    );
    if (kind === 'example' || kind === 'terminal') assert.ok(isNamed(name), `no test names ${name}`);
    // The tests of a host take all files of its recipe.
    const [host = ''] = name.split('/');
    if (kind === 'recipe') assert.ok(isNamed(host), `no test names ${host}`);
    if (kind === 'not run') assert.ok(name.length > 10, 'the reason is missing');
  });
}

describe('programs print what their page says', () => {
  for (const { kind, name, text } of fences()) {
    if (kind !== 'run') continue;
    test(name, { timeout: 30_000 }, async () => {
      const { code, output } = await run(text);
      assert.equal(output, fence('prints', name).text);
      assert.equal(code, 0);
    });
  }
});

/** Runs a program as a module of this package, which may import the package by its name. @param {string} text */
async function run(text) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], { cwd: ROOT, timeout: 20_000 });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (output += part));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, output };
}

describe('links', () => {
  const anchorsOf = (text) =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
  const known = new Map(pages().map(({ file, text }) => [file, text]));
  for (const { file, text } of pages()) {
    test(`of ${file} lead somewhere`, () => {
      for (const [, target] of text.replace(/```[^]*?```/g, '').matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [name, anchor] = target.split('#');
        const linked = name ? path.posix.join(path.posix.dirname(file), name) : file;
        const content = known.get(linked) ?? readFileSync(ROOT + linked, 'utf8');
        if (anchor) assert.ok(anchorsOf(content).includes(anchor), `${target} has no such heading`);
      }
    });
  }
});
