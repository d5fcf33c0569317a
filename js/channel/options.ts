// The options of channels, and their checks.

import { lastEventIdOption } from '../model/event-id.js';
import type { AnyEvents, EventMap } from '../model/event-types.js';
import { type FilterOptions, filterOption } from '../model/filter.js';
import { type HistoryOptions, type QueueOptions, queueOption } from '../model/limits.js';
import { functionOption, idOption, objectOption, signalOption } from '../util/options.js';
import { isListener, type MessageQueueListener } from './listener.js';
import type { SubscriptionOptions } from './subscription.js';

export interface ChannelOptions {
  /** The channel's id; a random UUID when left out. */
  id?: string | undefined;
  /**
   * How much is kept for clients that reconnect: nothing by default, for an `SSEChannel` 1,024
   * messages, 1 MiB and 300 seconds.
   */
  history?: HistoryOptions | undefined;
}

/** How a listener is registered. */
export interface RegisterOptions<Events extends EventMap<Events> = AnyEvents> extends FilterOptions<Events> {
  /**
   * How much may wait for the listener; unlimited when left out. A limit without `overflow` drops
   * the oldest messages.
   */
  queue?: QueueOptions | undefined;
  /**
   * The listener continues after this event id. If the history no longer reaches back to it, the
   * first message is one of type `_eric_gap`.
   */
  lastEventId?: string | undefined;
}

export interface BroadcastOptions {
  /**
   * The listeners, or their ids, that do not receive the message. A replay skips it for them as
   * well.
   */
  except?: MessageQueueListener | string | readonly (MessageQueueListener | string)[] | undefined;
}

export interface StreamOptions {
  /** Ends the stream when it is aborted; at once if it is already. */
  signal?: AbortSignal | null | undefined;
  /**
   * Receives errors thrown by `onMessage` or `adapt`; the console by default. The stream continues.
   */
  onError?: ((error: unknown) => void) | undefined;
}

export interface WatchOptions<Events extends EventMap<Events> = AnyEvents>
  extends StreamOptions,
    RegisterOptions<Events> {
  /** The listener to read for, which must not be registered yet; a new one when left out. */
  listener?: MessageQueueListener<Events> | undefined;
}

/** Checks how a listener is to be registered. @internal */
export function registerOptions<Events extends EventMap<Events>>(
  options: RegisterOptions<Events> | undefined,
): SubscriptionOptions {
  const given = objectOption(options, 'options');
  const { queue, lastEventId } = given;
  return {
    ...(queue === undefined ? {} : { queue: queueOption(queue, 'drop-oldest') }),
    filter: filterOption(given as FilterOptions),
    lastEventId: lastEventIdOption(lastEventId),
  };
}

/**
 * Returns the ids joined by line feeds, which no id contains. `undefined` for an empty list, so
 * that the message's chunk can be shared.
 *
 * @internal
 */
export function exceptOption(except: BroadcastOptions['except']): string | undefined {
  const all = except === undefined ? [] : Array.isArray(except) ? except : [except];
  // `null` rather than `undefined`, which `idOption` accepts as an option that is left out.
  const idOf = (one: MessageQueueListener | string): string | undefined =>
    idOption(isListener(one) ? one.id : (one ?? null), 'except');
  return all.map(idOf).join('\n') || undefined;
}

/** Checks the options that all streams share. @internal */
export function streamOptions(options: StreamOptions | undefined): StreamOptions {
  const { signal, onError } = objectOption(options, 'options');
  return { signal: signalOption(signal, 'signal'), onError: functionOption(onError, 'onError') };
}
