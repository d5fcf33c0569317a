// Payload to text: what stands in an event's data.

import { InvalidMessageFormat } from './errors.js';

/**
 * Serialises a payload: a string is its own data, any other value its JSON text, none no text at all.
 *
 * What JSON leaves out without a word is refused, since readers in this process would get it and those on the wire not: functions and
 * symbols among the values of its objects and arrays, and objects of which nothing would be left but `{}`, such as a `Map`, a `Set`, an
 * `Error` or a `Promise`. `undefined` properties are left out, and `NaN` is `null`, as everywhere in JSON.
 *
 * @throws {InvalidMessageFormat} when JSON cannot carry it: cycles, BigInt, functions, symbols, maps and sets, a `toJSON` that throws.
 */
export function toText(payload: unknown): string | undefined {
  switch (typeof payload) {
    case 'undefined':
      return undefined;
    case 'string':
      return payload;
    case 'number':
    case 'boolean':
      return JSON.stringify(payload);
  }
  try {
    const text = JSON.stringify(payload);
    // After `stringify`, which throws on cycles: what is walked here ends.
    refuseSilentLoss(payload);
    if (text === undefined) throw new InvalidMessageFormat('JSON cannot carry the payload: its toJSON gave nothing');
    return text;
  } catch (cause) {
    if (cause instanceof InvalidMessageFormat) throw cause;
    throw new InvalidMessageFormat(
      `JSON cannot carry the payload: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** Whether an object without properties of its own is more than that: neither a plain one, of whichever realm, nor a boxed value. */
function isEmptied(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== null && Object.getPrototypeOf(prototype) !== null && typeof value.valueOf() === 'object';
}

function refuseSilentLoss(value: unknown): void {
  switch (typeof value) {
    case 'function':
    case 'symbol':
      throw new InvalidMessageFormat(`JSON cannot carry the payload: there is a ${typeof value} in it`);
    case 'object': {
      if (value === null || typeof (value as { toJSON?: unknown }).toJSON === 'function') return;
      if (Array.isArray(value)) {
        for (const item of value) refuseSilentLoss(item);
      } else {
        const keys = Object.keys(value);
        for (const key of keys) refuseSilentLoss((value as Record<string, unknown>)[key]);
        if (keys.length === 0 && isEmptied(value)) {
          throw new InvalidMessageFormat(
            `JSON cannot carry the payload: nothing would be left of the ${value.constructor?.name ?? 'object'} in it`,
          );
        }
      }
    }
  }
}
