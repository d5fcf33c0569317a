// The options of a multiplexer, and what they make of a request.

import { LONGEST_COMBINED, LONGEST_POSITION, parseCombined, printPart } from '../model/combined-id.js';
import { lastEventIdOption } from '../model/event-id.js';
import type { ResponseOptions } from '../response/options.js';
import { queryOf, type RequestLike, requestId } from '../response/request-id.js';
import type { SSEChannel } from '../sse/sse-channel.js';
import { functionOption, idOption, shown } from '../util/options.js';
import { ChannelsRefusedException } from './errors.js';

// biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
export type AnyChannel = SSEChannel<any, any>;

/** Channels by name: a `ChannelContainer`, a `Map`, or a function that returns a channel. */
export type ChannelsByName =
  | { has(name: string): boolean; get(name: string): AnyChannel | undefined }
  | ((name: string) => AnyChannel | undefined);

export interface MultiplexOptions extends Omit<ResponseOptions, 'listener'> {
  /** The id of the listener, which is one of its own at each channel. */
  listener?: string | undefined;
  /** The names of the channels; by default those of the query parameter `channel`. */
  channels?: readonly string[] | undefined;
  /**
   * Decides whether a request may read a channel. It is asked for each channel of each request, so
   * also when a client reconnects. For a channel that it refuses the client receives an
   * event of type `_eric_channel_refused`. If it refuses all, the answer is the status 403.
   */
  authorize?: ((request: RequestLike, name: string) => boolean | PromiseLike<boolean>) | undefined;
  /** Options of one channel, such as its filter, on top of the others. */
  perChannel?: ((name: string) => PerChannelOptions | undefined) | undefined;
}

/** The options that may differ between the channels of a response. */
export type PerChannelOptions = Pick<
  ResponseOptions,
  'filter' | 'events' | 'queue' | 'resumeSeconds' | 'onClose' | 'onError'
>;

/**
 * Returns the names of the channels that a request asks for, each once.
 *
 * @throws {ChannelsRefusedException} when a name is invalid or missing, or there are too many.
 */
export function namesOf(request: RequestLike | null | undefined, given: readonly string[] | undefined): string[] {
  if (given !== undefined && !Array.isArray(given)) throw new TypeError(`channels must be a list, not ${shown(given)}`);
  const names = [...new Set(given ?? queryOf(request).getAll('channel'))] as string[];
  if (names.length === 0) throw new ChannelsRefusedException('the request names no channel', 400);
  let bytes = 0;
  for (const name of names) {
    try {
      idOption(name ?? null, 'the name of a channel');
      // Its comma, and the longest position.
      bytes += printPart(name, '').length + LONGEST_POSITION + 1;
    } catch (error) {
      throw new ChannelsRefusedException((error as Error).message, 400);
    }
  }
  if (bytes > LONGEST_COMBINED) {
    throw new ChannelsRefusedException(
      `the event ids of ${names.length} channels may have ${bytes} bytes, more than ${LONGEST_COMBINED}: request fewer`,
      400,
    );
  }
  return names;
}

/** Returns what the client says that it has read of each channel. */
export function positionsOf(
  request: RequestLike | null | undefined,
  given: string | undefined,
  names: readonly string[],
): Map<string, string> {
  const text = given || requestId(request);
  const positions = new Map<string, string>();
  if (!text) return positions;
  const combined = text.length > LONGEST_COMBINED ? undefined : parseCombined(text);
  for (const name of names) {
    // A client with any other id has read something. The channel that issued the id continues, and
    // the others say that messages may be missing.
    const id = lastEventIdOption(combined ? combined.get(name) : text);
    if (id !== undefined) positions.set(name, isPosition(id) ? id : INVALID);
  }
  return positions;
}

/** Takes the place of an id that no channel has issued, as it fits into a combined id. */
const INVALID = 'invalid';

/** Whether the id fits into a combined one. */
export function isPosition(id: string): boolean {
  try {
    return encodeURIComponent(id).length <= LONGEST_POSITION;
  } catch {
    return false;
  }
}

/** @throws {TypeError} when it is missing. */
export function authorizeOption(given: MultiplexOptions['authorize']): NonNullable<MultiplexOptions['authorize']> {
  const authorize = functionOption(given, 'authorize');
  if (!authorize) throw new TypeError('authorize is missing: it decides who may read which channel');
  return authorize;
}
