// eric-sse on Cloudflare's runtime: compiling bytes is forbidden there, hence the WebAssembly is
// imported as a module.

import { load } from '../wasm/module.js';
import module from './eric_sse_bg.wasm';

load(module);

export * from '../index.js';
