// Turns of the event loop.

import { setImmediate } from 'node:timers/promises';

/** Everything that promises have to do is done, and what has come in is read. @returns {Promise<void>} */
export const turn = () => setImmediate();

const QUIET_TURNS = 4;

/**
 * Waits until a count has not grown for some turns.
 * @param {() => number} count
 * @returns {Promise<number>} when it was last seen to have grown, in milliseconds of `performance.now()`
 */
export async function quiet(count) {
  let seen = -1;
  let since = performance.now();
  for (let turns = 0; turns < QUIET_TURNS; turns++) {
    const now = count();
    if (now !== seen) {
      seen = now;
      since = performance.now();
      turns = 0;
    }
    await turn();
  }
  return since;
}
