// Responses: a listener that lives as long as its client, or as long as the client may take to
// reconnect.

import type { ChannelCore } from '../channel/core.js';
import { CustomStream } from '../channel/custom-stream.js';
import type { CloseReason } from '../channel/ending.js';
import type { MessageQueueListener } from '../channel/listener.js';
import type { StreamOptions } from '../channel/options.js';
import type { Subscription } from '../channel/subscription.js';
import { reporter } from '../util/report.js';
import { note } from '../wasm/event-text.js';
import { refusedStatus } from './access.js';
import { AdaptedSource } from './adapted-source.js';
import type { Answer } from './answer.js';
import { Body } from './body.js';
import { CoreSource } from './core-source.js';
import { spread } from './drain.js';
import { eventStreamHeaders } from './headers.js';
import { Connection } from './liveness.js';
import { type Checked, checked, type ResponseOptions } from './options.js';
import type { RequestLike } from './request-id.js';
import { subscriptionFor } from './resume.js';

/** Opens the stream that a subclass has put in place of the channel's own. @internal */
export type Adapted = (listener: MessageQueueListener, options: StreamOptions) => AsyncIterator<unknown>;

/**
 * Answers a request with the event stream of a listener.
 *
 * @throws {InvalidChannelException} when the channel is closed.
 * @throws {InvalidListenerException} when the listener is registered and cannot be resumed.
 * @throws {TypeError | RangeError} when an option is invalid.
 * @internal
 */
export function respond<Answered>(
  core: ChannelCore,
  request: RequestLike | null | undefined,
  options: ResponseOptions | undefined,
  adapted: Adapted | undefined,
  answer: Answer<Answered>,
): Answered {
  const given = checked(request, options);
  const headers = eventStreamHeaders(options?.headers);
  const refused = refusedStatus(request, options ?? {}, headers);
  if (refused !== undefined) return answer(refused, headers, null);
  // A client that reconnects over the same connection would reach this process again. The header
  // has no effect in HTTP/2.
  if (core.gone || core.draining) headers.set('Connection', 'close');
  // "Clients will reconnect if the connection is closed; a client can be told to stop reconnecting
  // using the HTTP 204 No Content response code."
  if (core.gone) return answer(204, headers, null);
  if (request?.method === 'HEAD') return answer(200, headers, null);
  // Only the time after which to reconnect: another process may answer by then.
  if (core.draining) return answer(200, headers, note(spread(core.settings.retryMilliseconds)));

  const subscription = subscriptionFor(core, given.listener, given.subscription);
  const connection = connectionFor(core, subscription, given, adapted !== undefined);
  try {
    subscription.listener.startSync();
    return answer(200, headers, (sink) => open(core, subscription, given, adapted, connection, sink, request));
  } catch (error) {
    connection.ended('failed');
    throw error;
  }
}

/** Makes the connection of a response, which decides at its end what becomes of the listener. */
function connectionFor(
  core: ChannelCore,
  subscription: Subscription,
  { liveness, keepMilliseconds, onClose, onError }: Checked,
  isAdapted: boolean,
): Connection {
  const { connections, ended } = core;
  const connection = new Connection(liveness, subscription, (reason) => {
    connections.delete(connection);
    ended[reason] = (ended[reason] ?? 0) + 1;
    // Before the listener leaves, and its counters with it.
    const stats = onClose && subscription.stats();
    const leave = (): void => core.unsubscribe(subscription);
    // The response that replaces this one continues with the listener.
    const isKept = keepMilliseconds > 0 || reason === 'replaced';
    // A stream of a subclass may wait for a message that the next response is to send.
    if (isKept && isAdapted) subscription.endStreams();
    if (!isKept || reason === 'closed') leave();
    else if (subscription.connection === connection) subscription.keep(keepMilliseconds, leave);
    if (!onClose) return;
    try {
      onClose({ reason, listener: subscription.listener, stats: stats! });
    } catch (error) {
      reporter(subscription.listener.id, onError)(error);
    }
  });
  connections.add(connection);
  return connection;
}

/** Opens the body of a response. */
function open(
  core: ChannelCore,
  subscription: Subscription,
  { signals, onError, positionEvents }: Checked,
  adapted: Adapted | undefined,
  connection: Connection,
  sink: ConstructorParameters<typeof Body>[1],
  request: RequestLike | null | undefined,
): Body {
  const { delaySeconds, retryMilliseconds } = core.settings;
  const report = reporter(subscription.listener.id, onError);
  const onEnd = (reason: CloseReason): void => connection.ended(reason);
  let end: (reason: CloseReason) => void;
  const body = new Body(connection, sink, (body) => {
    if (!adapted) {
      const source = new CoreSource(body, subscription, report, positionEvents, { delaySeconds, signals, onEnd });
      end = (reason) => source.end(reason);
      return source;
    }
    const stream = adapted(subscription.listener, { onError });
    // It heeds all the signals; a channel's own stream takes only one.
    const events = new CustomStream(stream, subscription, onEnd, signals);
    end = (reason) => void events.end(reason).catch(report);
    return new AdaptedSource(body, { subscription, stream, events, retryMilliseconds, report });
  });
  body.holds = connection.reason ? undefined : request;
  connection.open(body, end!);
  return body;
}
