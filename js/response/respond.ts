// Responses: a listener that lives as long as its client, or as long as a client may take to come back.

import type { ChannelCore } from '../channel/core.js';
import { CustomStream } from '../channel/custom-stream.js';
import type { CloseReason } from '../channel/ending.js';
import { MessageQueueListener } from '../channel/listener.js';
import { type StreamOptions, streamOptions } from '../channel/options.js';
import type { Subscription, SubscriptionOptions } from '../channel/subscription.js';
import { InvalidListenerException } from '../model/errors.js';
import { lastEventIdOption } from '../model/event-id.js';
import type { AnyEvents, EventMap } from '../model/event-types.js';
import { type FilterOptions, filterOption } from '../model/filter.js';
import { shownId } from '../model/ids.js';
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
import { jittered } from '../util/random.js';
import { reporter } from '../util/report.js';
import { note } from '../wasm/event-text.js';
import { AdaptedSource } from './adapted-source.js';
import type { Answer } from './answer.js';
import { Body } from './body.js';
import { CoreSource } from './core-source.js';
import { eventStreamHeaders, type HeadersLike } from './headers.js';
import { Connection, type LivenessOptions, livenessOption } from './liveness.js';
import { lastEventIdOf, type RequestLike } from './request-id.js';

export interface ResponseOptions<Events extends EventMap<Events> = AnyEvents>
  extends StreamOptions,
    FilterOptions<Events>,
    LivenessOptions {
  /** The listener to read for, or the id of it; a new one when left out. One that is registered already has to be resumable. */
  listener?: MessageQueueListener<Events> | string | undefined;
  /** How much may wait for it, from when it is registered on: by default 1,024 messages and 1 MiB, upon which the response ends and the client comes back. */
  queue?: QueueOptions | undefined;
  /**
   * Keeps the listener and what waits for it, dispatches included, for so long after its client has left. The next response for
   * the same `listener` goes on where its last event ID says. 0, the default: it leaves with its client.
   */
  resumeSeconds?: number | undefined;
  /**
   * Whether an event ID without a message is sent as an event of type `_eric_position` with empty data; `true` by default.
   * The first block of a response has such an ID. A heartbeat has one when a filter has kept messages back since.
   *
   * A client keeps the ID as its last event ID; `onmessage` does not see the event. With `false` the ID stands in a block
   * without data, which Firefox and several client packages ignore: a client whose connection breaks before its first
   * message then reconnects without an ID, and misses what was sent meanwhile. Turn it off for clients that show every
   * event to their user.
   */
  positionEvents?: boolean | undefined;
  /** The last event ID of the client, instead of what the request says. */
  lastEventId?: string | undefined;
  /** Headers to send as well, for example those of CORS. */
  headers?: HeadersLike | undefined;
}

/** Opens what a subclass has put in place of the channel's own stream. @internal */
export type Adapted = (listener: MessageQueueListener, options: StreamOptions) => AsyncIterator<unknown>;

/**
 * Answers a request with the event stream of a listener.
 *
 * @throws {InvalidChannelException} when the channel is closed. @throws {InvalidListenerException} when the listener is
 * registered and not resumable. @throws {TypeError | RangeError} when an option is none.
 * @internal
 */
