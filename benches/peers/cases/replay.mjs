// Replay: a client reconnects, and has 10,000 messages to read.

import { times } from '../lib/aims.mjs';
import { check, LIMIT, OURS } from '../lib/case.mjs';
import { blockOf, payloads, TYPE, verify } from '../lib/messages.mjs';
import { median } from '../lib/statistics.mjs';
import { quiet, turn } from '../lib/turns.mjs';

/** @typedef {import('../lib/messages.mjs').Payload} Payload */

const ALL = '10,000 messages';
const PER_TURN = 64;

/**
 * @param {object} channel
 * @param {() => Response} channel.open a client that stays
 * @param {() => Response} channel.comeBack a client that has missed everything
 * @param {(payload: Payload) => void} channel.send
 * @param {() => void} [channel.flush]
 * @param {import('../lib/case.mjs').Settings} settings
 */
async function measure({ open, comeBack, send, flush }, { messages = 0, clients = 0 }) {
  const all = payloads(messages);
  // A listener is there when the messages are sent, as in life: they have been encoded once.
  let received = 0;
  const reader = /** @type {ReadableStream<Uint8Array>} */ (open().body).getReader();
  (async () => {
    for (;;) received += (await reader.read()).value?.length ?? 0;
  })();
  for (let i = 0; i < messages; i += PER_TURN) {
    all.slice(i, i + PER_TURN).forEach(send);
    flush?.();
    await turn();
  }
  await quiet(() => received);

  /** @type {number[]} */
  const rates = [];
  for (let client = 0; client < clients; client++) {
    const start = performance.now();
    const replayed = /** @type {ReadableStream<Uint8Array>} */ (comeBack().body).getReader();
    const chunks = [];
    for (let bytes = 0; bytes < received; ) {
      const { value = new Uint8Array() } = await replayed.read();
      chunks.push(value);
      bytes += value.length;
    }
    rates.push(messages / ((performance.now() - start) / 1000));
    verify(Buffer.concat(chunks).toString(), all);
    await replayed.cancel();
  }
  const [first = NaN, ...again] = rates;
  check(again.length > 0, 'no client has reconnected yet');
  return { first, again: median(again) };
}

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'Replay of 10,000 retained messages of 120 bytes to a reconnecting client',
  measures: { first: { unit: 'messages/s, the first reconnecting client' }, again: { unit: 'messages/s, the others' } },
  variants: (quick) => [{ name: ALL, settings: { messages: quick ? 500 : 10_000, clients: quick ? 3 : 200 } }],
  contestants: {
    [OURS]: async (settings) => {
      const { SSEChannel } = await import('../../../dist/index.js');
      const channel = new SSEChannel({ history: { messages: 20_000, bytes: 64 * 1024 * 1024 } });
      const { lastEventId } = channel;
      return measure(
        {
          open: () => channel.response(),
          comeBack: () => channel.response(null, { lastEventId }),
          send: (payload) => channel.broadcast({ type: TYPE, payload }),
        },
        settings,
      );
    },
    [LIMIT]: (settings) => {
      const encoder = new TextEncoder();
      /** @type {Uint8Array[]} */
      const kept = [];
      /** @type {Uint8Array[]} */
      let unsent = [];
      /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
      let live;
      /** @param {(controller: ReadableStreamDefaultController<Uint8Array>) => void} start */
      const respond = (start) => new Response(new ReadableStream({ start }));
      return measure(
        {
          open: () => respond((controller) => void (live = controller)),
          comeBack: () => respond((controller) => controller.enqueue(Buffer.concat(kept))),
          send: (payload) => {
            const block = encoder.encode(blockOf(payload, kept.length + 1));
            kept.push(block);
            unsent.push(block);
          },
          flush: () => {
            live?.enqueue(Buffer.concat(unsent));
            unsent = [];
          },
        },
        settings,
      );
    },
  },
  aims: [
    times({
      text: 'compared with the limit, the first reconnecting client',
      variant: ALL,
      measure: 'first',
      ours: OURS,
      theirs: LIMIT,
      least: 0.8,
    }),
    times({
      text: 'compared with the limit, later reconnecting clients',
      variant: ALL,
      measure: 'again',
      ours: OURS,
      theirs: LIMIT,
      least: 0.8,
    }),
  ],
  cannot: ['better-sse and hono keep no history. sse-channel and nchan have one, but no fetch Response.'],
  notes: [
    'By hand: the encoded block of each message is kept, and all blocks are joined into one chunk.',
    'Ours looks up the last event ID, registers a listener with a limited queue, and keeps the texts of messages. The chunks that it has written for one client are kept for the next ones, for 30 seconds.',
  ],
};
