// relay: the Worker holds the client's response, and its object may hibernate. A WebSocket joins
// the two.

import type { CloseReason } from '../../channel/ending.js';
import { lastEventIdOption } from '../../model/event-id.js';
import { type AccessOptions, refusedStatus } from '../../response/access.js';
import { Body } from '../../response/body.js';
import { toResponse } from '../../response/fetch-sink.js';
import { eventStreamHeaders, type HeadersLike } from '../../response/headers.js';
import { Connection, type LivenessOptions, livenessOption } from '../../response/liveness.js';
import { lastEventIdOf } from '../../response/request-id.js';
import { functionOption, numberOption, objectOption, signalOption } from '../../util/options.js';
import { onAbort } from '../../util/signals.js';
import { retrying, withContext } from '../objects.js';
import { SocketSource } from './socket-source.js';

/**
 * The stub of a `ChannelObject`, or anything else that answers like one. It is sent a line feed
 * through its WebSocket now and then, and may answer with the same to show that it is alive.
 */
export interface RelayTarget {
  fetch(request: Request): Promise<Response>;
}

export interface RelayOptions extends Omit<LivenessOptions, 'onClose'>, AccessOptions {
  /**
   * The headers that the object's `responseOptions` sees, instead of the client's: they are kept
   * with the socket, which has little room.
   */
  objectHeaders?: HeadersLike | undefined;
  /** Headers of the response to send as well. */
  headers?: HeadersLike | undefined;
  /** The last event ID of the client, instead of what the request says. */
  lastEventId?: string | undefined;
  /**
   * How many bytes may wait for the client, 1 MiB by default. Above that the response ends and the
   * client reconnects. Replayed messages do not count until the client has read them.
   */
  queueBytes?: number | undefined;
  /**
   * After this time without bytes from the object, 300 by default, the next heartbeat checks the
   * WebSocket. If a later heartbeat finds no answer, the WebSocket counts as lost. The object stays
   * hibernated. 0, or a relay without heartbeats, never checks.
   */
  quietSeconds?: number | undefined;
  /** Called once, when the response has ended for any reason. */
  onClose?: ((report: { reason: CloseReason }) => void) | undefined;
}

/**
 * Answers a client with the event stream of a channel in an object, which may hibernate meanwhile.
 * Heartbeats are made here. A lost WebSocket is joined again after the last event id that came
 * through it.
 *
 * @param request The client's request, as for `SSEChannel.response`.
 * @param stub The object's stub, or a function that makes one. A stub is useless after its object
 * failed, so only a function lets the relay join again. With a stub alone the response ends, and
 * the client reconnects.
 * @returns the event stream, or another answer: 405 for a method that opens no stream, or the
 * object's, such as 204 for a channel that is gone.
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export async function relay(
  request: Request,
  stub: RelayTarget | (() => RelayTarget),
  options?: RelayOptions,
): Promise<Response> {
  const given = objectOption(options, 'options');
  const liveness = livenessOption(given);
  const onClose = functionOption(given.onClose, 'onClose');
  const queueBytes = numberOption(given.queueBytes, 'queueBytes', 1024 * 1024, Infinity);
  const quietMilliseconds = numberOption(given.quietSeconds, 'quietSeconds', 300) * 1000 || Infinity;
  const lastEventId = lastEventIdOption(given.lastEventId) ?? lastEventIdOf(request);
  const signal = signalOption(request.signal, 'request.signal');
  const headers = eventStreamHeaders(given.headers);
  const refused = refusedStatus(request, given, headers);
  if (refused !== undefined) return new Response(null, { status: refused, headers });

  /** Asks the object. An id other than the client's came through a former WebSocket. */
  const ask = (id: string | undefined): Promise<Response> => {
    const { method, url } = request;
    const joining = new Headers(given.objectHeaders);
    const isHead = method === 'HEAD';
    if (!isHead) joining.set('Upgrade', 'websocket');
    const plain = new Request(url, { method: isHead ? method : 'GET', headers: joining });
    return (typeof stub === 'function' ? stub() : stub).fetch(
      isHead ? plain : withContext(plain, { relay: { id, again: id !== lastEventId } }),
    );
  };
  const answer = await retrying(() => ask(lastEventId));
  if (!answer.webSocket) {
    const { status, body } = answer;
    // With the headers of CORS: without them a page could not read the status.
    headers.delete('Content-Type');
    answer.headers.forEach((value, name) => headers.set(name, value));
    return new Response(body, { status, headers });
  }

  const connection: Connection = new Connection(liveness, { resumable: false, connection: undefined }, (reason) =>
    onClose?.({ reason }),
  );
  const { webSocket } = answer;
  return toResponse(200, headers, (sink) => {
    let source: SocketSource;
    const body = new Body(
      connection,
      sink,
      (body) => (source = new SocketSource(body, connection, { ask, queueBytes, quietMilliseconds, lastEventId })),
    );
    source!.listen(webSocket);
    connection.open(body, (reason) => source.end(reason));
    source!.onEnd = onAbort([signal], () => source.end('aborted'));
    return body;
  });
}
