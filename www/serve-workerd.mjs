// `npm run start:workerd`: the page, served by Cloudflare's runtime. Its files come through Node,
// its events do not. `npm run start:workerd -- examples/worker`: the Worker of that folder, as its
// wrangler.jsonc describes it.

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare, Response as MiniflareResponse } from 'miniflare';
import { files } from './server/files.mjs';
import { choosePort, HOST } from './server/port.mjs';
import { workerOf } from './server/worker-of.mjs';

// Ahead of Miniflare's own handlers, which would end with a failure. It ends the runtime when this
// process exits.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));

/** Whether the runtime has just said that a client has left. */
let leaving = false;

const [folder] = process.argv.slice(2);
const miniflare = new Miniflare({
  host: HOST,
  port: await choosePort(),
  // Miniflare would ask Cloudflare for a description of this machine's place.
  cf: false,
  handleRuntimeStdio(
    /** @type {import('node:stream').Readable} */ stdout,
    /** @type {import('node:stream').Readable} */ stderr,
  ) {
    stdout.pipe(process.stdout);
    createInterface({ input: stderr }).on('line', complain);
  },
  ...(folder === undefined ? await page() : await workerOf(folder)),
});

console.log(String(await miniflare.ready));

/** Hands on what the runtime says, but not that a client has left: that is no error here. @param {string} line */
function complain(line) {
  const isOfThat = /: disconnected: /.test(line) || (leaving && line.startsWith('stack: '));
  leaving = isOfThat && !line.startsWith('stack: ');
  if (!isOfThat) console.error(line);
}

/** The page's Worker, which gets its files from here. */
async function page() {
  return {
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['enable_request_signal', 'request_signal_passthrough'],
    modules: await modules(),
    durableObjects: { ROOM: 'PageRoom' },
    serviceBindings: {
      async FILES(/** @type {any} */ request) {
        const { status, headers, body } = await files(request);
        return new MiniflareResponse(/** @type {any} */ (body), { status, headers: [...headers] });
      },
    },
  };
}

/**
 * Bundles the worker as wrangler does: with the package's `workerd` entry, and its WebAssembly as a
 * module beside.
 */
async function modules() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('worker.mjs', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd'],
    external: ['*.wasm'],
  });
  const wasm = await readFile(new URL('../dist/eric_sse_bg.wasm', import.meta.url));
  return [
    { type: /** @type {const} */ ('ESModule'), path: 'worker.mjs', contents: outputFiles[0]?.text ?? '' },
    { type: /** @type {const} */ ('CompiledWasm'), path: 'eric_sse_bg.wasm', contents: wasm },
  ];
}