export function respond<Answered>(
  core: ChannelCore,
  request: RequestLike | null | undefined,
  options: ResponseOptions | undefined,
  adapted: Adapted | undefined,
  answer: Answer<Answered>,
): Answered {
  if (request != null && typeof request !== 'object') throw new TypeError('request must be a Request');
  const given = objectOption(options, 'options');
  const { signal, onError } = streamOptions(options);
  const signals = [signal, signalOption(request?.signal, 'request.signal')];
  const liveness = livenessOption(given);
  const onClose = functionOption(given.onClose, 'onClose');
  const positionEvents = booleanOption(given.positionEvents, 'positionEvents', true);
  const keepMilliseconds = numberOption(given.resumeSeconds, 'resumeSeconds', 0, LONGEST_TIMER_SECONDS) * 1000;
  const { listener } = given;
  if (listener !== undefined && typeof listener !== 'string' && !(listener instanceof MessageQueueListener)) {
    throw new TypeError(`listener must be a MessageQueueListener or an id, not ${shown(listener)}`);
  }
  if (keepMilliseconds > 0 && listener === undefined)
    throw new TypeError('resumeSeconds needs a listener to come back to');
  const lastEventId = lastEventIdOption(given.lastEventId) ?? lastEventIdOf(request);
  const subscriptionOptions = {
    queue: queueOption(given.queue, 'disconnect'),
    filter: filterOption(given),
    onError,
    lastEventId,
    resumable: keepMilliseconds > 0,
  };
  const headers = eventStreamHeaders(given.headers);

  const { delaySeconds, retryMilliseconds } = core.settings;
  // "Clients will reconnect if the connection is closed; a client can be told to stop reconnecting using the HTTP 204 No Content."
  if (core.gone) return answer(204, headers, null);
  if (request?.method === 'HEAD') return answer(200, headers, null);
  // Nothing but when to come back, by when somebody else may answer.
  if (core.draining) return answer(200, headers, note(spread(retryMilliseconds)));

  const subscription = subscriptionFor(core, listener, subscriptionOptions);
  const report = reporter(subscription.listener.id, onError);
  const connection = new Connection(liveness, subscription, (reason) => {
    core.connections.delete(connection);
    core.ended[reason] = (core.ended[reason] ?? 0) + 1;
    // Before the listener leaves, and its counters with it.
    const stats = onClose && subscription.stats();
    const leave = (): void => core.unsubscribe(subscription);
    // Who replaces it goes on with the listener.
    const isKept = keepMilliseconds > 0 || reason === 'replaced';
    // What a subclass has opened may wait for a message that is the next response's.
    if (isKept && adapted) subscription.endStreams();
    if (!isKept || reason === 'closed') leave();
    else if (subscription.connection === connection) subscription.keep(keepMilliseconds, leave);
    if (!onClose) return;
    try {
      onClose({ reason, listener: subscription.listener, stats: stats! });
    } catch (error) {
      report(error);
    }
  });
  core.connections.add(connection);
  const onEnd = (reason: CloseReason): void => connection.ended(reason);
  try {
    subscription.listener.startSync();
    return answer(200, headers, (sink) => {
      let end: (reason: CloseReason) => void;
      const body = new Body(connection, sink, (body) => {
        if (!adapted) {
          const source = new CoreSource(body, subscription, report, positionEvents, { delaySeconds, signals, onEnd });
          end = (reason) => source.end(reason);
          return source;
        }
        const stream = adapted(subscription.listener, { onError });
        // It heeds all the signals, of which a channel's own stream takes one.
        const events = new CustomStream(stream, subscription, onEnd, signals);
        end = (reason) => void events.end(reason).catch(report);
        return new AdaptedSource(body, { subscription, stream, events, retryMilliseconds, report });
      });
      connection.open(body, end!);
      return body;
    });
  } catch (error) {
    connection.ended('failed');
    throw error;
  }
}

/** At least half a second, or there would be no spread. @internal */
export const spread = (milliseconds: number): number => Math.round(jittered(Math.max(milliseconds, 1000)));

/** Registers the listener; or has the one that is waiting for its client go on. @internal */
export function subscriptionFor(
  core: ChannelCore,
  given: MessageQueueListener | string | undefined,
  options: SubscriptionOptions,
): Subscription {
  const listener = typeof given === 'string' ? undefined : given;
  const id = typeof given === 'string' ? idOption(given, 'listener')! : listener?.id;
  const registered = id === undefined ? undefined : core.subscriptions.get(id);
  if (registered === undefined) return core.subscribe(listener ?? new MessageQueueListener({ id }), options);
  if (!registered.resumable || (listener && listener !== registered.listener)) {
    throw new InvalidListenerException(
      `a listener is registered already with the id ${shownId(id)}: not to be resumed, or another one`,
    );
  }
  registered.resume(options.lastEventId);
  // The onClose of the response that is replaced may have removed it.
  if (registered.left) return subscriptionFor(core, given, options);
  registered.setFilter(options.filter, options.onError);
  return registered;
}
