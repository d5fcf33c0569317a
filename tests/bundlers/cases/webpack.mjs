// webpack, or what takes the same configuration.
const { default: pack = undefined, rspack } = await import(process.argv[2]);

const stats = await new Promise((resolve, reject) => {
  const options = {
    mode: 'production',
    context: new URL('.', import.meta.url).pathname,
    entry: './web/page.js',
    output: { path: new URL(`out/${process.argv[3]}`, import.meta.url).pathname, filename: 'page.js' },
    performance: false,
  };
  (rspack ?? pack)(options, (error, done) => (error ? reject(error) : resolve(done)));
});
if (stats.hasErrors() || stats.hasWarnings()) {
  console.error(stats.toString());
  process.exitCode = 1;
}
