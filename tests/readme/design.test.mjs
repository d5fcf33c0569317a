// The pages about the design name what exists, and lists of pages have every page.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { filesIn } from '../../scripts/lib/house.mjs';
import { STAGES } from '../../scripts/lib/stages.mjs';
import { definitionsIn } from './definitions.mjs';
import { pages, ROOT } from './documents.mjs';

const code = ['src', 'js']
  .flatMap((folder) =>
    ['.rs', '.ts'].flatMap((ending) => filesIn(ROOT + folder, ending).map((file) => `${folder}/${file}`)),
  )
  .map((file) => readFileSync(ROOT + file, 'utf8'))
  .join('\n');

/** What a page has between backticks. @param {string} text */
const names = (text) => [...text.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, name]) => name);

test('the pages about the design name nothing that is gone', () => {
  for (const { file, text } of pages()) {
    if (!file.startsWith('docs/design/')) continue;
    for (const name of names(text)) {
      const what = `${file}: ${name}`;
      if (/^(src|js|scripts|tests|benches|fuzz)\/[\w/.-]+$/.test(name)) assert.ok(existsSync(ROOT + name), what);
      const [, method] = /^[A-Z]\w+::(\w+)$/.exec(name) ?? [];
      if (method) assert.match(code, new RegExp(`\\bfn ${method}\\b`), what);
      if (/^[A-Z][a-z]+[A-Z]\w+$/.test(name)) assert.match(code, new RegExp(`\\b${name}\\b`), what);
    }
  }
});

test('the three ways name functions that are defined in the file before them', () => {
  const { text } = pages().find(({ file }) => file === 'docs/design/three-ways.md');
  const [, ...ways] = text.split(/^## /m);
  assert.equal(ways.length, 3);
  for (const way of ways) {
    const [title = ''] = way.split('\n', 1);
    const [steps = '', back] = way.split('\nWhere the way doubles back:\n');
    assert.ok(back, `${title}: it does not say where it doubles back`);
    /** @type {{ file: string, functions: string[] }[]} */
    const stops = [];
    for (const name of names(steps)) {
      if (name.includes('/')) stops.push({ file: name, functions: [] });
      else stops.at(-1)?.functions.push(name);
    }
    for (const { file, functions } of stops) {
      assert.ok(functions.length > 0, `${title}: ${file} is named without a function`);
      const gone = functions.filter((name) => !definitionsIn(file).has(name));
      assert.deepEqual(gone, [], `${title}: ${file} does not define these`);
    }
    const defined = new Set(stops.flatMap(({ file }) => [...definitionsIn(file)]));
    for (const name of names(back)) assert.ok(defined.has(name), `${title}: no file of the way defines ${name}`);
  }
});

test('the reference names methods of the crate that exist', () => {
  const { text } = pages().find(({ file }) => file === 'docs/reference/javascript.md');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const cells = rows.flatMap((row) => names(row.split('|')[2] ?? ''));
  const methods = cells.map((name) => /^(?:\w+::)?(\w+)/.exec(name)?.[1] ?? name);
  assert.ok(methods.length > 40);
  const gone = methods.filter((method) => !new RegExp(`\\b(pub (async )?fn|struct|type) ${method}\\b`).test(code));
  assert.deepEqual(gone, []);
});

for (const list of ['docs/design/decisions', 'docs/recipes'])
  test(`${list}.md has a link to every page of its folder`, () => {
    const { text } = pages().find(({ file }) => file === `${list}.md`);
    for (const { file } of pages())
      if (file.startsWith(`${list}/`))
        assert.ok(text.includes(`(${path.posix.relative(path.posix.dirname(list), file)})`), file);
  });

test('the drawings of the overview are those of the code', () => {
  const { text } = pages().find(({ file }) => file === 'docs/design/overview.md');
  for (const file of ['src/queue/mod.rs', 'src/channel/mod.rs', 'src/queue/plan.rs']) {
    const header = readFileSync(ROOT + file, 'utf8')
      .match(/^\/\/!.*$/gm)
      .map((line) => line.replace(/^\/\/! ?/, ''));
    const [drawing] = /^```text\n[^]*?^```$/m.exec(header.join('\n')) ?? [];
    assert.ok(drawing, `${file} has no drawing`);
    assert.ok(text.includes(`(\`${file}\`)`), `the page does not say that it shows the drawing of ${file}`);
    assert.ok(text.includes(drawing), `the drawing of ${file} has changed: change the page alike`);
  }
});

test('the page about the tests has every place and every folder', () => {
  const { text } = pages().find(({ file }) => file === 'docs/design/tests.md');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const cells = rows.map((row) => row.split('|').slice(1, 3).map(names));
  assert.deepEqual(cells.flatMap(([places]) => places).sort(), STAGES.map(({ place }) => place).sort());
  for (const name of cells.flatMap(([, folders]) => folders)) assert.ok(existsSync(`${ROOT}tests/${name}`), name);
});
