// Event types and ids: what fits in a line of an event stream.

import { utf8Length } from '../util/utf8.js';
import { InvalidMessageFormat } from './errors.js';
import { assertLoaded } from './loaded.js';

/** Line ends; and NUL, because a client ignores an id that contains one. */
const UNFIT = /[\r\n\0]/;

/**
 * The type that was checked last, and its bytes: each message is checked when it is made and when
 * it is sent.
 */
let lastType = 'message';
let lastBytes = 7;
/** A longer type is not remembered, so that nothing large is held here. */
const LONGEST_REMEMBERED = 200;

/**
 * Returns how many bytes an event type has.
 *
 * @throws {InvalidMessageFormat} if it is not a string, is empty, or does not fit in a line.
 */
export function checkType(type: unknown): number {
  if (type === lastType) return lastBytes;
  if (typeof type !== 'string') {
    throw new InvalidMessageFormat(`the event type is ${describe(type)}, not a string`);
  }
  assertLoaded();
  if (type === '') throw new InvalidMessageFormat('the event type is empty');
  checkLine('event type', type);
  const bytes = utf8Length(type);
  if (type.length > LONGEST_REMEMBERED) return bytes;
  lastType = type;
  return (lastBytes = bytes);
}

/** @throws {InvalidMessageFormat} if the id of an event does not fit in a line. */
export function checkEventId(id: string): void {
  checkLine('event id', id);
}

function checkLine(what: string, value: string): void {
  const [found] = UNFIT.exec(value) ?? [];
  if (found === undefined) return;
  const name = found === '\r' ? 'a carriage return' : found === '\n' ? 'a line feed' : 'a NUL';
  throw new InvalidMessageFormat(`the ${what} contains ${name}, which does not fit in a line of an event stream`);
}

/** Names what stands in place of the value that was expected. */
export function describe(value: unknown): string {
  return value === null ? 'null' : `of type ${typeof value}`;
}
