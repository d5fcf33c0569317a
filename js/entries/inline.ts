// eric-sse: the WebAssembly is inlined and compiled synchronously, so that importing is enough.

import bytes from '../../pkg/eric_sse_bg.wasm';
import { load } from '../wasm/module.js';

load(bytes);

export * from '../index.js';
