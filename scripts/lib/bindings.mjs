// The JavaScript that wasm-bindgen writes, without what the package does not need. It is written
// for any caller; here it has one, js/wasm/calls.ts, which checks what it passes.

import { Failure } from './failure.mjs';

/**
 * A pattern of the bindings, and what takes its place. Every pattern must be found, so that a new
 * version of wasm-bindgen cannot bring the bytes back unseen.
 * @type {[RegExp, string | ((...found: string[]) => string)][]}
 */
const SIMPLER = [
  // Channels are freed by the garbage collector alone.
  [/^if \(Symbol\.dispose\) .*\n/m, ''],
  [/^ {4}__destroy_into_raw\(\) \{[^]*?^ {4}\}\n {4}free\(\) \{[^]*?^ {4}\}\n/m, ''],
  [/, unregister: \(\) => \{\}/, ''],
  [/(Finalization\.register\(this, this\.\w+), this\)/, '$1)'],
  // Every runtime has `encodeInto`, and there is one allocator.
  [/^ {4}if \(realloc === undefined\) \{[^]*?^ {4}\}\n/m, ''],
  [/^if \(!\('encodeInto' in [^]*?^\}\n/m, ''],
  [/\(arg, malloc, realloc\)/, '(arg)'],
  [/(passStringToWasm0\(\w+), wasm\.__wbindgen_malloc, wasm\.__wbindgen_realloc\)/g, '$1)'],
  [/(?<!\.)\b((?:m|re)alloc)\(/g, 'wasm.__wbindgen_$1('],
  // WebAssembly converts its arguments to numbers itself.
  [/^ {8}const val\d+ = [^]*?^ {4}\}\n/gm, withoutConversions],
  // The arguments are strings: copying them does not throw.
  [
    /^ {8}let ptr0, len0, .*\n {8}try \{\n([^]*?)^ {8}\} catch [^]*?^ {8}\}\n/gm,
    (_, pass = '') => pass.replace(/^ +/gm, 'const '),
  ],
  // One function catches what a callback throws, not two.
  [
    /function\(\) \{ return handleError\(function \((.*)\) \{\n([^]*?)^ {8}\}, arguments\); \}/gm,
    'function($1) { try {\n$2} catch (e) { wasm.__wbindgen_exn_store(addToExternrefTable0(e)); } }',
  ],
  // Counters are read rarely: their view of the memory is not kept.
  [
    /getFloat64ArrayMemory0\(\)\.subarray\(ptr \/ 8, ptr \/ 8 \+ len\)/,
    'new Float64Array(wasm.memory.buffer, ptr, len)',
  ],
  // There is one instance, so no view of another one's memory.
  [/^ {4}cached\w+Memory0 = null;\n/gm, ''],
  // Every import is an own property.
  [/^ +__proto__: null,\n/gm, ''],
  [/^function isLikeNone[^]*?^\}\n/m, ''],
  [/!isLikeNone\((\w+)\)/g, '$1 != null'],
  [/isLikeNone\((\w+)\)/g, '$1 == null'],
  [/ [*/] 1\b/g, ''],
];

/** @param {string} bindings */
export function simplified(bindings) {
  return SIMPLER.reduce((before, [pattern, simpler]) => {
    const after = before.replace(pattern, /** @type {string} */ (simpler));
    if (after === before)
      throw new Failure(`the bindings have nothing like ${pattern} any more. See scripts/lib/bindings.mjs.`);
    return after;
  }, bindings);
}

/** Takes the conversions out of a method. @param {string} method from the first of them to its end */
function withoutConversions(method) {
  const given = new Map(
    Array.from(method.matchAll(/const (val\d+) = \+(\w+);/g), ([, value = '', name]) => [value, name]),
  );
  return method.replace(/^ +const val\d+ = .*\n/gm, '').replace(/\bval\d+\b/g, (value) => given.get(value) ?? value);
}
