// The conformance suite: what the package promises, whatever runs it. Launchers stand one folder up.
//
// A topic registers its tests for one namespace of the package, the only thing that it is given; chai comes along.
// Nothing here names a runtime's own global: no `process`, no `document`, no files.

import againstModel from './against-model.mjs';
import bounds from './bounds.mjs';
import callbacks from './callbacks.mjs';
import channel from './channel.mjs';
import container from './container.mjs';
import decoding from './decoding.mjs';
import delay from './delay.mjs';
import delivery from './delivery.mjs';
import ending from './ending.mjs';
import errors from './errors.mjs';
import filters from './filters.mjs';
import history from './history.mjs';
import hostile from './hostile.mjs';
import injection from './injection.mjs';
import listener from './listener.mjs';
import liveness from './liveness.mjs';
import message from './message.mjs';
import onMessage from './on-message.mjs';
import options from './options.mjs';
import reentrancy from './reentrancy.mjs';
import response from './response.mjs';
import responseAdapted from './response-adapted.mjs';
import responseEnding from './response-ending.mjs';
import resume from './resume.mjs';
import stats from './stats.mjs';
import stream from './stream.mjs';
import stuck from './stuck.mjs';
import subclass from './subclass.mjs';
import watch from './watch.mjs';
import wire from './wire.mjs';

const TOPICS = {
  message,
  listener,
  'on message': onMessage,
  channel,
  delivery,
  stream,
  ending,
  watch,
  delay,
  subclass,
  response,
  'response ending': responseEnding,
  'response adapted': responseAdapted,
  decoding,
  wire,
  injection,
  container,
  bounds,
  history,
  resume,
  liveness,
  filters,
  stats,
  'hostile values': hostile,
  errors,
  options,
  reentrancy,
  callbacks,
  'a stuck iterator': stuck,
  'against the model': againstModel,
};

/**
 * @typedef {{ name: string, run: () => void | Promise<void> }} Test
 * @typedef {typeof import('eric-sse')} Eric
 */

/**
 * Makes the suite for one build of the package.
 * @param {Eric} eric the namespace
 * @returns {Test[]}
 */
export default function suite(eric) {
  /** @type {Map<string, Test>} */
  const tests = new Map();
  for (const [topic, register] of Object.entries(TOPICS)) {
    register(eric, (sentence, run) => {
      const name = `${topic}: ${sentence}`;
      // A launcher matches answers to tests by name.
      if (tests.has(name)) throw new Error(`two tests are called "${name}"`);
      tests.set(name, { name, run });
    });
  }
  return [...tests.values()];
}
