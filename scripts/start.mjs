// `npm start` and `npm run start:workerd`: builds what is missing or stale, then runs the server
// that is named.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { buildPackage } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot, ROOT } from './lib/paths.mjs';
import { setUpBuild } from './lib/setup.mjs';
import { buildSite } from './lib/site.mjs';

await main(async () => {
  const [server = '', ...args] = process.argv.slice(2);
  if (!existsSync(inRoot(server))) throw new Failure(`there is no server ${server}`);
  await buildPackage(await setUpBuild());

  const child = spawn(process.execPath, [inRoot(server), ...args], { cwd: ROOT, stdio: 'inherit' });
  // The page is there at once; the docs follow, and are served as soon as they are built.
  if (server.startsWith('www/')) buildSite().catch((error) => console.error(String(error.message ?? error)));
  // The server decides when to end: it gets the signals, and its code becomes ours.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
});
