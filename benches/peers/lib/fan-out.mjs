// Fan-out to the bodies of fetch Responses, read to the end in the same process.

import { check } from './case.mjs';
import { payloads, verify } from './messages.mjs';
import { median } from './statistics.mjs';
import { quiet, turn } from './turns.mjs';

/**
 * @typedef {import('./messages.mjs').Payload} Payload
 *
 * @typedef {object} Source
 * @property {() => Response | Promise<Response>} open another client's
 * @property {(payload: Payload) => void} send
 * @property {() => unknown} [flush] ends a turn
 */

/**
 * How much of the sending is not timed, so that everything is compiled and every queue has its
 * size.
 */
const WARM_UP = 1 / 8;
/**
 * In so many passes the rest is sent, of which the median counts: a pass that something else has
 * come between says nothing.
 */
const PASSES = 9;

/**
 * Returns deliveries per second.
 * @param {Source} source
 * @param {import('./case.mjs').Settings} settings
 * @returns {Promise<{ rate: number }>}
 */
export async function fanOut({ open, send, flush }, { bodies = 0, messages = 0, turn: perTurn = 1, bytes }) {
  const counts = new Float64Array(bodies);
  /** The bytes of two listeners: the others must have got as many. @type {[Uint8Array[], Uint8Array[]]} */
  const kept = [[], []];
  const responses = [];
  for (let i = 0; i < bodies; i++) responses.push(await open());
  const readers = responses.map(({ body }) => /** @type {ReadableStream<Uint8Array>} */ (body).getReader());
  readers.forEach(async (reader, i) => {
    const keep = i === 0 ? kept[0] : i === bodies - 1 ? kept[1] : undefined;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      counts[i] = /** @type {number} */ (counts[i]) + value.length;
      keep?.push(value);
    }
  });
  const sum = () => counts.reduce((a, b) => a + b, 0);
  const all = payloads(messages + Math.ceil((messages * WARM_UP) / perTurn) * perTurn, { bytes });
  const rehearsed = all.length - messages;

  /** @param {Payload[]} some */
  const sendAll = async (some) => {
    for (let i = 0; i < some.length; i += perTurn) {
      for (const payload of some.slice(i, i + perTurn)) send(payload);
      await flush?.();
      await turn();
    }
    return quiet(sum);
  };
  await quiet(sum);
  await sendAll(all.slice(0, rehearsed));
  const perPass = Math.ceil(messages / PASSES / perTurn) * perTurn;
  /** @type {number[]} */
  const rates = [];
  for (let i = rehearsed; i < all.length; i += perPass) {
    const pass = all.slice(i, i + perPass);
    const start = performance.now();
    const end = await sendAll(pass);
    rates.push((bodies * pass.length) / ((end - start) / 1000));
  }

  for (const chunks of bodies > 1 ? kept : [kept[0]]) verify(Buffer.concat(chunks).toString(), all);
  check(
    counts.every((count) => count === counts[0]),
    'not all bodies have got the same number of bytes',
  );
  return { rate: median(rates) };
}
