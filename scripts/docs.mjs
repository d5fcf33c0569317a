// `npm run docs`: builds README, docs/ and the API reference as a site, into .site/html/.

import { main } from './lib/failure.mjs';
import { ensureNpmPackages } from './lib/npm.mjs';
import { buildSite, SITE } from './lib/site.mjs';

await main(async () => {
  await ensureNpmPackages();
  await buildSite();
  console.log(`the site is in ${SITE}`);
});
