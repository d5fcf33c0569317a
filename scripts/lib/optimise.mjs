// Makes the WebAssembly lighter without a change of behaviour: removes the messages and places of
// panics, then leaves the rest to wasm-opt.
//
// A panic ends in a trap here, and its message is written nowhere. Rust makes the message all the
// same: it takes a formatter for numbers, a table of places, a file name for each, and arguments at
// every check. So:
//
// 1. The functions that panic become traps themselves.
// 2. The formatting code goes too. It stands in tables of methods that panics alone look into;
//    should anything else call it, the build fails rather than trap (see "Weight" in
//    CONTRIBUTING.md).
// 3. The places in the sources are zeroed.
// 4. shorten.mjs shortens the names, before wasm-opt writes what compresses well.
// 5. wasm-opt drops the arguments and everything that is not reachable any more.
// 6. The texts that nothing points at any more are zeroed. The linker has laid them out before, so
//    they cannot be dropped.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { quietly } from './run.mjs';
import { shortenNames } from './shorten.mjs';

/**
 * Flattened and looped anew, the code comes out 2 % smaller. No address is below 1024, so that
 * offsets can be folded; the end of the stack is there.
 */
const FLAGS = [
  // What the compiler uses.
  '--enable-bulk-memory',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
  '--low-memory-unused',
  '--flatten',
  '--simplify-locals-nonesting',
  '--rereloop',
  '-O3',
  '--converge',
  '-O3',
  '--flatten',
  '--rereloop',
  '-O3',
  '-O3',
  '--strip-producers',
  '--strip-target-features',
  '--reorder-functions',
];

const PANICS =
  /panic|unwrap_failed|expect_failed|assert_failed|slice_.*fail|handle_error|capacity_overflow|alloc_error|rust_oom/;

/** Throws what wasm-bindgen has to say of a call that js/wasm/calls.ts does not make. */
const THROWS = /__wbindgen_throw/;

/**
 * The formatter, the payloads of panics, and what is linked although nothing calls it: the
 * descriptions of errors, the futures of `js_sys`, and wasm-bindgen's closures.
 */
const WORDING =
  /\bcore(\[\w+\])?::fmt::|PanicPayload>::|core(\[\w+\])?::error::Error::(description|cause|provide)|js_sys::futures::|wasm_bindgen::convert::closures::/;

/**
 * Messages that Rust's own libraries print when they panic. A message that they word in another way
 * some day just stays.
 */
const LAST_WORDS = [
  'slice index starts at ',
  ' but ends at ',
  'index out of bounds: the len is ',
  ' but the index is ',
  'range start index ',
  'range end index ',
  ' out of range for slice of length ',
  'min > max. min = ',
  ', max = ',
  'cannot access a Thread Local Storage value during or after destruction: ',
  'removal index (is ',
  'swap_remove index (is ',
  ') should be < len (is ',
  'a JavaScript value',
  'attempted to take ownership of Rust value while it was borrowed',
  'reentrant init',
  'description() is deprecated; use Display',
  'internal error: entered unreachable code',
  'invalid key',
  'index out of bounds',
  'Out of bounds access',
  'closure invoked recursively or after being dropped',
  'AccessError',
  'called `Result::unwrap()` on an `Err` value',
  'capacity overflow',
  'LayoutError',
  '0123456789abcdef',
  '0x0123456789ABCDEF',
  'RefCell already mutably borrowed',
  'RefCell already borrowed',
  // Two digits each, for the formatter; `itoa` has a table of its own, which is pointed at.
  Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0')).join(''),
];

/** What {@link THROWS} would say. Code that has become a trap still points at it in places. */
const THROWN_WORDS = [
  'null pointer passed to rust',
  'recursive use of an object detected which would lead to unsafe aliasing in rust',
];

const SOURCE_FILE = /^[\x21-\x7e]+\.rs$/;
/** A `core::panic::Location`: address and length of the file's name, line, column. */
const LOCATION_BYTES = 16;

/** @typedef {import('binaryen').default.Module} Module */

/**
 * @param {string} folder where wasm-bindgen has left the module and its bindings, which are replaced
 * @param {NodeJS.ProcessEnv} env from `setUpBuild`
 */
export async function optimise(folder, env) {
  const file = path.join(folder, 'eric_sse_bg.wasm');
  writeFileSync(file, await withoutWording(readFileSync(file)));
  await shortenNames(folder);
  await quietly('wasm-opt', [...FLAGS, file, '-o', file], { env });
  writeFileSync(file, await withoutLastWords(readFileSync(file)));
}

/**
 * @param {Uint8Array} wasm with the names of its functions
 * @returns {Promise<Uint8Array>}
 */
async function withoutWording(wasm) {
  const { default: binaryen } = await import('binaryen');
  const module = binaryen.readBinary(wasm);
  try {
    // By the body too: some functions have such a name and return.
    const panics = functionsOf(binaryen, module).filter(
      ({ name, body }) =>
        THROWS.test(name) || (PANICS.test(name) && body && binaryen.getExpressionType(body) === binaryen.unreachable),
    );
    if (panics.length === 0)
      throw new Failure(
        'no function of the WebAssembly is known to panic: does the compiler name them in another way now? See scripts/lib/optimise.mjs.',
      );
    trap(module, panics);
    refuseCallers(module);
    const wording = functionsOf(binaryen, module).filter(({ name }) => WORDING.test(name));
    trap(module, wording);
    const binary = Buffer.from(module.emitBinary());
    clearLocations(segmentsOf(module, binary));
    return binary;
  } finally {
    module.dispose();
  }
}

