// Event ids: `<epoch>-<broadcast>` of a broadcast, `<epoch>-<broadcast>.<dispatch>` of a dispatch
// sent after it.

import { shown } from '../util/options.js';

/**
 * The parts of an event id. Numbers that the text lacks are 0; numbers that it garbles are `NaN`.
 */
export interface EventIdParts {
  /** Tells one life of a channel from another. */
  epoch: string;
  broadcast: number;
  dispatch: number;
}

export function parseEventId(id: string): EventIdParts {
  const dash = id.lastIndexOf('-');
  const [broadcast = 0, dispatch = 0] = id
    .slice(dash + 1)
    .split('.')
    .map(Number);
  return { epoch: id.slice(0, dash), broadcast, dispatch };
}

export const printEventId = (epoch: string, broadcast: number): string => `${epoch}-${broadcast}`;

/**
 * Whether an event comes before another one, in the order of one channel's life. Epochs are not
 * compared.
 */
export function isBefore(one: EventIdParts, other: EventIdParts): boolean {
  return one.broadcast === other.broadcast ? one.dispatch < other.dispatch : one.broadcast < other.broadcast;
}

/** The event id of a broadcast itself; for a dispatch, that of the broadcast before it. */
export function precedingBroadcast(id: string): string {
  const { epoch, broadcast } = parseEventId(id);
  return printEventId(epoch, broadcast);
}

/**
 * Longer than any id that a channel issues. Longer values are cut before they reach WebAssembly,
 * and match nothing: a client's megabyte stays in JavaScript.
 */
const LONGEST = 100;

/**
 * Checks the option `lastEventId`. An empty text counts as missing; the core says whether a text is
 * an id.
 *
 * @throws {TypeError} if it is not a string.
 */
export function lastEventIdOption(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new TypeError(`lastEventId must be a string, not ${shown(value)}`);
  return value.slice(0, LONGEST) || undefined;
}
