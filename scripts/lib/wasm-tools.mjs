// wasm-pack and wasm-bindgen: one on PATH if it is of the right version, else compiled once into the tools folder.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { inRoot, NODE_MODULES, TOOLS } from './paths.mjs';
import { ask, isExecutable, quietly, which } from './run.mjs';
import { step } from './step.mjs';

const WASM_PACK_VERSION = '0.15.1';
const WASM_PACK_MINIMUM = [0, 13];

/**
 * The environment in which `wasm-pack` finds itself, the matching wasm-bindgen, and wasm-opt from the npm packages.
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
  });
}

function ensureWasmBindgen() {
  const wanted = wasmBindgenVersion();
  return ensureTool({
    crate: 'wasm-bindgen-cli',
    version: wanted,
    commands: ['wasm-bindgen', 'wasm-bindgen-test-runner'],
    accepts: (version) => version === wanted,
    // Not --locked: the lock file that 0.2.130 was published with names a release which registries do not have.
    flags: [],
  });
}

/**
 * @param {{ crate: string, version: string, commands: [string, ...string[]], accepts: (version: string) => boolean, flags: string[] }} tool
 * @returns {Promise<string>} the folder that holds the commands
 */
async function ensureTool({ crate, version, commands, accepts, flags }) {
  // Named after the version, so that an upgrade never meets the previous one.
  const root = path.join(TOOLS, `${crate}-${version}`);
  const bin = path.join(root, 'bin');
  /** @param {string} folder */
  const isComplete = (folder) => commands.every((command) => isExecutable(path.join(folder, command)));
  if (isComplete(bin)) return bin;

  const onPath = which(commands[0]);
  if (onPath && isComplete(path.dirname(onPath))) {
    const found = ask(onPath, ['--version'])?.split(' ')[1];
    if (found && accepts(found)) return path.dirname(onPath);
  }
  await step(`compiling ${crate} ${version} into ${path.relative(process.cwd(), TOOLS) || '.'} (about three minutes, this once)`, () =>
    quietly('cargo', ['install', crate, '--version', version, '--root', root, ...flags]),
  );
  return bin;
}

/**
 * @param {string} version
 * @param {number[]} minimum
 */
function isAtLeast(version, minimum) {
  const parts = version.split('.').map(Number);
  const differs = minimum.findIndex((part, i) => parts[i] !== part);
  return differs < 0 || (parts[differs] ?? 0) > (minimum[differs] ?? 0);
}
