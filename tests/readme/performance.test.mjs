// The page of performance has the figures of the last bench, in the words of today's cases.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BEGIN, END, figures, reworded, tablesOf } from '../../scripts/lib/bench-pages.mjs';
import { pageWith } from './documents.mjs';

test('the page of performance has the figures of the last bench', () => {
  const [, tables] = pageWith(BEGIN).text.split(new RegExp(`${BEGIN}\n|${END}`));
  assert.equal(tables, tablesOf(figures()));
});

test('a title, an aim or a note that changes reaches the page by `npm run bench -- --words`', async () => {
  const { cases } = figures();
  assert.deepEqual(cases, await Promise.all(cases.map(reworded)));
});
