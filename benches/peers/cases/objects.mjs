// Streams of objects: listeners read by `for await`.

import { spawn } from 'node:child_process';
import { EventEmitter, on } from 'node:events';
import { fileURLToPath } from 'node:url';
import { times } from '../lib/aims.mjs';
import { check, LIMIT, OURS } from '../lib/case.mjs';
import { HandChannel } from '../lib/hand-queue.mjs';
import { payloads, TYPE } from '../lib/messages.mjs';
import { median } from '../lib/statistics.mjs';
import { turn } from '../lib/turns.mjs';

/** @typedef {import('../lib/messages.mjs').Payload} Payload @typedef {{ data: any }} Event */

const TURNS = [64, 1];
/**
 * How often the messages are sent: once to warm up, and then measured; the median of these passes
 * counts.
 */
const PASSES = 6;
const MEASURE = 'rate';

/** @param {number} turn */
const nameOf = (turn) => `100 listeners, turns of ${turn}`;

/**
 * Returns deliveries per second. Every reader looks at the number of each message.
 * @param {() => AsyncIterable<Event | Event[]>} open
 * @param {(payload: Payload) => void} send
 * @param {import('../lib/case.mjs').Settings} settings
 */
async function measure(open, send, { listeners = 0, messages = 0, turn: perTurn = 1 }) {
  const all = payloads(messages * PASSES);
  let read = 0;
  /** @param {AsyncIterable<Event | Event[]>} stream */
  const readAll = async (stream) => {
    let next = 0;
    for await (const item of stream) {
      const { data } = /** @type {Event} */ (Array.isArray(item) ? item[0] : item);
      check(data.n === next++, `message ${data.n} came in place of ${next - 1}`);
      read++;
      if (next === all.length) return;
    }
    throw new Error('broken: a stream has ended');
  };
  const ended = Promise.all(Array.from({ length: listeners }, open).map(readAll));
  /** @type {number[]} */
  const rates = [];
  for (let first = 0; first < all.length; first += messages) {
    const start = performance.now();
    for (let i = first; i < first + messages; i += perTurn) {
      for (const payload of all.slice(i, Math.min(i + perTurn, first + messages))) send(payload);
      await turn();
    }
    // A reader that has failed has thrown by then.
    while (read < listeners * (first + messages)) await Promise.race([turn(), ended]);
    rates.push((listeners * messages) / ((performance.now() - start) / 1000));
  }
  await ended;
  return { [MEASURE]: median(rates.slice(1)) };
}

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'Streams of objects: 100 listeners read by `for await`',
  measures: { [MEASURE]: { unit: 'deliveries/s' } },
  variants: (quick) =>
    (quick ? [64] : TURNS).map((turn) => ({
      name: nameOf(turn),
      settings: { listeners: 100, messages: quick ? 64 : 3_840, turn },
      others: { python: { messages: quick ? 64 : 640 } },
    })),
  contestants: {
    [OURS]: async (settings) => {
      const { SSEChannel } = await import('../../../dist/index.js');
      const channel = new SSEChannel();
      const open = () => {
        const listener = channel.addListener();
        listener.startSync();
        return channel.messageStream(listener);
      };
      return measure(open, (payload) => channel.broadcast({ type: TYPE, payload }), settings);
    },
    [LIMIT]: (settings) => {
      /** @type {HandChannel<{ event: string, data: Payload, retry: number, id: string }>} */
      const channel = new HandChannel();
      let number = 0;
      return measure(
        () => channel.watch(),
        (data) => channel.broadcast({ event: TYPE, data, retry: 15_000, id: `0123456789ab-${++number}` }),
        settings,
      );
    },
    'events.on': (settings) => {
      const emitter = new EventEmitter().setMaxListeners(0);
      let number = 0;
      return measure(
        () => on(emitter, TYPE),
        (data) => emitter.emit(TYPE, { event: TYPE, data, retry: 15_000, id: `0123456789ab-${++number}` }),
        settings,
      );
    },
    python: ({ listeners, messages, turn }) =>
      new Promise((resolve, reject) => {
        const script = fileURLToPath(new URL('../lib/objects.py', import.meta.url));
        const child = spawn(
          String(process.env.ERIC_PYTHON),
          [script, ...[listeners, messages, turn, PASSES].map(String)],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
        let output = '';
        child.stdout.setEncoding('utf8').on('data', (text) => void (output += text));
        child.once('error', reject);
        child.once('close', (code) =>
          code === 0 ? resolve({ [MEASURE]: Number(output) }) : reject(new Error(`python ended with ${code}`)),
        );
      }),
  },
  aims: TURNS.flatMap((turn) => {
    const pair = { variant: nameOf(turn), measure: MEASURE, ours: OURS };
    return [
      times({ ...pair, text: `compared with Python's eric-sse, turns of ${turn}`, theirs: 'python', least: 10 }),
      times({ ...pair, text: `compared with the hand-written queue, turns of ${turn}`, theirs: LIMIT, least: 0.7 }),
    ];
  }),
  cannot: ['better-sse, hono, sse-channel and nchan have no streams of objects.'],
  notes: [
    'Ours: SSEChannel.messageStream of registered listeners, with the default history of 1,024 messages. Each message is serialised when it is sent, as always. The others pass a reference.',
    "By hand: an array for each listener, and a promise for a reader that waits. Python: eric-sse's own SSEChannel and message_stream in one event loop, with its log turned off.",
    'events.on yields the arguments of emit() as an array; the reader takes the event out of it.',
  ],
};
