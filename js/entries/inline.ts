/**
 * Channels, listeners and responses. The WebAssembly is inlined and compiled synchronously, so
 * that importing is enough.
 *
 * @module eric-sse
 */

import { bytes } from '../wasm/inlined.js';
import { load } from '../wasm/module.js';

try {
  load(bytes);
} catch (cause) {
  // In a window, Chromium up to 114 compiles no more than 4 kB synchronously.
  throw cause instanceof RangeError
    ? new Error('this browser needs eric-sse/slim, and `await init(url)`', { cause })
    : cause;
}

export * from '../index.js';
