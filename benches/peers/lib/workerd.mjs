// A Worker under Miniflare, and how long its first request takes.

import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { check } from './case.mjs';

const DIST = fileURLToPath(new URL('../../../dist/', import.meta.url));
const SCRIPT = `${DIST}bench-worker.js`;

/**
 * Returns the milliseconds from a request to the first message of its answer: of the first request,
 * and of the tenth.
 * @param {string} script a module, as if it stood in dist/
 */
export async function firstRequest(script) {
  const miniflare = new Miniflare({
    modules: true,
    modulesRoot: DIST,
    modulesRules: [
      { type: 'ESModule', include: ['**/*.js'] },
      { type: 'CompiledWasm', include: ['**/*.wasm'] },
    ],
    script,
    scriptPath: SCRIPT,
    compatibilityDate: '2026-04-01',
    host: '127.0.0.1',
    // Miniflare would ask Cloudflare for a description of this machine's place.
    cf: false,
  });
  const url = await miniflare.ready;
  /** @type {number[]} */
  const milliseconds = [];
  for (let i = 0; i < 10; i++) {
    const start = performance.now();
    const reader = /** @type {ReadableStream<Uint8Array>} */ ((await fetch(url)).body).getReader();
    let text = '';
    while (!text.includes('data: 1\n\n')) {
      const { done, value } = await reader.read();
      check(!done, 'the Worker has ended its response');
      text += Buffer.from(value).toString();
    }
    milliseconds.push(performance.now() - start);
    await reader.cancel();
  }
  await miniflare.dispose();
  return { first: milliseconds[0] ?? NaN, later: milliseconds.at(-1) ?? NaN };
}
