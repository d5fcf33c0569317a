// How long a file may be, of code or for its first readers.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { filesIn } from '../../scripts/lib/house.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { LONGER } from './lib/exceptions.mjs';

const MOST_LINES = 300;
const FOLDERS = ['js', 'src', 'tests', 'scripts', 'benches', 'fuzz', 'examples', 'www'];
const FOREIGN = /(^|\/)(node_modules|target|dist|pkg|corpus|artifacts)\//;

test(`a file has at most ${MOST_LINES} lines, except where the list gives a reason`, () => {
  const longer = FOLDERS.flatMap((folder) =>
    ['.ts', '.mjs', '.rs'].flatMap((ending) =>
      filesIn(path.join(ROOT, folder), ending)
        .map((file) => `${folder}/${file}`)
        .filter((file) => !FOREIGN.test(file))
        .filter((file) => readFileSync(path.join(ROOT, file), 'utf8').split('\n').length - 1 > MOST_LINES),
    ),
  );
  assert.deepEqual(
    longer.filter((file) => !(file in LONGER)),
    [],
  );
  for (const [file, reason] of Object.entries(LONGER)) assert.match(reason, /\w+ \w+/, file);
});

for (const [page, most] of Object.entries({ 'README.md': 200, 'CONTRIBUTING.md': 100 }))
  test(`${page} has at most ${most} lines`, () => {
    const lines = readFileSync(path.join(ROOT, page), 'utf8').split('\n').length - 1;
    assert.ok(lines <= most, `it has ${lines}`);
  });
