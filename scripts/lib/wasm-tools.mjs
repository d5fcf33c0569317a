// wasm-pack and wasm-bindgen.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureTool, isAtLeast } from './cargo-tools.mjs';
import { Failure } from './failure.mjs';
import { inRoot, NODE_MODULES } from './paths.mjs';

const WASM_PACK_VERSION = '0.15.1';
const WASM_PACK_MINIMUM = [0, 13];

/**
 * The environment in which `wasm-pack` finds itself, the matching wasm-bindgen, and wasm-opt from
 * the npm packages.
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function wasmToolsEnv() {
  const folders = [await ensureWasmPack(), await ensureWasmBindgen(), path.join(NODE_MODULES, '.bin')];
  return { ...process.env, PATH: [...folders, process.env.PATH].join(path.delimiter) };
}

/** The version that Cargo.lock holds: the command's and the crate's have to be the very same. */
export function wasmBindgenVersion() {
  const lock = readFileSync(inRoot('Cargo.lock'), 'utf8');
  const version = /^name = "wasm-bindgen"\nversion = "(.+)"$/m.exec(lock.replaceAll('\r\n', '\n'))?.[1];
  if (!version) throw new Failure('Cargo.lock names no wasm-bindgen: run `cargo generate-lockfile`, then this again.');
  return version;
}

function ensureWasmPack() {
  return ensureTool({
    crate: 'wasm-pack',
    version: WASM_PACK_VERSION,
    commands: ['wasm-pack'],
    accepts: (version) => isAtLeast(version, WASM_PACK_MINIMUM),
    flags: ['--locked'],
    takes: 'three minutes',
  });
}

function ensureWasmBindgen() {
  const wanted = wasmBindgenVersion();
  return ensureTool({
    crate: 'wasm-bindgen-cli',
    version: wanted,
    commands: ['wasm-bindgen', 'wasm-bindgen-test-runner'],
    accepts: (version) => version === wanted,
    // Not --locked: the lock file that 0.2.130 was published with names a release which registries
    // do not have.
    flags: [],
    takes: 'three minutes',
  });
}
