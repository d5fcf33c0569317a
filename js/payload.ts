// Payload to text: what stands in an event's data.

import { InvalidMessageFormat } from './errors.js';

/**
 * Serialises a payload: a string is its own data, any other value its JSON text, none no text at all.
 *
 * What JSON leaves out without a word (functions and symbols among the values of its objects and arrays) is refused, since readers in this process
 * would get it and those on the wire not. `undefined` properties are left out, and `NaN` is `null`, as everywhere in JSON.
 *
 * @throws {InvalidMessageFormat} when JSON cannot carry it: cycles, BigInt, functions, symbols, a `toJSON` that throws.
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
    throw new InvalidMessageFormat(`JSON cannot carry the payload: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
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
        for (const key of Object.keys(value)) refuseSilentLoss((value as Record<string, unknown>)[key]);
      }
    }
  }
}
