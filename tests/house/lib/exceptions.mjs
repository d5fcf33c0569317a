// Exceptions from the rules of tests/house.

/** Imports that run up in the list of folders: to be empty. */
export const UPWARD = [];

/** Groups of files that import each other: to be empty. */
export const CIRCLES = ['response/answer.ts, response/respond.ts', 'wasm/host.rs, wasm/messages.rs'];

/** Imports of the bindings from elsewhere than js/wasm: to be empty. */
export const BINDINGS = [];

/** Files that are still to be split: to be empty. */
const TO_SPLIT = [
  'src/chunk/mod.rs',
  'src/log/mod.rs',
  'src/wasm/channels.rs',
  'src/wasm/streams.rs',
  'tests/bindings/mod.rs',
  'fuzz/fuzz_targets/encoder.rs',
  'fuzz/fuzz_targets/last_event_id/main.rs',
  'fuzz/fuzz_targets/last_event_id/model.rs',
];

/** Suites: each test stands alone, and the file has one subject. */
const SUITES = [
  'tests/cloudflare/object.test.mjs',
  'tests/cloudflare/relay.test.mjs',
  'tests/cloudflare/tree.test.mjs',
  'tests/js/suite/channels/filters.mjs',
  'tests/js/suite/channels/reentrancy.mjs',
  'tests/js/suite/channels/stats.mjs',
  'tests/js/suite/channels/subclass.mjs',
  'tests/js/suite/messages/hostile.mjs',
  'tests/js/suite/messages/message.mjs',
  'tests/js/suite/model/against-model.mjs',
  'tests/js/suite/reading/bounds.mjs',
  'tests/js/suite/responses/liveness.mjs',
  'tests/js/suite/responses/response.mjs',
  'tests/js/suite/resuming/history.mjs',
  'tests/js/suite/resuming/resume.mjs',
  'tests/python/python.test.mjs',
  'tests/readme/readme.test.mjs',
  'tests/runtimes/serve.test.mjs',
  'tests/server/client.rs',
  'tests/server/command.rs',
  'tests/server/leaving.rs',
  'tests/socket/socket.test.mjs',
  'tests/suite/chunks.rs',
  'tests/suite/counters.rs',
  'tests/suite/limits.rs',
  'tests/suite/model.rs',
  'tests/suite/replay.rs',
  'tests/to-node/to-node.test.mjs',
];

const reasonFor = (files, reason) => files.map((file) => [file, reason]);

/** Files of more than 300 lines, and why each stays whole. */
export const LONGER = Object.fromEntries([
  ...reasonFor(TO_SPLIT, 'is to be split'),
  ...reasonFor(SUITES, 'a suite: each test stands alone, and the file has one subject'),
]);
