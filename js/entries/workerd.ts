// eric-sse on Cloudflare's runtime: compiling bytes is forbidden there, hence the WebAssembly is imported as a module.

import module from './eric_sse_bg.wasm';
import { load } from '../runtime.js';

load(module);

export * from '../index.js';
