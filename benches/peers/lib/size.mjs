// The weight of a module over the network: bundled as its users do, gzipped.

import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/**
 * @param {string} entry a file
 * @param {'browser' | 'node'} platform
 * @returns {Promise<number>} bytes
 */
export async function gzippedSize(entry, platform) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    platform,
    write: false,
    legalComments: 'none',
  });
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
}
