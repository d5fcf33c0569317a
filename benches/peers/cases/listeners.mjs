// Coming and going, while many are there.

import { growth, timesLess } from '../lib/aims.mjs';
import { check, LIMIT, OURS } from '../lib/case.mjs';
import { TYPE } from '../lib/messages.mjs';
import { peer } from '../lib/peers.mjs';
import { median } from '../lib/statistics.mjs';
import { turn } from '../lib/turns.mjs';

const [FEW, MANY] = ['with 100 present', 'with 10,000 present'];
/** As many come and go at a time, so often. */
const [AT_ONCE, ROUNDS] = [1_000, 12];

/** @typedef {Record<string, number[]>} Times of each operation, batch by batch, in nanoseconds for one */

/**
 * @param {Times} times
 * @param {string} operation
 * @param {number} count
 * @param {() => void | Promise<void>} work
 */
async function time(times, operation, count, work) {
  const start = performance.now();
  await work();
  (times[operation] ??= []).push(((performance.now() - start) * 1e6) / count);
}

/** @param {Times} times */
const medians = (times) =>
  Object.fromEntries(Object.entries(times).map(([operation, all]) => [operation, median(all.slice(all.length / 4))]));

/** Requests as a server has them, with signals that say that the client has left. @param {number} count */
const requests = (count) =>
  Array.from({ length: count }, () => {
    const controller = new AbortController();
    return { controller, request: new Request('http://localhost/', { signal: controller.signal }) };
  });

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'Listeners and responses that come and go, while others are present',
  measures: Object.fromEntries(
    ['add', 'start', 'stop', 'remove', 'open', 'close', 'come and go, listener', 'come and go, response'].map(
      (name) => [name, { unit: 'ns each', less: true }],
    ),
  ),
  variants: (quick) =>
    [FEW, MANY].map((name) => ({
      name,
      settings: {
        present: (name === FEW ? 100 : 10_000) / (quick ? 10 : 1),
        count: quick ? 50 : AT_ONCE,
        rounds: quick ? 2 : ROUNDS,
      },
    })),
  contestants: {
    [OURS]: async ({ present = 0, count = 0, rounds = 0 }) => {
      const { SSEChannel } = await import('../../../dist/index.js');
      const channel = new SSEChannel();
      for (let i = 0; i < present; i++) channel.addListener().startSync();
      /** @type {Times} */
      const times = {};
      for (let round = 0; round < rounds; round++) {
        // Something waits for everybody, and the log has an end to keep.
        channel.broadcast({ type: TYPE, payload: round });
        /** @type {ReturnType<typeof channel.addListener>[]} */
        let added = [];
        await time(
          times,
          'add',
          count,
          () => void (added = Array.from({ length: count }, () => channel.addListener())),
        );
        check(channel.listenerCount === present + count, 'not all were added');
        await time(times, 'start', count, () => added.forEach((listener) => listener.startSync()));
        await time(times, 'stop', count, () => added.forEach((listener) => listener.stopSync()));
        await time(times, 'remove', count, () => added.forEach(({ id }) => channel.removeListener(id)));
        check(channel.listenerCount === present, 'not all were removed');

        const clients = requests(count);
        /** @type {Response[]} */
        let responses = [];
        await time(
          times,
          'open',
          count,
          () => void (responses = clients.map(({ request }) => channel.response(request))),
        );
        check(channel.listenerCount === present + count && responses.length === count, 'not all were opened');
        await time(times, 'close', count, () => clients.forEach(({ controller }) => controller.abort()));
        check(channel.listenerCount === present, 'not all have left');
      }
      const { add = 0, remove = 0, open = 0, close = 0, ...rest } = medians(times);
      return {
        add,
        remove,
        open,
        close,
        ...rest,
        'come and go, listener': add + remove,
        'come and go, response': open + close,
      };
    },
    [LIMIT]: async ({ present = 0, count = 0, rounds = 0 }) => {
      /** @type {Set<ReadableStreamDefaultController<Uint8Array>>} */
      const clients = new Set();
      const open = (/** @type {Request} */ { signal }) => {
        /** @type {ReadableStreamDefaultController<Uint8Array>} */
        let client;
        const leave = () => void (clients.delete(client) && client.close());
        signal.addEventListener('abort', leave);
        const start = (/** @type {typeof client} */ controller) => void clients.add((client = controller));
        return new Response(new ReadableStream({ start, cancel: leave }), {
          headers: { 'Content-Type': 'text/event-stream' },
        });
      };
      const standing = requests(present).map(({ request }) => open(request));
      check(standing.length === present, 'not all are there');
      /** @type {Times} */
      const times = {};
      for (let round = 0; round < rounds; round++) {
        const arriving = requests(count);
        /** @type {Response[]} */
        let responses = [];
        await time(times, 'open', count, () => void (responses = arriving.map(({ request }) => open(request))));
        check(clients.size === present + count && responses.length === count, 'not all were opened');
        await time(times, 'close', count, () => arriving.forEach(({ controller }) => controller.abort()));
        check(clients.size === present, 'not all have left');
      }
      const { open: opening = 0, close = 0 } = medians(times);
      return { open: opening, close, 'come and go, response': opening + close };
    },
    'better-sse': async ({ present = 0, count = 0, rounds = 0 }) => {
      const { createChannel, createResponse } = await peer('better-sse');
      const channel = createChannel();
      /** @type {any[]} */
      const opened = [];
      const open = (/** @type {Request} */ request) =>
        createResponse(request, (/** @type {any} */ session) => {
          channel.register(session);
          opened.push(session);
        });
      // It connects a session in the next turn.
      const connected = async (/** @type {number} */ sessions) => {
        while (channel.sessionCount < sessions) await turn();
      };
      const standing = requests(present).map(({ request }) => open(request));
      await connected(present);
      check(standing.length === present, 'not all are there');
      /** @type {Times} */
      const times = {};
      for (let round = 0; round < rounds; round++) {
        const clients = requests(count);
        /** @type {Response[]} */
        let responses = [];
        opened.length = 0;
        await time(times, 'open', count, async () => {
          responses = clients.map(({ request }) => open(request));
          await connected(present + count);
        });
        check(responses.length === count && opened.length === count, 'not all were opened');
        await time(times, 'remove', count, () => opened.forEach((session) => channel.deregister(session)));
        check(channel.sessionCount === present, 'not all were removed');
        await time(times, 'add', count, () => opened.forEach((session) => channel.register(session)));
        check(channel.sessionCount === present + count, 'not all were added');
        await time(times, 'close', count, () => clients.forEach(({ controller }) => controller.abort()));
        check(channel.sessionCount === present, 'not all have left');
      }
      const { add = 0, remove = 0, open: opening = 0, close = 0 } = medians(times);
      return {
        add,
        remove,
        open: opening,
        close,
        'come and go, listener': opening + remove,
        'come and go, response': opening + close,
      };
    },
  },
  aims: [
    ...['add', 'stop', 'remove', 'open', 'close'].map((measure) =>
      growth({
        text: `to ${measure} one with 10,000 present, compared with 100`,
        variant: MANY,
        smaller: FEW,
        of: OURS,
        measure,
        to: measure,
        most: 1.5,
      }),
    ),
    timesLess({
      text: 'a response that comes and goes, compared with better-sse',
      variant: MANY,
      measure: 'come and go, response',
      ours: OURS,
      theirs: 'better-sse',
      least: 5,
    }),
    timesLess({
      text: 'a listener that comes and goes, compared with a session of better-sse',
      variant: MANY,
      measure: 'come and go, listener',
      ours: OURS,
      theirs: 'better-sse',
      least: 5,
    }),
  ],
  cannot: ['hono keeps no list of its clients.'],
  notes: [
    "better-sse's listener is a session, which is made of a request and connected in the next turn: that is its `open`. `add` registers a session that exists already. It has no stop.",
    'By hand: a Response with a stream whose controller is in a set, and a listener to the signal that takes it out. The platform needs that much for a response.',
    'Responses are opened with a Request that was made before, and closed by its signal.',
  ],
};
