// How costs grow: with listeners, with what waits, and with the size of payloads.

import { growth } from '../lib/aims.mjs';
import { check, LIMIT, OURS } from '../lib/case.mjs';
import { fanOut } from '../lib/fan-out.mjs';
import { blockOf, payloads, TYPE, verify } from '../lib/messages.mjs';

/** @typedef {import('../lib/fan-out.mjs').Source} Source */

const LISTENERS = 'listeners';
const BACKLOG = 'messages that wait';
const PAYLOAD = 'bytes of a payload';

/** The parameter that is varied, by the number that settings carry. */
const VARIED = [LISTENERS, BACKLOG, PAYLOAD];

/** @type {Record<string, number[]>} */
const POINTS = {
  [LISTENERS]: [1, 10, 100, 1_000, 10_000],
  [BACKLOG]: [1, 10, 100, 1_000, 10_000, 100_000],
  [PAYLOAD]: [16, 64, 256, 1_024, 4_096, 16_384, 65_536],
};

/** A queue that holds whatever waits. */
const ANY = { messages: Infinity, bytes: Infinity };

/** @param {typeof import('../../../dist/index.js')} package_ @returns {Source} */
function ours({ SSEChannel }) {
  const channel = new SSEChannel();
  return {
    open: () => channel.response(null, { queue: ANY }),
    send: (payload) => channel.broadcast({ type: TYPE, payload }),
  };
}

/** @returns {Source} */
function byHand() {
  const encoder = new TextEncoder();
  /** @type {Set<ReadableStreamDefaultController<Uint8Array>>} */
  const clients = new Set();
  let [text, number] = ['', 0];
  return {
    open: () => new Response(new ReadableStream({ start: (controller) => void clients.add(controller) })),
    send: (payload) => void (text += blockOf(payload, ++number)),
    flush: () => {
      const chunk = encoder.encode(text);
      for (const client of clients) client.enqueue(chunk);
      text = '';
    },
  };
}

/**
 * Returns the nanoseconds for each message that waits, from when it is sent to when it has been
 * read by one client.
 * @param {Source} source
 * @param {number} messages
 */
async function drain({ open, send, flush }, messages) {
  const all = payloads(messages);
  const response = await open();
  const start = performance.now();
  for (const payload of all) send(payload);
  await flush?.();
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  /** @type {Uint8Array[]} */
  const chunks = [];
  // The last block has its end, and the number of the last message.
  const last = `{"n":${messages - 1},`;
  for (;;) {
    const { value = new Uint8Array() } = await reader.read();
    chunks.push(value);
    if (Buffer.from(value.subarray(-1_000)).toString().includes(last)) break;
  }
  const nanoseconds = ((performance.now() - start) * 1e6) / messages;
  verify(Buffer.concat(chunks).toString(), all);
  return nanoseconds;
}

/**
 * @param {() => Source} make
 * @param {import('../lib/case.mjs').Settings} settings
 */
async function curve(make, { varied = 0, most = 0, deliveries = 0 }) {
  const what = String(VARIED[varied]);
  /** @type {import('../lib/case.mjs').Numbers} */
  const curve = {};
  for (const point of (POINTS[what] ?? []).slice(0, most)) {
    if (what === BACKLOG) {
      // The waiting messages are sent and read several times, in channels of their own; the last
      // ones count.
      const times = Math.min(200, Math.max(4, Math.ceil(deliveries / 8 / point)));
      const all = [];
      for (let i = 0; i < times; i++) all.push(await drain(make(), point));
      const counted = all.slice(times / 2);
      curve[point] = counted.reduce((a, b) => a + b, 0) / counted.length;
      continue;
    }
    const bodies = what === LISTENERS ? point : 100;
    const bytes = what === LISTENERS ? 120 : point;
    const perTurn = 8;
    // As many deliveries at each point, except at the ends of the curve.
    const wanted = what === PAYLOAD && point >= 16_384 ? deliveries / 16 : deliveries;
    const messages = Math.min(10_000, Math.max(8, Math.round(wanted / bodies / perTurn))) * perTurn;
    const { rate } = await fanOut(make(), { bodies, bytes, messages, turn: perTurn });
    curve[point] = 1e9 / rate;
  }
  check(Object.keys(curve).length > 1, 'a curve has at least two points');
  return curve;
}

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'Cost curves: nanoseconds for each delivery of a message to a fetch Response body',
  measures: Object.fromEntries(
    [...new Set(Object.values(POINTS).flat())].map((point) => [point, { unit: 'ns', less: true }]),
  ),
  variants: (quick) =>
    VARIED.map((name, varied) => ({
      name,
      settings: { varied, most: quick ? 2 : 100, deliveries: quick ? 1_000 : 640_000 },
    })),
  contestants: {
    [OURS]: async (settings) => {
      const package_ = await import('../../../dist/index.js');
      return curve(() => ours(package_), settings);
    },
    [LIMIT]: (settings) => curve(byHand, settings),
  },
  aims: [
    growth({
      text: 'each delivery to 10,000 bodies, compared with 100 bodies',
      variant: LISTENERS,
      of: OURS,
      measure: '10000',
      to: '100',
      most: 1.5,
    }),
    growth({
      text: 'each of 100,000 waiting messages, compared with 100',
      variant: BACKLOG,
      of: OURS,
      measure: '100000',
      to: '100',
      most: 1.5,
    }),
  ],
  notes: [
    'Listeners and sizes: turns of 8 messages, and all bodies are read as the messages come. Payloads have 120 bytes where bodies grow, and there are 100 bodies where payloads grow. The queues have no limit here: a turn of 64 KiB payloads would exceed the default.',
    'Waiting messages: messages of 120 bytes are sent to one response, then read. The time covers both.',
  ],
};
