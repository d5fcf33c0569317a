// Runs the suite in places without a test runner: in workerd, in a browser (bundled with it), in
// other runtimes.

import suite from '../suite/index.mjs';

/** @typedef {{ name: string, error?: string }} Answer */

/** A test that hangs fails, and the others run all the same. */
const LONGEST_TEST_MS = 30_000;

/** Errors that no code catches: of the running test, or of the one before it. @type {string[]} */
const uncaught = [];
// When the module is loaded: a service worker takes such listeners at no other time.
globalThis.addEventListener?.('error', (event) => uncaught.push(`uncaught: ${shown(event.error ?? event.message)}`));
globalThis.addEventListener?.('unhandledrejection', (event) => {
  // Deno would end, and the other tests with it.
  event.preventDefault();
  noteUncaught('unhandled rejection', event.reason);
});

/** For runtimes that tell it in another way. @param {string} what @param {unknown} error */
export const noteUncaught = (what, error) => void uncaught.push(`${what}: ${shown(error)}`);

/**
 * Runs every test, one after another.
 * @param {import('../suite/index.mjs').Eric} eric
 * @param {(answer: Answer) => void | Promise<void>} tell
 */
export async function runSuite(eric, tell) {
  for (const { name, run } of suite(eric)) {
    let error = await failureOf(run);
    // Rejections are reported as unhandled in a task of their own.
    if (uncaught.length > 0) error = [error, ...uncaught.splice(0)].filter(Boolean).join('\n');
    await tell(error === undefined ? { name } : { name, error });
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  const late = uncaught.splice(0);
  await tell(late.length > 0 ? { name: NOTHING_UNCAUGHT, error: late.join('\n') } : { name: NOTHING_UNCAUGHT });
}

/** The last answer of a run. */
export const NOTHING_UNCAUGHT = 'in the end: nothing was thrown where nobody catches';

/** @param {() => unknown} run */
async function failureOf(run) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${LONGEST_TEST_MS} ms`)), LONGEST_TEST_MS);
  });
  try {
    await Promise.race([run(), late]);
    return undefined;
  } catch (error) {
    return shown(error);
  } finally {
    clearTimeout(timer);
  }
}

function shown(error) {
  if (!(error instanceof Error)) return String(error);
  // Not every engine puts the text into the stack.
  return error.stack?.includes(error.message) ? error.stack : `${error.name}: ${error.message}\n${error.stack ?? ''}`;
}
