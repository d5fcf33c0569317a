// The cost of a broadcast as listeners grow, while nobody reads.

import { growth } from '../lib/aims.mjs';
import { check, OURS } from '../lib/case.mjs';
import { payloads, TYPE } from '../lib/messages.mjs';
import { median } from '../lib/statistics.mjs';

const SIZES = [1, 10, 100, 1_000, 10_000, 100_000];
/** After so many broadcasts the next size has its turn. */
const BATCH = 250;

/** @param {number} size */
const measureOf = (size) => `${size.toLocaleString('en')} listeners`;

/** @type {import('../lib/case.mjs').Variant[]} */
const VARIANTS = [
  { name: 'listeners without a bound', settings: { bound: 0 } },
  { name: 'listeners with a bound of 100 messages', settings: { bound: 100 } },
];

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'The cost of `broadcast` as listeners grow, while no listener reads',
  measures: Object.fromEntries(SIZES.map((size) => [measureOf(size), { unit: 'ns per broadcast', less: true }])),
  variants: (quick) =>
    VARIANTS.map(({ name, settings }) => ({
      name,
      settings: { ...settings, most: quick ? 1_000 : 100_000, batches: quick ? 2 : 60 },
    })),
  contestants: {
    [OURS]: async ({ bound = 0, most = 1, batches = 1 }) => {
      const { MessageQueueListener, SSEChannel } = await import('../../../dist/index.js');
      const sizes = SIZES.filter((size) => size <= most);
      const channels = sizes.map((size) => {
        const channel = new SSEChannel();
        for (let i = 0; i < size; i++)
          channel.addListener(MessageQueueListener, bound > 0 ? { queue: { messages: bound } } : undefined).startSync();
        return channel;
      });
      const all = payloads(BATCH);
      /** @type {number[][]} */
      const nanoseconds = sizes.map(() => []);
      for (let batch = 0; batch < batches; batch++) {
        for (const [i, channel] of channels.entries()) {
          const start = performance.now();
          for (const payload of all) channel.broadcast({ type: TYPE, payload });
          nanoseconds[i]?.push(((performance.now() - start) * 1e6) / BATCH);
        }
      }
      for (const [i, channel] of channels.entries()) {
        const { broadcasts, queued, dropped } = channel.stats();
        const sent = broadcasts * (sizes[i] ?? 0);
        check(broadcasts === BATCH * batches, `${broadcasts} broadcasts, not ${BATCH * batches}`);
        check(
          queued + Object.values(dropped).reduce((a, b) => a + b, 0) === sent,
          'the messages are neither queued nor dropped',
        );
      }
      // The first quarter is for the compiler.
      return Object.fromEntries(
        sizes.map((size, i) => [measureOf(size), median(nanoseconds[i]?.slice(batches / 4) ?? [])]),
      );
    },
  },
  aims: VARIANTS.map(({ name: variant }) =>
    growth({
      text: `from 1 to 100,000 ${variant}`,
      variant,
      of: OURS,
      measure: measureOf(100_000),
      to: measureOf(1),
      most: 1.5,
    }),
  ),
  cannot: [
    'better-sse, hono and sse-channel write to each client, and Python pushes to each queue. Their cost grows with the number of clients; the fan-outs measure it.',
  ],
  notes: ['tokio sync::broadcast is measured among the native contestants.'],
};
