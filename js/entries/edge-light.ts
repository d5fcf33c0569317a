// eric-sse in edge runtimes, such as that of Next.js: compiling bytes is forbidden there, hence the
// bundler hands the WebAssembly over as a compiled module.

import { load } from '../wasm/module.js';
import module from './eric_sse_bg.wasm?module';

load(module);

export * from '../index.js';
