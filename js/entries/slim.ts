// eric-sse/slim: for those who host `eric_sse_bg.wasm` themselves. Call `init` before anything else.

import { type Bytes, type CompiledModule, load } from '../wasm/module.js';

/**
 * Instantiates the WebAssembly. Later calls do nothing.
 *
 * @param source The compiled module, its bytes (compiled synchronously), a `Response` or the promise of one, or a URL to fetch.
 * @throws {Error} when the URL does not answer with success.
 */
export async function init(
  source: CompiledModule | Bytes | Response | PromiseLike<Response> | URL | string,
): Promise<void> {
  const given = await source;
  if (given === undefined)
    throw new TypeError('init wants the WebAssembly: a compiled module, its bytes, a Response or a URL');
  if (given instanceof WebAssembly.Module) return load(given);
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return load(given);
  const response = given instanceof Response ? given : await fetch(given as URL | string);
  if (!response.ok)
    throw new Error(
      `eric-sse: the WebAssembly at ${response.url || 'the given response'} was answered with ${response.status}`,
    );
  load(await response.arrayBuffer());
}

export * from '../index.js';
export { load as initSync } from '../wasm/module.js';
