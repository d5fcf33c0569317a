// One sender and one listener: how long a message takes from `broadcast` to the code that reads it.

import { difference } from '../lib/aims.mjs';
import { check, LIMIT, OURS } from '../lib/case.mjs';
import { HandChannel } from '../lib/hand-queue.mjs';
import { payloads, TYPE } from '../lib/messages.mjs';
import { quantile } from '../lib/statistics.mjs';

/** @typedef {import('../lib/messages.mjs').Payload} Payload */

const ONE = 'one listener';

/**
 * @param {AsyncIterable<{ data: any }>} stream
 * @param {(payload: Payload) => void} send
 * @param {import('../lib/case.mjs').Settings} settings
 */
async function measure(stream, send, { messages = 0 }) {
  const all = payloads(2 * messages);
  const delays = new Float64Array(messages);
  let sentAt = 0;
  let sum = 0;
  let got = () => {};
  const read = (async () => {
    let next = 0;
    for await (const { data } of stream) {
      const microseconds = (performance.now() - sentAt) * 1000;
      check(data.n === next++, `message ${data.n} came in place of ${next - 1}`);
      // The first half is for the compiler.
      if (data.n >= messages) {
        delays[data.n - messages] = microseconds;
        sum += microseconds;
      }
      got();
      if (next === all.length) return;
    }
  })();
  for (const payload of all) {
    const arrived = new Promise((resolve) => void (got = () => resolve(undefined)));
    sentAt = performance.now();
    send(payload);
    await arrived;
  }
  await read;
  return { mean: sum / messages, p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) };
}

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'One sender, one listener: from `broadcast` to the reader, one message at a time',
  measures: {
    mean: { unit: 'µs', less: true, digits: 2 },
    p50: { unit: 'µs, median', less: true, digits: 2 },
    p99: { unit: 'µs, 99th percentile', less: true, digits: 2 },
  },
  variants: (quick) => [{ name: ONE, settings: { messages: quick ? 1_000 : 200_000 } }],
  contestants: {
    [OURS]: async (settings) => {
      const { SSEChannel } = await import('../../../dist/index.js');
      const channel = new SSEChannel();
      return measure(channel.watch(), (payload) => channel.broadcast({ type: TYPE, payload }), settings);
    },
    [LIMIT]: (settings) => {
      /** @type {HandChannel<{ event: string, data: Payload, retry: number, id: string }>} */
      const channel = new HandChannel();
      let number = 0;
      return measure(
        channel.watch(),
        (data) => channel.broadcast({ event: TYPE, data, retry: 15_000, id: `0123456789ab-${++number}` }),
        settings,
      );
    },
  },
  aims: [
    difference({
      text: 'longer than the hand-written queue, on average',
      variant: ONE,
      measure: 'mean',
      ours: OURS,
      theirs: LIMIT,
      most: 1,
      unit: 'µs',
    }),
    difference({
      text: 'longer than the hand-written queue, median',
      variant: ONE,
      measure: 'p50',
      ours: OURS,
      theirs: LIMIT,
      most: 1,
      unit: 'µs',
    }),
  ],
  cannot: ['better-sse, hono, sse-channel and nchan have no streams of objects.'],
  notes: [
    'Ours: SSEChannel.watch(), with the default history. It serialises each message, stamps it with the time and makes its event id. The hand-written queue makes the id, and serialises nothing.',
  ],
};
