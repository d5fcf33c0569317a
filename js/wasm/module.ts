// Loading: the module is instantiated once.

import { isLoaded, markLoaded } from '../model/loaded.js';
import { connect, imports } from './calls.js';
import { wakeSoon } from './wake.js';

/** A compiled module, as the program's types declare it: those of Node do not. */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : object;

/** The type that browsers call `BufferSource`. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/**
 * Instantiates the module on the first call.
 *
 * @param source The compiled module, or its bytes, which are compiled synchronously.
 */
export function load(source: CompiledModule | Bytes): void {
  if (isLoaded()) return;
  const module = isCompiled(source) ? source : new WebAssembly.Module(source as BufferSource);
  start(new WebAssembly.Instance(module as WebAssembly.Module, imports()));
}

/**
 * The same without compiling or instantiating synchronously, which Chromium up to 114 refuses in a
 * window.
 *
 * @param source The compiled module, or its bytes.
 */
export async function loadLater(source: CompiledModule | Bytes): Promise<void> {
  if (isLoaded()) return;
  const module = isCompiled(source) ? source : await WebAssembly.compile(source as BufferSource);
  const instance = await WebAssembly.instantiate(module as WebAssembly.Module, imports());
  // Another call may have been faster.
  if (!isLoaded()) start(instance);
}

/** By its tag: a module may come from another realm, as in the edge runtime of Next.js. */
export function isCompiled(source: unknown): source is CompiledModule {
  return (source as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'WebAssembly.Module';
}

function start(instance: WebAssembly.Instance): void {
  connect(instance, wakeSoon);
  markLoaded();
}
