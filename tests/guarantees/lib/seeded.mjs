// Randomness that can be repeated: SEED=1234 does.

import { Random } from '../../js/suite/lib/random.mjs';

/** @param {import('node:test').TestContext} context receives the seed */
export function seeded(context) {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
  context.diagnostic(`seed ${seed}`);
  return new Random(seed);
}
