/**
 * As `eric-sse`, for programs that host `eric_sse_bg.wasm` themselves. Call `init` before anything
 * else.
 *
 * @module eric-sse/slim
 */

import { type Bytes, type CompiledModule, isCompiled, loadLater } from '../wasm/module.js';

/**
 * Instantiates the WebAssembly, without compiling synchronously. Later calls do nothing.
 *
 * @param source The compiled module, its bytes, a `Response` or the promise of one, or a URL to
 *   fetch.
 * @throws {TypeError} when the source has another type.
 * @throws {Error} when the URL does not answer with success.
 */
export async function init(
  source: CompiledModule | Bytes | Response | PromiseLike<Response> | URL | string,
): Promise<void> {
  const given = await source;
  if (typeof given === 'string' || given instanceof URL) return loadLater(await bytesOf(await fetch(given)));
  // By their shape: each of these may come from another realm.
  if (typeof given === 'object' && given !== null) {
    if ('arrayBuffer' in given) return loadLater(await bytesOf(given));
    if (isCompiled(given) || 'byteLength' in given) return loadLater(given);
  }
  throw new TypeError('init() expects a compiled module, its bytes, a Response or a URL');
}

async function bytesOf(response: Response): Promise<ArrayBuffer> {
  if (response.ok) return response.arrayBuffer();
  throw new Error(
    `eric-sse: the WebAssembly at ${response.url || 'the given response'} was answered with ${response.status}`,
  );
}

export * from '../index.js';
export { load as initSync } from '../wasm/module.js';
