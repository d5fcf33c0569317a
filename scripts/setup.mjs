// `npm run setup`: everything that building and testing need. The other scripts do their part of it
// themselves.

import { main } from './lib/failure.mjs';
import { ensureLinters } from './lib/rust.mjs';
import { setUpBrowser, setUpBuild } from './lib/setup.mjs';

await main(async () => {
  await setUpBuild();
  await ensureLinters();
  await setUpBrowser();
});
