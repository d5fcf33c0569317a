// The names that the build shortens are those of members.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { NAMES } from '../../scripts/lib/internal-names.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';

test('every name that the build shortens is one of a member', () => {
  const source = readdirSync(inRoot('js'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(inRoot('js', name), 'utf8'))
    .join('\n');
  assert.deepEqual(
    NAMES.filter((name) => !new RegExp(`\\b${name}\\b`).test(source)),
    [],
  );
});
