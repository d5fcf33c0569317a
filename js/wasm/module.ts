// The wall to WebAssembly: loads the module once, and takes the streams that it wakes.

import { importsOfModule, installHost, takeWoken, useInstance, woken } from '../../pkg/eric_sse.js';
import { exception } from '../model/errors.js';
import { isLoaded, markLoaded } from '../model/loaded.js';
import { Draft } from './event-text.js';

/** A stream that the core wakes. */
export interface Wakeable {
  woken(): void;
}

/** A compiled module, of any type that the program has for it: the types of Node have none. */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : object;

/** The type that browsers call `BufferSource`. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** The open streams by their number in the core. */
const streams: (Wakeable | undefined)[] = [];

/**
 * The time while streams are woken, `null` until it is asked for: many read at once, and a clock
 * costs as much as a chunk.
 */
let wokenAt: number | null | undefined;

let wakes = 0;

/**
 * The value that the core has handed over last. It is the chunk or message of a stream (streams
 * with the same position share it, and it crosses once), the event id of a dispatch, or the
 * exception that refuses a send.
 */
export let given: unknown;

/**
 * Instantiates the module, the first time that it is called.
 *
 * @param source The compiled module, or its bytes, which are compiled synchronously.
 */
export function load(source: CompiledModule | Bytes): void {
  if (isLoaded()) return;
  const module = isCompiled(source) ? source : new WebAssembly.Module(source as BufferSource);
  start(new WebAssembly.Instance(module as WebAssembly.Module, importsOfModule()));
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
  const instance = await WebAssembly.instantiate(module as WebAssembly.Module, importsOfModule());
  // Another call may have been faster.
  if (!isLoaded()) start(instance);
}

/** By its tag: a module may come from another realm, as in the edge runtime of Next.js. */
export function isCompiled(source: unknown): source is CompiledModule {
  return (source as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'WebAssembly.Module';
}

function start(instance: WebAssembly.Instance): void {
  useInstance(instance);
  installHost({ exception, wakeSoon, draft: () => new Draft(), give: (value: unknown) => void (given = value) });
  markLoaded();
}

export function expect(number: number, stream: Wakeable): void {
  streams[number] = stream;
}

export function forget(number: number): void {
  streams[number] = undefined;
}

/** The time in milliseconds of `performance.now()`; the same for all that are woken together. */
export function now(): number {
  return wokenAt === undefined ? performance.now() : (wokenAt ??= performance.now());
}

/** Whether streams were woken that have not looked yet. */
export function isWaking(): boolean {
  return wakes > 0;
}

/**
 * In Node several times as fast as `queueMicrotask`, which keeps account of each call for async
 * hooks.
 */
const ready = Promise.resolve();

function wakeSoon(): void {
  wakes++;
  void ready.then(wake);
}

/**
 * Wakes those whose waking was lost: an object of Cloudflare's that aborts itself takes along what
 * its turn was still to do, and others share its isolate. Called where a turn begins, when streams
 * that were woken have looked. Where one goes on, nothing comes of it.
 */
export function wakeLost(): void {
  if (wakes === 0) return;
  wakes = 0;
  wokenAt = undefined;
  wakeSoon();
}

/**
 * Runs once per turn in which something was sent to a stream that waits, after that turn's code.
 */
function wake(): void {
  wokenAt = null;
  const count = takeWoken();
  for (let i = 0; i < count; i++) {
    try {
      streams[woken(i)]?.woken();
    } catch (error) {
      // A stream that fails leaves the others alone, and is reported all the same.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
  wokenAt = undefined;
  if (wakes > 0) wakes--;
}
