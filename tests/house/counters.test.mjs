// The counters cross from Rust to JavaScript by position: both sides name them in one order.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';

const read = (file) => readFileSync(inRoot(file), 'utf8');

test('JavaScript takes the counters in the order in which Rust gives them', () => {
  const [, given] = /let numbers = \[([^\]]*)\]/.exec(read('src/wasm/channels.rs'));
  const [, taken] = /const \[([^\]]*)\] = raw\(channel\)\.stats/.exec(read('js/wasm/calls.ts'));
  const rust = [...given.matchAll(/\.(\w+),/g)].map(([, name]) =>
    name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()),
  );
  const js = [...taken.matchAll(/(\w+) = 0/g)].map(([, name]) => name);
  assert.ok(rust.length > 10);
  assert.deepEqual(js, rust);
});
