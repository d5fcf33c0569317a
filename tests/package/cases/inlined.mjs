// Whether the module inlined in the default entry is the file that is shipped beside it.
import { readFileSync } from 'node:fs';

const compiled = [];
const { Module } = WebAssembly;
WebAssembly.Module = class extends Module {
  constructor(bytes) {
    super(bytes);
    compiled.push(Buffer.from(bytes));
  }
};
await import('eric-sse');
const shipped = readFileSync(new URL(import.meta.resolve('eric-sse/eric_sse_bg.wasm')));
console.log(
  compiled.length,
  compiled.every((bytes) => bytes.equals(shipped)),
);
