// The suite in Node, with the package as published: by its own name, through the exports, in both
// module systems. And over real HTTP.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import * as esm from 'eric-sse';
import { HTTP1 } from './lib/clients.mjs';
import { registerNodeHttp } from './lib/node-http.mjs';
import { served } from './lib/site.mjs';
import suite from './suite/index.mjs';

const cjs = createRequire(import.meta.url)('eric-sse');

for (const [runtime, eric] of Object.entries({ 'Node, import': esm, 'Node, require': cjs })) {
  describe(runtime, () => {
    for (const { name, run } of suite(eric)) test(name, { timeout: 30_000 }, run);
  });
}

describe('Node, over HTTP', () => {
  registerNodeHttp(
    esm,
    (answering) => served((request) => answering().channel.response(request, answering().options)),
    HTTP1,
  );
});

describe('Node, the two builds', () => {
  test('they offer the same names', () => {
    assert.deepEqual(Object.keys(esm).sort(), Object.keys(cjs).sort());
  });

  test('they are two, each with classes of its own', () => {
    assert.notEqual(esm.SSEChannel, cjs.SSEChannel);
    assert.notEqual(esm.MessageQueueListener, cjs.MessageQueueListener);
  });
});
