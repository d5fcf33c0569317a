// Fan-out to the bodies of fetch Responses.

import { times } from '../lib/aims.mjs';
import { LIMIT, OURS } from '../lib/case.mjs';
import { fanOut } from '../lib/fan-out.mjs';
import { blockOf, TYPE } from '../lib/messages.mjs';
import { peer } from '../lib/peers.mjs';

const BODIES = [100, 1000];
const TURNS = [64, 16, 1];
const MEASURE = 'rate';

/** @param {number} bodies @param {number} turn */
const nameOf = (bodies, turn) => `${bodies.toLocaleString('en')} bodies, turns of ${turn}`;

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'Fan-out to fetch Response bodies, payloads of 120 bytes, read to the end in one process',
  measures: { [MEASURE]: { unit: 'deliveries/s' } },
  variants: (quick) =>
    BODIES.flatMap((bodies) =>
      (quick ? [16] : TURNS).map((turn) => {
        // As many deliveries with 100 bodies as with 1,000. Peers are sent a tenth, and so take
        // about as long.
        const messages = (deliveries = 0) => ({ messages: Math.max(1, Math.round(deliveries / bodies / 64)) * 64 });
        const peers = messages(quick ? 6_400 : 128_000);
        return {
          name: nameOf(bodies, turn),
          settings: { bodies, turn, ...messages(quick ? 6_400 : turn === 1 ? 768_000 : 5_120_000) },
          others: { 'better-sse': peers, hono: peers },
        };
      }),
    ),
  contestants: {
    [OURS]: async (settings) => {
      const { SSEChannel } = await import('../../../dist/index.js');
      const channel = new SSEChannel();
      return fanOut(
        { open: () => channel.response(), send: (payload) => channel.broadcast({ type: TYPE, payload }) },
        settings,
      );
    },
    [LIMIT]: (settings) => {
      const encoder = new TextEncoder();
      /** @type {Set<ReadableStreamDefaultController<Uint8Array>>} */
      const clients = new Set();
      let [text, number] = ['', 0];
      const open = () => new Response(new ReadableStream({ start: (controller) => void clients.add(controller) }));
      const flush = () => {
        const chunk = encoder.encode(text);
        for (const client of clients) client.enqueue(chunk);
        text = '';
      };
      return fanOut({ open, send: (payload) => void (text += blockOf(payload, ++number)), flush }, settings);
    },
    'better-sse': async (settings) => {
      const { createChannel, createResponse } = await peer('better-sse');
      const channel = createChannel();
      const open = () =>
        createResponse(new Request('http://localhost/'), (/** @type {object} */ session) => channel.register(session));
      return fanOut({ open, send: (payload) => channel.broadcast(payload, TYPE) }, settings);
    },
    hono: async (settings) => {
      const [{ Hono }, { streamSSE }] = [await peer('hono'), await peer('hono/streaming')];
      const app = new Hono();
      /** @type {any[]} */
      const clients = [];
      app.get('/', (/** @type {any} */ context) =>
        streamSSE(context, (/** @type {any} */ stream) => new Promise(() => clients.push(stream))),
      );
      /** @type {Promise<void>[]} */
      let written = [];
      let number = 0;
      const send = (/** @type {import('../lib/messages.mjs').Payload} */ payload) => {
        const event = { event: TYPE, data: JSON.stringify(payload), id: `0123456789ab-${++number}` };
        for (const client of clients) written.push(client.writeSSE(event));
      };
      const flush = async () => {
        await Promise.all(written);
        written = [];
      };
      return fanOut({ open: () => app.request('/'), send, flush }, settings);
    },
  },
  aims: [
    times({
      text: 'compared with better-sse, 1,000 bodies, turns of 64',
      variant: nameOf(1000, 64),
      measure: MEASURE,
      ours: OURS,
      theirs: 'better-sse',
      least: 40,
    }),
    ...BODIES.flatMap((bodies) =>
      TURNS.map((turn) => {
        const variant = nameOf(bodies, turn);
        return times({
          text: `compared with the limit, ${variant}`,
          variant,
          measure: MEASURE,
          ours: OURS,
          theirs: LIMIT,
          least: 0.9,
        });
      }),
    ),
  ],
  notes: [
    'By hand: JSON.stringify once for each message. The messages of a turn are encoded into one chunk, which is enqueued to each controller. It has no queue limit, no history, no end and no heartbeat.',
    'Ours has its defaults: a history of 1,024 messages, queues limited to 1,024 messages and 1 MiB, heartbeats and stall detection.',
    'better-sse makes an id for each message with crypto.randomUUID() and writes no space after a colon. hono receives its payload as JSON text, made once for each message.',
    'better-sse and hono are sent fewer messages. The rate is per delivery.',
  ],
};
