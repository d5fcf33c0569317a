// `npm run conformance`: the suite in every runtime, and the table of it in
// docs/reference/runtimes.md.
//
// `npm run conformance -- deno firefox` runs some only, and leaves that page alone.

import { buildPackage } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { streamed } from './lib/run.mjs';
import { setUpRuntimes } from './lib/runtimes.mjs';
import { setUpBrowser, setUpBuild, setUpFirefox } from './lib/setup.mjs';

await main(async () => {
  const env = await setUpBuild();
  await buildPackage(env);
  Object.assign(env, await setUpBrowser(), await setUpFirefox(), await setUpRuntimes());
  const ending = await streamed(process.execPath, ['tests/js/conformance.mjs', ...process.argv.slice(2)], {
    env,
    timeoutSeconds: 45 * 60,
  });
  if (!ending.ok) throw new Failure(`the suite ${ending.why}`);
});
