// The conformance suite: what the package promises, whatever runs it. Launchers stand one folder
// up.
//
// A topic registers its tests for one namespace of the package, the only thing that it is given;
// chai comes along. Nothing here names a runtime's own global: no `process`, no `document`, no
// files.

import callbacks from './channels/callbacks.mjs';
import channel from './channels/channel.mjs';
import container from './channels/container.mjs';
import filters from './channels/filters.mjs';
import listener from './channels/listener.mjs';
import named from './channels/named.mjs';
import onMessage from './channels/on-message.mjs';
import options from './channels/options.mjs';
import reentrancy from './channels/reentrancy.mjs';
import stats from './channels/stats.mjs';
import subclass from './channels/subclass.mjs';
import decoding from './messages/decoding.mjs';
import errors from './messages/errors.mjs';
import hostile from './messages/hostile.mjs';
import injection from './messages/injection.mjs';
import message from './messages/message.mjs';
import wire from './messages/wire.mjs';
import againstModel from './model/against-model.mjs';
import bounds from './reading/bounds.mjs';
import delay from './reading/delay.mjs';
import delivery from './reading/delivery.mjs';
import ending from './reading/ending.mjs';
import stream from './reading/stream.mjs';
import stuck from './reading/stuck.mjs';
import watch from './reading/watch.mjs';
import responseAccess from './responses/access.mjs';
import responseAdapted from './responses/adapted.mjs';
import responseEnding from './responses/ending.mjs';
import liveness from './responses/liveness.mjs';
import response from './responses/response.mjs';
import history from './resuming/history.mjs';
import resume from './resuming/resume.mjs';

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
  'response access': responseAccess,
  'response ending': responseEnding,
  'response adapted': responseAdapted,
  decoding,
  wire,
  injection,
  container,
  'named channels': named,
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
