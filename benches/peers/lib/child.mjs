// The process of one contestant in one round: does it once, says what came out, and ends.

import { Unavailable } from './case.mjs';

const [name, contestant = '', settings = '{}'] = process.argv.slice(2);

// The parent process has ended.
process.on('disconnect', () => process.exit(1));

/** @param {{ numbers?: object, unavailable?: string, error?: string }} answer */
const answer = (answer) => process.send?.(answer, undefined, undefined, () => process.exit(0));

try {
  /** @type {import('./case.mjs').Case} */
  const { contestants } = (await import(`../cases/${name}.mjs`)).default;
  const run = contestants[contestant];
  if (!run) throw new Error(`there is no ${contestant}`);
  answer({ numbers: await run(JSON.parse(settings)) });
} catch (error) {
  if (error instanceof Unavailable) answer({ unavailable: error.message });
  else answer({ error: error instanceof Error ? String(error.stack) : String(error) });
}
