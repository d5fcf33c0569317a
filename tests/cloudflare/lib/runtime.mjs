// Cloudflare's runtime with the Worker under test, which can be ended and started again over the
// same storage.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { kCurrentWorker, Miniflare } from 'miniflare';
import { bundled } from '../../js/lib/bundle.mjs';
import { subscribe } from '../../js/lib/sse-client.mjs';

const WASM = fileURLToPath(new URL('../../../dist/eric_sse_bg.wasm', import.meta.url));
const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));

const CLASSES = {
  CHANNEL: 'Channel',
  BRIEF: 'Brief',
  WIDE: 'Wide',
  PACED: 'Paced',
  SLOW: 'Slow',
  ANSWERING: 'Answering',
  PLAIN: 'Plain',
};

export async function startRuntime() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-cloudflare-'));
  const contents = await bundled(WORKER, {
    conditions: ['workerd', 'worker', 'browser', 'import'],
    external: ['cloudflare:workers', '*.wasm'],
  });
  let output = '';
  const start = () =>
    new Miniflare({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      compatibilityDate: '2026-04-01',
      compatibilityFlags: ['enable_request_signal', 'request_signal_passthrough'],
      modulesRoot: '/',
      modules: [
        { type: 'ESModule', path: '/worker.mjs', contents },
        { type: 'CompiledWasm', path: '/eric_sse_bg.wasm', contents: readFileSync(WASM) },
      ],
      durableObjects: Object.fromEntries(
        Object.entries(CLASSES).map(([name, className]) => [name, { className, useSQLite: true }]),
      ),
      // Seems to have every method that an object's binding has, and comes before those.
      serviceBindings: { ANOTHER: kCurrentWorker },
      durableObjectsPersist: folder,
      handleRuntimeStdio: (stdout, stderr) => {
        for (const stream of [stdout, stderr]) stream.on('data', (data) => (output += data));
      },
    });
  let miniflare = start();
  let url = await miniflare.ready;

  return {
    output: () => output,
    /**
     * Ends every object, as a deployment or a crash of the machine does, and starts over with what
     * is stored.
     */
    async restart() {
      await miniflare.dispose();
      miniflare = start();
      url = await miniflare.ready;
    },
    /** Ends the runtime as a crash does, without a word. `restart` starts it again. */
    kill() {
      // Of this process's children it is the one of that name.
      process.kill(
        Number(execFileSync('pgrep', ['-P', String(process.pid), 'workerd'], { encoding: 'utf8' })),
        'SIGKILL',
      );
    },
    async stop() {
      await miniflare.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
    at: (pathname, query = {}) => {
      const address = new URL(pathname, url);
      for (const [key, value] of Object.entries(query)) {
        if (value !== undefined)
          address.searchParams.set(key, typeof value === 'string' ? value : JSON.stringify(value));
      }
      return address;
    },
  };
}

let channels = 0;

/** A channel of the test's own. @param {Awaited<ReturnType<typeof startRuntime>>} runtime */
export function channelOf(runtime, kind = 'channel', always = {}) {
  const channel = `channel-${++channels}`;
  const at = (what, query = {}) => runtime.at(`/${kind}/${what}`, { channel, ...always, ...query });
  const ask = async (what, query, body) => {
    const response = await fetch(at(what, query), body ? { method: 'POST', body: JSON.stringify(body) } : {});
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text}`);
    const { value, error } = JSON.parse(text);
    if (error) throw Object.assign(new Error(error.message), { name: error.name });
    return value;
  };
  return {
    at,
    channel,
    /** Calls a method of the object. */
    call: (method, ...args) => ask('rpc', {}, { method, args }),
    say: (payload, options) =>
      ask('rpc', {}, { method: 'broadcast', args: [{ type: 'n', payload }, ...(options ? [options] : [])] }),
    flood: (from, to) => ask('flood', { from, to }),
    /** How often `futile`, `lost` or `ghost` was asked for a WebSocket. */
    asked: () => ask('asked'),
    /** @param {{ options?: object, lastEventId?: string, how?: 'subscribe' | 'relay' | 'lost' | 'ghost', relay?: object, who?: string, leaves?: number, answers?: number }} [wish] */
    async subscribe({ lastEventId, how = 'subscribe', ...query } = {}) {
      const again = () => subscribe(at(how, query), lastEventId ? { headers: { 'Last-Event-ID': lastEventId } } : {});
      // An object that ends takes connections along that the client would use again: it tries once
      // more, as an EventSource does.
      return again().catch((error) => (error.message === 'fetch failed' ? again() : Promise.reject(error)));
    },
  };
}

/** The data of some events, as numbers. */
export const numbers = (events) => events.map(({ data }) => Number(data));

/** @param {number} from @param {number} to */
export const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
