// The package with its core laid open: how many streams the core has, and how much memory. A build
// for these tests alone.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { wasmImports } from '../../../scripts/lib/wasm-imports.mjs';

/**
 * The bundle's registry: it also finalizes an object at once. Without a registry of the runtime,
 * which a test may have removed, it does nothing else.
 */
const FINALIZERS = `
const finalizers = new WeakMap();
class FinalizationRegistry {
  #finalize;
  #native = globalThis.FinalizationRegistry && new globalThis.FinalizationRegistry((once) => once());
  constructor(finalize) {
    this.#finalize = finalize;
  }
  register(target, held, token) {
    let isDone = false;
    const once = () => {
      if (!isDone) this.#finalize(held);
      isDone = true;
    };
    finalizers.set(target, once);
    this.#native?.register(target, once, token);
  }
  unregister(token) {
    this.#native?.unregister(token);
  }
}
`;

/** The default entry, and some more exports. */
const ENTRY = `
import { initSync, openStreams } from '../../pkg/eric_sse.js';
import bytes from '../../pkg/eric_sse_bg.wasm';
import { load } from '../wasm/module.js';
import { AbstractChannel } from '../channel/channel.js';
load(bytes);
export * from '../index.js';
export { openStreams };
/** Gives what is loaded already. */
export const wasmBytes = () => initSync().memory.buffer.byteLength;
/** Frees what a channel has of it, as its finalizer does. The channel is of no use any more. */
export const freeChannel = (channel) => finalizers.get(AbstractChannel.coreOf(channel).raw)();
`;

/** @returns {Promise<typeof import('eric-sse') & { openStreams: () => number, wasmBytes: () => number, freeChannel: (channel: import('eric-sse').SSEChannel) => void }>} */
export async function loadRaw() {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: inRoot('js/entries'), sourcefile: 'raw.ts', loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    keepNames: true,
    banner: { js: FINALIZERS },
    plugins: [wasmImports],
    logLevel: 'warning',
    logOverride: { 'empty-import-meta': 'silent' },
  });
  // A file and not a `data:` address, which would stand in every stack.
  const folder = await mkdtemp(path.join(tmpdir(), 'eric-sse-raw-'));
  try {
    const file = path.join(folder, 'raw.mjs');
    await writeFile(file, outputFiles[0].contents);
    return await import(pathToFileURL(file).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
