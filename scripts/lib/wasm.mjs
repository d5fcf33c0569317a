// Rust sources -> pkg/: the wasm and its JavaScript bindings.

import { rmSync } from 'node:fs';
import path from 'node:path';
import { optimise } from './optimise.mjs';
import { PKG } from './paths.mjs';
import { quietly } from './run.mjs';
import { hashOf, unlessFresh } from './stamp.mjs';
import { step } from './step.mjs';

const INPUTS = [
  'src',
  'Cargo.toml',
  'Cargo.lock',
  '.cargo/config.toml',
  'rust-toolchain.toml',
  'package-lock.json',
  'scripts/lib/wasm.mjs',
  'scripts/lib/optimise.mjs',
  'scripts/lib/shorten.mjs',
  'scripts/lib/bindings.mjs',
];

/**
 * Inlines little more than what gets smaller by it, which takes 3 kB off the gzipped module. Values
 * below and above this one give larger ones, and so do the levels `s` and `z`: they inline as much
 * of what is called once, and know fewer simplifications.
 */
const INLINE_LITTLE = '-Cllvm-args=-inline-threshold=10';

/** @param {NodeJS.ProcessEnv} env from `setUpBuild` */
export async function buildWasm(env) {
  await unlessFresh(path.join(PKG, '.stamp'), hashOf(INPUTS), () =>
    step('compiling the Rust core to WebAssembly', async () => {
      rmSync(PKG, { recursive: true, force: true });
      // no-install: everything is on PATH, and what is not should be an error here rather than a
      // download there.
      await quietly(
        'wasm-pack',
        [
          'build',
          '--release',
          '--target',
          'web',
          '--out-dir',
          'pkg',
          '--no-pack',
          '--mode',
          'no-install',
          '.',
          '--features',
          'npm',
        ],
        {
          env: {
            ...env,
            CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [INLINE_LITTLE, ...(await withoutMachinePaths(env))].join(
              ' ',
            ),
          },
        },
      );
      await optimise(PKG, env);
    }),
  );
}

/**
 * Flags that cut the folder of the crates' sources off the file names in panic messages. The
 * package then says nothing of the machine that built it, and is the same bytes wherever it is
 * built.
 * @param {NodeJS.ProcessEnv} env
 */
async function withoutMachinePaths(env) {
  const { packages } = JSON.parse(await quietly('cargo', ['metadata', '--quiet', '--format-version', '1'], { env }));
  const sources = packages
    .filter((/** @type {{ source: string | null }} */ { source }) => source)
    .map((/** @type {{ manifest_path: string }} */ { manifest_path }) => path.resolve(manifest_path, '../..'));
  // The variable is split at spaces: a folder whose name has one stays as it is.
  return [...new Set(sources)]
    .filter((folder) => !/\s/.test(folder))
    .map((folder) => `--remap-path-prefix=${folder}${path.sep}=`);
}
