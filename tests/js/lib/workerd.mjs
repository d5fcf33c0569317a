// Cloudflare's runtime with the Worker under test, through Miniflare.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { version } from 'workerd';
import { bundled } from './bundle.mjs';

/** @returns {{ ready: Promise<URL>, output: () => string, stop: () => Promise<void> | undefined }} */
export function startWorkerd() {
  let output = '';
  /** @type {Miniflare | undefined} */
  let miniflare;
  const start = async () => {
    const contents = await bundled('workerd-worker.mjs', {
      conditions: ['workerd', 'worker', 'browser', 'import'],
      external: ['cloudflare:workers', '*.wasm'],
    });
    const wasm = fileURLToPath(new URL('../../../dist/eric_sse_bg.wasm', import.meta.url));
    miniflare = new Miniflare({
      host: '127.0.0.1',
      port: 0,
      compatibilityDate: '2026-04-01',
      modulesRoot: '/',
      modules: [
        { type: 'ESModule', path: '/worker.mjs', contents },
        { type: 'CompiledWasm', path: '/eric_sse_bg.wasm', contents: readFileSync(wasm) },
      ],
      durableObjects: { ROOM: { className: 'Room', useSQLite: true } },
      handleRuntimeStdio: (stdout, stderr) => {
        for (const stream of [stdout, stderr]) stream.on('data', (data) => (output += data));
      },
    });
    return miniflare.ready;
  };
  return { ready: start(), output: () => output, stop: () => miniflare?.dispose() };
}

const PATHS = { worker: '/suite', object: '/room/suite' };

/** @returns {import('./places.mjs').Host & { ready: Promise<URL> }} */
export function workerdHost() {
  const { ready, output, stop } = startWorkerd();
  // A failure belongs to the tests that wait for it, which then say why.
  ready.catch(() => {});
  return {
    ready,
    async run(place, tell) {
      const response = await fetch(new URL(PATHS[place], await ready));
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      let text = '';
      for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
        text += part;
        const lines = text.split('\n');
        text = lines.pop();
        for (const line of lines) tell(JSON.parse(line));
      }
    },
    version: () => version,
    output,
    stop,
  };
}
