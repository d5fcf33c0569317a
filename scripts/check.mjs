// `npm run check`: formatting, lints, documentation and types. Runs all of them before it fails, to
// name every problem at once.

import { readdirSync } from 'node:fs';
import { buildPackage } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/paths.mjs';
import { streamed } from './lib/run.mjs';
import { ensureLinters, WASM_TARGET } from './lib/rust.mjs';
import { setUpBuild } from './lib/setup.mjs';
import { elapsed } from './lib/step.mjs';

const BIOME = inRoot('node_modules/@biomejs/biome/bin/biome');
const TSC = inRoot('node_modules/typescript/bin/tsc');
const DENY = ['--', '-D', 'warnings'];

// Examples, benches and most integration tests are native programs; the wasm32 ones are named
// alike.
const wasmTests = readdirSync(inRoot('tests'))
  .filter((name) => /^wasm_.*\.rs$/.test(name))
  .flatMap((name) => ['--test', name.slice(0, -'.rs'.length)]);

/** @type {[title: string, command: string, ...args: string[]][]} */
const CHECKS = [
  ['Rust formatting', 'cargo', 'fmt', '--check'],
  ['Rust formatting, fuzz targets', 'cargo', 'fmt', '--check', '--manifest-path', 'fuzz/Cargo.toml'],
  ['Rust formatting, load', 'cargo', 'fmt', '--check', '--manifest-path', 'benches/socket/Cargo.toml'],
  ['Rust formatting, benches', 'cargo', 'fmt', '--check', '--manifest-path', 'benches/native/Cargo.toml'],
  ['Rust formatting, reqwest', 'cargo', 'fmt', '--check', '--manifest-path', 'examples/reqwest/Cargo.toml'],
  ['Rust formatting, fetch', 'cargo', 'fmt', '--check', '--manifest-path', 'examples/fetch/Cargo.toml'],
  ['Rust lints, native', 'cargo', 'clippy', '--quiet', '--all-targets', '--features', 'client', ...DENY],
  [
    'Rust lints, WebAssembly',
    'cargo',
    'clippy',
    '--quiet',
    '--target',
    WASM_TARGET,
    '--features',
    'npm,client',
    '--lib',
    ...wasmTests,
    ...DENY,
  ],
  [
    'Rust lints, benches',
    'cargo',
    'clippy',
    '--quiet',
    '--all-targets',
    '--manifest-path',
    'benches/native/Cargo.toml',
    ...DENY,
  ],
  [
    'Rust lints, reqwest',
    'cargo',
    'clippy',
    '--quiet',
    '--all-targets',
    '--manifest-path',
    'examples/reqwest/Cargo.toml',
    ...DENY,
  ],
  [
    'Rust lints, fetch',
    'cargo',
    'clippy',
    '--quiet',
    '--all-targets',
    '--target',
    WASM_TARGET,
    '--manifest-path',
    'examples/fetch/Cargo.toml',
    ...DENY,
  ],
  ['Rust documentation', 'cargo', 'doc', '--quiet', '--no-deps', '--features', 'client'],
  ['formatting and lints of TypeScript and JavaScript', process.execPath, BIOME, 'check', '--error-on-warnings'],
  ['prose', process.execPath, inRoot('scripts/prose.mjs')],
  ['TypeScript types', process.execPath, TSC, '-p', 'tsconfig.json'],
  ['types of the scripts', process.execPath, TSC, '-p', 'scripts/tsconfig.json'],
  ['types of the page', process.execPath, TSC, '-p', 'www/tsconfig.json'],
  ["types of the page's workers", process.execPath, TSC, '-p', 'www/tsconfig.workers.json'],
  ['types of the example Worker', process.execPath, TSC, '-p', 'examples/worker/tsconfig.json'],
];

await main(async () => {
  const env = { ...(await setUpBuild()), RUSTDOCFLAGS: '-D warnings' };
  await ensureLinters();
  // The sources import the bindings' types, and the page the package's.
  await buildPackage(env);

  const failed = [];
  for (const [title, command, ...args] of CHECKS) {
    const start = performance.now();
    console.log(`- ${title}`);
    const ending = await streamed(command, args, { env });
    console.log(`  ${ending.ok ? 'ok' : 'FAILED'} in ${elapsed(start)}`);
    if (!ending.ok) failed.push(title);
  }
  if (failed.length) throw new Failure(`failed: ${failed.join('; ')}`);
});
