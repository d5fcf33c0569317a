import { build } from 'esbuild';

const { warnings } = await build({
  entryPoints: ['web/page.js'],
  outdir: 'out/esbuild',
  bundle: true,
  minify: true,
  format: 'esm',
});
if (warnings.length) throw new Error(warnings[0].text);
