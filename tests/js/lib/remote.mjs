// Registers the suite with node:test for a runtime that runs it elsewhere and sends its answers.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NAMES } from './remote-names.mjs';

/** @typedef {import('./run.mjs').Answer} Answer */

/**
 * A runtime that has said nothing for so long is not going to: a test that hangs is given up
 * before.
 */
const LONGEST_SILENCE_MS = 45_000;

/**
 * One node:test subtest for every test of the suite, passed or failed as the runtime says.
 * @param {string} runtime its name
 * @param {(tell: (answer: Answer) => void) => Promise<unknown>} run has the suite run there; settled when it has ended
 * @param {() => string} [outputOf] the output of the runtime meanwhile
 */
export function describeRemote(runtime, run, outputOf = () => '') {
  describe(runtime, () => {
    /** @type {Map<string, Answer>} */
    const answers = new Map();
    let problem = '';

    before(async () => {
      let silence;
      try {
        await new Promise((resolve, reject) => {
          const listen = () => {
            clearTimeout(silence);
            silence = setTimeout(() => reject(new Error(`silent for ${LONGEST_SILENCE_MS} ms`)), LONGEST_SILENCE_MS);
          };
          const tell = (answer) => {
            answers.set(answer.name, answer);
            listen();
          };
          listen();
          run(tell).then(resolve, reject);
        });
      } catch (error) {
        problem = String(error instanceof Error ? error.stack : error);
      } finally {
        clearTimeout(silence);
      }
    });

    /**
     * Everything known of a missing answer, reported once: the tests that come after it miss theirs
     * for the same reason.
     */
    const whyNot = () => {
      const why = `${problem}\n${outputOf()}`;
      problem = 'See the first one.';
      outputOf = () => '';
      return why;
    };

    for (const name of NAMES) {
      test(name, () => {
        const answer = answers.get(name);
        if (!answer) throw new Error(`${runtime} did not answer.\n${whyNot()}`);
        answers.delete(name);
        if (answer.error) throw failure(answer.error);
      });
    }

    after(() => assert.deepEqual([...answers.keys()], [], 'answers to tests that are unknown here'));
  });
}

/** The failure as it was there: a stack of this place would say nothing. @param {string} text */
function failure(text) {
  const error = new Error(text.split('\n')[0]);
  error.stack = text;
  return error;
}

/**
 * The suite in every place of a host, which is stopped afterwards.
 * @param {import('./places.mjs').HostKind} kind
 * @param {import('./places.mjs').Host} host
 */
export function describeHost({ name, places }, host) {
  for (const [place, words] of Object.entries(places))
    describeRemote(`${name}, ${words}`, (tell) => host.run(place, tell), host.output);
  after(() => host.stop());
}
