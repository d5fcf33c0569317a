// The decoder, in Node.

import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import * as esm from 'eric-sse/client';
import decoding from './suite/decoding.mjs';
import eventStream from './suite/event-stream.mjs';

const cjs = createRequire(import.meta.url)('eric-sse/client');

for (const [way, client] of Object.entries({ import: esm, require: cjs }))
  describe(`the decoder, by ${way}`, () => {
    for (const register of [decoding, eventStream])
      register(client, (name, run) => test(name, { timeout: 30_000 }, run));
  });
