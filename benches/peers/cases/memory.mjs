// Memory of listeners that lag: what waits for them stands once, or once for each.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { absolute, timesLess } from '../lib/aims.mjs';
import { check, OURS } from '../lib/case.mjs';
import { resident, watchWasm } from '../lib/memory.mjs';
import { payloads, TYPE } from '../lib/messages.mjs';
import { peer } from '../lib/peers.mjs';
import { turn } from '../lib/turns.mjs';

const BYTES = 1024;
const LAGGING = '10,000 lagging, 1,000 messages of 1 KiB';
/**
 * The queue limit of a response, since 1,000 messages of 1 KiB weigh more than the default of 1
 * MiB.
 */
const QUEUE = { messages: 2_000, bytes: 4 * 1024 * 1024 };
const [RESPONSES, LISTENERS] = [OURS, `${OURS}, listeners in the process`];

/**
 * @param {import('../lib/case.mjs').Settings} settings
 * @param {boolean} asResponses
 */
async function ours({ listeners = 0, messages = 0 }, asResponses) {
  const wasm = watchWasm();
  const { SSEChannel } = await import('../../../dist/index.js');
  const channel = new SSEChannel();
  const all = payloads(messages, { bytes: BYTES });
  /** @type {Response[]} */
  const responses = [];
  const add = () => {
    if (asResponses) responses.push(channel.response(null, { queue: QUEUE }));
    else channel.addListener().startSync();
  };
  // The log alone, in another channel: with one listener who lags.
  const wasmBefore = wasm();
  const alone = new SSEChannel();
  alone.addListener().startSync();
  for (const payload of all) alone.broadcast({ type: TYPE, payload });
  const log = wasm() - wasmBefore;

  const [before, wasmThen] = [await resident(), wasm()];
  for (let i = 0; i < listeners; i++) add();
  for (const payload of all) channel.broadcast({ type: TYPE, payload });
  await turn();
  const [after, wasmNow] = [await resident(), wasm()];
  const { queued, listeners: present } = channel.stats();
  check(present === listeners && queued === listeners * messages, `${queued} messages wait for ${present} listeners`);
  return {
    growth: (after - before) / 2 ** 20,
    each: (after - before) / (listeners * messages),
    wasm: Math.max(0, wasmNow - wasmThen - log) / listeners,
  };
}

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'Memory of 10,000 lagging listeners with 1,000 messages of 1 KiB waiting',
  measures: {
    growth: { unit: 'MiB that the process grows by', less: true },
    each: { unit: 'bytes for each message that waits for a listener', less: true, digits: 1 },
    wasm: { unit: 'bytes of WebAssembly for each listener, beyond the log', less: true },
  },
  variants: (quick) => [
    {
      name: LAGGING,
      settings: quick ? { listeners: 100, messages: 100 } : { listeners: 10_000, messages: 1_000 },
      // Ten million copies of a kilobyte do not fit: it has a hundredth, and grows in proportion.
      others: { 'better-sse': quick ? { listeners: 100, messages: 100 } : { listeners: 500, messages: 200 } },
    },
  ],
  contestants: {
    [RESPONSES]: (settings) => ours(settings, true),
    [LISTENERS]: (settings) => ours(settings, false),
    'better-sse': async ({ listeners = 0, messages = 0 }) => {
      const { createChannel, createResponse } = await peer('better-sse');
      const channel = createChannel();
      const all = payloads(messages, { bytes: BYTES });
      const before = await resident();
      /** @type {Response[]} */
      const responses = [];
      for (let i = 0; i < listeners; i++)
        responses.push(
          createResponse(new Request('http://localhost/'), (/** @type {object} */ session) =>
            channel.register(session),
          ),
        );
      await turn();
      await turn();
      check(channel.sessionCount === listeners, `${channel.sessionCount} sessions, not ${listeners}`);
      /** @type {number[]} */
      const after = [];
      for (const [i, payload] of all.entries()) {
        channel.broadcast(payload, TYPE);
        if (i + 1 === messages / 2 || i + 1 === messages) after.push(await resident());
      }
      check(
        responses.every(({ bodyUsed }) => !bodyUsed),
        'a response was read',
      );
      const [half = NaN, full = NaN] = after;
      // Each message costs the same: what the second half has cost, times all of them.
      const each = (full - half) / (listeners * (messages / 2));
      return { growth: (full - before) / 2 ** 20, each };
    },
    python: ({ listeners, messages }) =>
      new Promise((resolve, reject) => {
        const script = fileURLToPath(new URL('../lib/memory.py', import.meta.url));
        const child = spawn(String(process.env.ERIC_PYTHON), [script, ...[listeners, messages, BYTES].map(String)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let output = '';
        child.stdout.setEncoding('utf8').on('data', (text) => void (output += text));
        child.once('error', reject);
        child.once('close', (code) => {
          const grown = Number(output);
          if (code === 0) resolve({ growth: grown / 2 ** 20, each: grown / (Number(listeners) * Number(messages)) });
          else reject(new Error(`python ended with ${code}`));
        });
      }),
  },
  aims: [
    absolute({
      text: 'WebAssembly memory of each response, beyond the log',
      variant: LAGGING,
      of: RESPONSES,
      measure: 'wasm',
      most: 256,
      unit: 'bytes',
    }),
    absolute({
      text: 'WebAssembly memory of each listener, beyond the log',
      variant: LAGGING,
      of: LISTENERS,
      measure: 'wasm',
      most: 256,
      unit: 'bytes',
    }),
    timesLess({
      text: 'each waiting message in better-sse, compared with ours',
      variant: LAGGING,
      measure: 'each',
      ours: RESPONSES,
      theirs: 'better-sse',
      least: 20,
    }),
    timesLess({
      text: 'the queues of Python, compared with ours',
      variant: LAGGING,
      measure: 'growth',
      ours: RESPONSES,
      theirs: 'python',
      least: 1,
    }),
  ],
  flags: ['--expose-gc'],
  rounds: 3,
  cannot: [
    "hono makes a copy in the stream of each client, as better-sse does. sse-channel and nchan have sockets only, whose buffers are the system's.",
  ],
  notes: [
    'Ours: responses that are not read, with queues of 2,000 messages and 4 MiB. The default of 1 MiB would end them at the 820th message. better-sse has no limit.',
    'better-sse is measured with 500 sessions and 200 messages, since ten million copies of a kilobyte do not fit. The comparison is by the cost of a message that waits for a listener: the growth of the second half.',
    "Python's queues hold references to one message, because it is sent within the process.",
  ],
};
