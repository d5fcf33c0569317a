// Filters: which messages a listener is delivered.

import { functionOption } from '../util/options.js';
import type { AnyEvents, EventMap, MessageOf } from './event-types.js';

export interface FilterOptions<Events extends EventMap<Events> = AnyEvents> {
  /**
   * Says whether a message is delivered. Asked once per message, at delivery, before `onMessage`.
   */
  filter?: ((message: MessageOf<Events>) => boolean) | undefined;
  /**
   * The event types that are delivered; in each, `*` stands for any text. All are when left out.
   */
  events?: readonly string[] | undefined;
}

/** A predicate over messages. @internal */
export type Filter = (message: { type: string; payload: unknown }) => boolean;

/**
 * Makes one predicate of both options.
 *
 * @throws {TypeError} when `filter` is no function or `events` no list of strings.
 * @internal
 */
export function filterOption({ filter, events }: FilterOptions): Filter | undefined {
  functionOption(filter, 'filter');
  if (events === undefined) return filter as Filter | undefined;
  if (!Array.isArray(events) || !events.every((type) => typeof type === 'string')) {
    throw new TypeError('events must be a list of event types');
  }
  const names = new Set(events.filter((type) => !type.includes('*')));
  const patterns = events.filter((type) => type.includes('*')).map((type) => type.split('*'));
  const isWanted = (type: string): boolean => names.has(type) || patterns.some((parts) => matches(type, parts));
  return (message) => isWanted(message.type) && (filter === undefined || filter(message as never));
}

/**
 * Whether a type has the parts, in their order, with anything in between. Each part is looked for
 * once, behind the one before it: a regular expression would be built of what the caller got from a
 * client, and might take for ever.
 */
function matches(type: string, parts: string[]): boolean {
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (!type.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = type.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return type.length - last.length >= at && type.endsWith(last);
}
