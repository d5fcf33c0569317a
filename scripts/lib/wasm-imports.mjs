// The meaning of `import … from '….wasm'` for esbuild, which depends on the importer.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PKG } from './paths.mjs';
import { DECODER, encode } from './printable.mjs';

export const WASM = path.join(PKG, 'eric_sse_bg.wasm');

/** A module whose default export is the bytes. */
const BYTES = `${DECODER}\nexport default decode(WASM_AS_TEXT);`;

/** @type {import('esbuild').Plugin} */
export const wasmImports = {
  name: 'wasm-imports',
  setup({ initialOptions, onResolve, onLoad }) {
    // Defined rather than written into the module: as part of the source it would come a second
    // time, in the source map.
    initialOptions.define = { ...initialOptions.define, WASM_AS_TEXT: JSON.stringify(encode(readFileSync(WASM))) };
    onLoad({ filter: /\.wasm$/ }, () => ({ contents: BYTES }));
    // An entry that is used beside the default one takes the module from there.
    onResolve({ filter: /^\.\/inline\.js$/ }, () => ({ path: './index.js', external: true }));
    // workerd and edge runtimes forbid compiling bytes: their entries import the file beside them,
    // which is handed over compiled.
    onResolve({ filter: /^\.\/eric_sse_bg\.wasm(\?module)?$/ }, (args) => ({ path: args.path, external: true }));
  },
};
