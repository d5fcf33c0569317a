// The installed package in a user's bundle.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const LITERAL = /(["'`])((?:(?!\1)[^\\\n]){1000,})\1/g;

/**
 * @param {import('./install.mjs').Project} project
 * @param {string} entry
 */
export async function bundle(project, entry) {
  const outdir = path.join(project.folder, 'bundled');
  const { metafile, warnings } = await build({
    absWorkingDir: project.folder,
    entryPoints: { bundle: entry },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    splitting: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    metafile: true,
    logLevel: 'silent',
  });
  const file = path.join(outdir, 'bundle.mjs');
  const text = readFileSync(file, 'utf8');
  return {
    path: file,
    text,
    files: Object.keys(metafile.outputs).map((output) => path.relative(outdir, path.join(project.folder, output))),
    warnings: warnings.map((warning) => warning.text),
    // The module is by far the longest text in the entry: how often it stands in the bundle.
    modules: text.split(longestLiteral(readFileSync(path.join(project.installed, 'dist/index.js'), 'utf8'))).length - 1,
  };
}

function longestLiteral(text) {
  const literals = [...text.matchAll(LITERAL)].map(([, , literal]) => literal).sort((a, b) => b.length - a.length);
  if (!literals.length) throw new Error('the entry holds no long text: is the module inlined in another way now?');
  return literals[0];
}
