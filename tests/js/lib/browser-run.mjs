// Each of the browser's contexts runs the suite when asked, and broadcasts the answers to the page.

import * as eric from 'eric-sse';
import { runSuite } from './run.mjs';

/** @param {string} runtime */
export async function runHere(runtime) {
  const answers = new BroadcastChannel('answers');
  try {
    await runSuite(eric, (answer) => answers.postMessage({ runtime, answer }));
    answers.postMessage({ runtime, done: true });
  } catch (error) {
    answers.postMessage({ runtime, done: true, problem: String(error?.stack ?? error) });
  }
}
