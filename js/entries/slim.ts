// eric-sse/slim: for those who host `eric_sse_bg.wasm` themselves. Call `init` before anything else.

import { load, type Bytes, type CompiledModule } from '../runtime.js';

/**
 * Instantiates the WebAssembly. Later calls do nothing.
 *
 * @param source The compiled module, its bytes (compiled synchronously), or a `Response` or URL to fetch and compile.
 * @throws {Error} when the URL does not answer with success.
 */
export async function init(source: CompiledModule | Bytes | Response | URL | string): Promise<void> {
  if (source instanceof WebAssembly.Module) return load(source);
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return load(source);
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok) throw new Error(`eric-sse: the WebAssembly at ${response.url} was answered with ${response.status}`);
  load(await response.arrayBuffer());
}

export { load as initSync } from '../runtime.js';
export * from '../index.js';