/**
 * @param {typeof import('binaryen').default} binaryen
 * @param {Module} module
 */
function functionsOf(binaryen, module) {
  return Array.from({ length: module.getNumFunctions() }, (_, i) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(i)),
  );
}

/**
 * Makes traps of functions, and drops what nothing else reaches.
 * @param {Module} module
 * @param {ReturnType<typeof functionsOf>} functions
 */
function trap(module, functions) {
  for (const { name, params, results } of functions) {
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.unreachable());
  }
  module.runPasses(['remove-unused-module-elements']);
}

/**
 * Fails if something calls the formatter that is not part of it.
 * @param {Module} module
 */
function refuseCallers(module) {
  const name = String.raw`\$("(?:[^"\\]|\\.)*"|\S+?)(?=[\s)])`;
  const [, ...functions] = module.emitText().split(new RegExp(`^ \\(func ${name}`, 'm'));
  for (let i = 0; i < functions.length; i += 2) {
    const [caller = '', body = ''] = functions.slice(i);
    if (WORDING.test(caller)) continue;
    for (const [, called = ''] of body.matchAll(new RegExp(`\\((?:return_)?call ${name}`, 'g'))) {
      if (WORDING.test(called))
        throw new Failure(
          `${caller} calls ${called}: the WebAssembly formats nothing, join the texts instead. See scripts/lib/optimise.mjs.`,
        );
    }
  }
}

/**
 * @typedef {{ offset: number, bytes: Buffer }} Segment `bytes` is a view of the binary
 *
 * @param {Module} module
 * @param {Buffer} binary
 * @returns {Segment[]}
 */
function segmentsOf(module, binary) {
  // Not all of it is among binaryen's types.
  const { getNumDataSegments, getDataSegmentInfo } = /** @type {any} */ (module);
  return Array.from({ length: getNumDataSegments() }, (_, i) => {
    const { offset, data } = getDataSegmentInfo(module.getDataSegmentByIndex(i));
    const start = binary.indexOf(Buffer.from(data));
    return { offset, bytes: binary.subarray(start, start + data.byteLength) };
  });
}

/**
 * Zeroes what says where in the sources something panics, and the names of the files.
 * @param {Segment[]} segments
 */
function clearLocations(segments) {
  const cleared = segments.flatMap(({ bytes }) => {
    const starts = Array.from({ length: Math.max(0, (bytes.length >> 2) - 3) }, (_, i) => 4 * i);
    return starts.flatMap((start) => {
      const file = textAt(segments, bytes.readUInt32LE(start), bytes.readUInt32LE(start + 4));
      return file && SOURCE_FILE.test(file.toString('latin1'))
        ? [file, bytes.subarray(start, start + LOCATION_BYTES)]
        : [];
    });
  });
  if (cleared.length === 0)
    throw new Failure(
      'the WebAssembly has no places of panics: does the compiler lay them out in another way now? See scripts/lib/optimise.mjs.',
    );
  for (const bytes of cleared) bytes.fill(0);
}

/**
 * @param {Uint8Array} wasm
 * @returns {Promise<Uint8Array>}
 */
async function withoutLastWords(wasm) {
  const { default: binaryen } = await import('binaryen');
  const binary = Buffer.from(wasm);
  const module = binaryen.readBinary(binary);
  try {
    const segments = segmentsOf(module, binary);
    const isPointedAt = pointersOf(module, segments);
    for (const text of [...LAST_WORDS, ...THROWN_WORDS]) {
      for (const { offset, bytes } of segments) {
        for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
          if (THROWN_WORDS.includes(text) || !isPointedAt(offset + at, offset + at + text.length))
            bytes.fill(0, at, at + text.length);
        }
      }
    }
    return binary;
  } finally {
    module.dispose();
  }
}

/**
 * Every number of the code and of the data that may be an address.
 * @param {Module} module
 * @param {Segment[]} segments
 * @returns {(from: number, to: number) => boolean} whether one is among those addresses
 */
function pointersOf(module, segments) {
  // Without the places of the data itself.
  const code = module.emitText().replace(/^ \(data .*$/gm, '');
  const pointers = new Set(Array.from(code.matchAll(/(?:i32\.const |offset=)(\d+)/g), ([, number]) => Number(number)));
  for (const { offset, bytes } of segments) {
    for (let at = -offset & 3; at + 4 <= bytes.length; at += 4) pointers.add(bytes.readUInt32LE(at));
  }
  return (from, to) => [...pointers].some((pointer) => pointer >= from && pointer < to);
}

/**
 * @param {Segment[]} segments
 * @param {number} address
 * @param {number} length
 */
function textAt(segments, address, length) {
  const segment = segments.find(({ offset, bytes }) => address >= offset && address + length <= offset + bytes.length);
  return segment?.bytes.subarray(address - segment.offset, address - segment.offset + length);
}
