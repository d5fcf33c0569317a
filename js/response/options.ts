// The options of a response, and their checks.

import { isListener, type MessageQueueListener } from '../channel/listener.js';
import { type StreamOptions, streamOptions } from '../channel/options.js';
import type { SubscriptionOptions } from '../channel/subscription.js';
import { lastEventIdOption } from '../model/event-id.js';
import type { AnyEvents, EventMap } from '../model/event-types.js';
import { type FilterOptions, filterOption } from '../model/filter.js';
import { type QueueOptions, queueOption } from '../model/limits.js';
import {
  booleanOption,
  functionOption,
  idOption,
  LONGEST_TIMER_SECONDS,
  numberOption,
  objectOption,
  shown,
  signalOption,
} from '../util/options.js';
import type { AccessOptions } from './access.js';
import type { HeadersLike } from './headers.js';
import { type CloseReport, type Liveness, type LivenessOptions, livenessOption } from './liveness.js';
import { lastEventIdOf, type RequestLike } from './request-id.js';

export interface ResponseOptions<Events extends EventMap<Events> = AnyEvents>
  extends StreamOptions,
    FilterOptions<Events>,
    LivenessOptions,
    AccessOptions {
  /**
   * The listener to read for, or its id; a new listener by default. A listener that is registered
   * already must be resumable. An id that is invalid, or missing beside `resumeSeconds`, is an
   * error with the status 400.
   */
  listener?: MessageQueueListener<Events> | string | undefined;
  /**
   * How much may wait for the listener, from its registration on; 1,024 messages and 1 MiB by
   * default. When the queue is full, the response ends and the client reconnects.
   */
  queue?: QueueOptions | undefined;
  /**
   * How many seconds the listener and its queue, dispatches included, are kept after the client has
   * left. The next response for the same `listener` continues after the client's last event ID. By
   * default 0: the listener is removed when its client leaves.
   */
  resumeSeconds?: number | undefined;
  /**
   * Whether an event ID without a message is sent as an event of type `_eric_position` with empty
   * data; `true` by default. The first block of a response has such an ID. A heartbeat has one when
   * a filter has kept messages back since.
   *
   * A client keeps the ID as its last event ID; `onmessage` does not see the event. With `false`
   * the ID is in a block without data, which Firefox and several client packages ignore. A client
   * whose connection breaks before its first message then reconnects without an ID, and misses what
   * was sent meanwhile. Turn it off for clients that show every event to their user.
   */
  positionEvents?: boolean | undefined;
  /** The last event ID of the client, instead of the one in the request. */
  lastEventId?: string | undefined;
  /** Headers to send as well. */
  headers?: HeadersLike | undefined;
}

/** Options that are valid. @internal */
export interface Checked {
  signals: readonly (AbortSignal | undefined)[];
  onError: ((error: unknown) => void) | undefined;
  onClose: ((report: CloseReport) => void) | undefined;
  liveness: Liveness;
  keepMilliseconds: number;
  positionEvents: boolean;
  listener: MessageQueueListener | string | undefined;
  subscription: SubscriptionOptions;
}

/** @throws {TypeError | RangeError} when an option is invalid. @internal */
export function checked(request: RequestLike | null | undefined, options: ResponseOptions | undefined): Checked {
  if (request != null && typeof request !== 'object') throw new TypeError('request must be a Request');
  const given = objectOption(options, 'options');
  const { signal, onError } = streamOptions(options);
  const signals = [signal ?? undefined, signalOption(request?.signal, 'request.signal')];
  const liveness = livenessOption(given);
  const onClose = functionOption(given.onClose, 'onClose');
  const keepMilliseconds = numberOption(given.resumeSeconds, 'resumeSeconds', 0, LONGEST_TIMER_SECONDS) * 1000;
  const positionEvents = booleanOption(given.positionEvents, 'positionEvents', true);
  const queue = queueOption(given.queue, 'disconnect');
  const { listener, lastEventId, filter } = fromRequest(given, keepMilliseconds > 0);
  return {
    signals,
    onError,
    onClose,
    liveness,
    keepMilliseconds,
    positionEvents,
    listener,
    subscription: {
      queue,
      filter,
      onError,
      lastEventId: lastEventId ?? lastEventIdOf(request),
      resumable: keepMilliseconds > 0,
    },
  };
}

/**
 * Checks the options that programs take from a request. A client can make them invalid, so their
 * errors have the status 400, which web frameworks answer with.
 */
function fromRequest(given: ResponseOptions, isResumable: boolean) {
  const { listener } = given;
  try {
    if (typeof listener === 'string') idOption(listener, 'listener');
    else if (listener !== undefined && !isListener(listener))
      throw new TypeError(
        `listener must be an id or a MessageQueueListener of this version of eric-sse, not ${shown(listener)}`,
      );
    if (isResumable && listener === undefined) throw new TypeError('resumeSeconds requires the option `listener`');
    return { listener, lastEventId: lastEventIdOption(given.lastEventId), filter: filterOption(given) };
  } catch (error) {
    throw Object.assign(error as Error, { status: 400 });
  }
}
