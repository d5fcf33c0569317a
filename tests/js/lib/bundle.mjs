// Bundles of the suite and the built package, for runtimes that resolve no npm packages.

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * @param {string} entry a file of this folder
 * @param {import('esbuild').BuildOptions} options
 * @returns {Promise<string>}
 */
export async function bundled(entry, options) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    target: 'es2022',
    format: 'esm',
    platform: 'neutral',
    // Readable stacks are worth more here than a small file.
    keepNames: true,
    logLevel: 'warning',
    ...options,
  });
  return outputFiles[0].text;
}
