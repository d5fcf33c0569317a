// The messages: numbered payloads of a given size, the same for every contestant; and the check of
// their arrival.

import { check } from './case.mjs';

export const TYPE = 'tick';
/** Occurs once in every payload: a reader that only counts messages counts these bytes. */
export const MARK = '~';

/** @typedef {{ n: number, t: string }} Payload */

/**
 * A payload whose JSON text has so many bytes, as far as there is room.
 * @param {number} number
 * @param {number} [bytes]
 * @returns {Payload}
 */
export function payloadOf(number, bytes = 120) {
  // {"n":1,"t":"~"}
  const length = bytes - 12 - String(number).length;
  // Made from bytes: a concatenated string would be flattened by its first reader.
  return { n: number, t: Buffer.from(MARK.padEnd(length, 'the text of a message ')).toString('latin1') };
}

/**
 * @param {number} count
 * @param {{ first?: number, bytes?: number | undefined }} [options]
 */
export const payloads = (count, { first = 0, bytes } = {}) =>
  Array.from({ length: count }, (_, i) => payloadOf(first + i, bytes));

/**
 * The block that a hand-written server sends, of the fields that ours has.
 * @param {Payload} payload
 * @param {number} number
 */
export const blockOf = (payload, number) =>
  `event: ${TYPE}\nid: 0123456789ab-${number}\ndata: ${JSON.stringify(payload)}\n\n`;

/**
 * Takes an event stream apart, and refuses it unless it holds just these payloads, in their order.
 * @param {string} text
 * @param {Payload[]} expected
 */
export function verify(text, expected) {
  const blocks = text.split('\n\n');
  check(blocks.pop() === '', 'an event stream ends within a block');
  let count = 0;
  for (const block of blocks) {
    const lines = block.split('\n');
    const data = lines.find((line) => line.startsWith('data:'));
    // A block that sets the reconnection time, a comment, or the position where the stream starts.
    if (data === undefined || lines.includes('event: _eric_position')) continue;
    check(
      data.slice('data:'.length).trim() === JSON.stringify(expected[count]),
      `event ${count} of an event stream is ${data}`,
    );
    const type = lines
      .find((line) => line.startsWith('event:'))
      ?.slice('event:'.length)
      .trim();
    check(type === TYPE, `event ${count} of an event stream is of type ${type}`);
    count++;
  }
  check(count === expected.length, `an event stream has ${count} events, not ${expected.length}`);
}
