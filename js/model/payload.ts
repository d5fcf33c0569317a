// Payload to text: what stands in an event's data.

import { InvalidMessageFormat } from './errors.js';

/**
 * Serialises a payload. A string is its own data, any other value is its JSON text, and `undefined`
 * has no text.
 *
 * The rule: JSON carries an object's own enumerable properties, or what its `toJSON` gives. An
 * object whose content lies elsewhere is refused, because its readers would get something else
 * without a word: an `Error`, a `Map`, a `Set`, a `Promise`, an `ArrayBuffer`, `Headers`. An
 * `Error` or a `Map` is refused with properties of its own, too. Functions, symbols and BigInts are
 * refused at any depth.
 *
 * As everywhere in JSON, `undefined` properties are left out, and `NaN` becomes `null`. Getters of
 * a class and private fields are not read: an instance without properties of its own becomes `{}`.
 *
 * @throws {InvalidMessageFormat} when JSON cannot carry the payload. The same for cycles, and for a
 * `toJSON` that throws.
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

/**
 * The tags of objects whose properties are their content: `[object Object]`, arrays, typed arrays,
 * modules.
 */
const OPEN = /(Object|Array|Arguments|Module)]/;

/** The tags of objects that may have properties, and have their content elsewhere all the same. */
const CLOSED = / (\w*Error|Map|Set)]/;

/**
 * Whether JSON would lose the content of an object. The tag tells it in every realm. Boxed values
 * are themselves in JSON.
 */
function isLost(value: object, properties: number): boolean {
  // Most payloads: no tag has to be printed and matched.
  if (properties > 0 && Object.getPrototypeOf(value) === Object.prototype) return false;
  const tag = Object.prototype.toString.call(value);
  return !OPEN.test(tag) && (properties === 0 || CLOSED.test(tag)) && typeof value.valueOf() === 'object';
}

/** Faster than `Object.hasOwn`. */
const hasOwn = Object.prototype.hasOwnProperty;

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
        let properties = 0;
        // Faster than over `Object.keys`, which makes an array.
        for (const key in value) {
          if (!hasOwn.call(value, key)) continue;
          properties++;
          refuseSilentLoss((value as Record<string, unknown>)[key]);
        }
        if (isLost(value, properties)) {
          throw new InvalidMessageFormat(
            `JSON cannot carry the payload: the content of the ${value.constructor?.name ?? 'object'} in it would be lost`,
          );
        }
      }
    }
  }
}
