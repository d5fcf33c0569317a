// The files that tests/house lets exceed the limit of lines.

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
  'tests/soak/soak.test.mjs',
  'tests/socket/socket.test.mjs',
  'tests/suite/chunks.rs',
  'tests/suite/counters.rs',
  'tests/suite/limits.rs',
  'tests/suite/model.rs',
  'tests/suite/replay.rs',
  'tests/to-node/to-node.test.mjs',
];

/** Files of more than 300 lines, and why each stays whole. */
export const LONGER = {
  ...Object.fromEntries(SUITES.map((file) => [file, 'a suite: each test stands alone, and the file has one subject'])),
  'tests/bindings/mod.rs': 'the exports as a program without the package would call them',
  'fuzz/fuzz_targets/encoder.rs': 'one fuzz target with its own decoder',
  'fuzz/fuzz_targets/last_event_id/main.rs': 'one fuzz target: its inputs and the comparison with the model',
  'fuzz/fuzz_targets/last_event_id/model.rs': 'the independent model of one fuzz target',
};
