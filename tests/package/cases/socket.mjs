// eric-sse/node: what it exports, and what it loads.
import { createRequire } from 'node:module';

let compiled = 0;
const { Module } = WebAssembly;
WebAssembly.Module = class extends Module {
  constructor(bytes) {
    super(bytes);
    compiled++;
  }
};
const node = await import('eric-sse/node');
const required = createRequire(import.meta.url)('eric-sse/node');
const loaded = compiled;
const whole = await import('eric-sse');
const names = Object.keys(node).sort();
console.log(
  JSON.stringify({
    compiled: loaded,
    alike: names.every((name) => !(name in whole) || new whole[name]('text').code === new node[name]('text').code),
    names,
    required: Object.keys(required).sort(),
    // Of classes: what a function is called nobody sees.
    named: names
      .filter((name) => /^[A-Z]/.test(name))
      .filter((name) => node[name].name !== name || required[name].name !== name),
  }),
);
