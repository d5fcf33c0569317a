// `npm run build`: makes dist/, which `npm pack` then packs.

import { buildPackage } from './lib/build.mjs';
import { main } from './lib/failure.mjs';
import { setUpBuild } from './lib/setup.mjs';

await main(async () => {
  await buildPackage(await setUpBuild());
  console.log('dist/ is up to date');
});
