import { build, createServer } from 'vite';

const root = new URL('web', import.meta.url).pathname;
const common = { root, configFile: false, logLevel: 'warn', cacheDir: new URL('vite-cache', import.meta.url).pathname };

if (process.argv[2] === 'build') {
  await build({ ...common, build: { outDir: '../out/vite', emptyOutDir: true } });
} else {
  const server = await createServer({ ...common, server: { host: '127.0.0.1', port: 0 } });
  await server.listen();
  console.log(server.resolvedUrls.local[0]);
  process.stdin.on('end', () => server.close()).resume();
}
