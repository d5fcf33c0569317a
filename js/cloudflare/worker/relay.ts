// relay: the Worker has the client's response, and its object may sleep. A WebSocket joins the two.

import type { CloseReason } from '../../channel/ending.js';
import { lastEventIdOption } from '../../model/event-id.js';
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
 * Whom a relay asks: a stub of a `ChannelObject`, or anything else that answers as one does. It is sent a line feed through its WebSocket now and
 * then, and may answer with the same to say that it is there.
 */
export interface RelayTarget {
  fetch(request: Request): Promise<Response>;
}

export interface RelayOptions extends Omit<LivenessOptions, 'onClose'> {
  /** The headers that the object's `responseOptions` sees, in place of the client's: they are kept with the socket, which has little room. */
  objectHeaders?: HeadersLike | undefined;
  /** Headers of the response to send as well, for example those of CORS. */
  headers?: HeadersLike | undefined;
  /** The last event ID of the client, instead of what the request says. */
  lastEventId?: string | undefined;
  /**
   * How many bytes may wait for the client, 1 MiB by default: beyond that the response ends, and the client comes back. What it is replayed
   * counts on top until it has been read.
   */
  queueBytes?: number | undefined;
  /**
   * When nothing has come from the object for so long, 300 by default, it is asked whether it is still there, with the next heartbeat, and when
   * it has not answered by a later one, the WebSocket is taken for lost. The object sleeps on. 0 for never, as without heartbeats.
   */
  quietSeconds?: number | undefined;
  /** Is told once, when the response has ended, by whatever. */
  onClose?: ((report: { reason: CloseReason }) => void) | undefined;
}

/**
 * Answers a client with the event stream of a channel in an object, which may hibernate meanwhile. Heartbeats are made here. A WebSocket that is
 * lost is joined again behind the last event id that came through it.
 *
 * @param request The client's request, as for `SSEChannel.response`.
 * @param stub The object's stub, or what makes one: a stub is of no use any more when its object has failed, so that only who can make
 * another one can have the WebSocket joined again. With a stub alone the response ends, and the client comes back.
 * @returns the event stream; or what the object has answered in its stead, as the 204 of a channel that is gone, or the 405 to what is no GET.
 * @throws {TypeError | RangeError} when an option is none.
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

  /** Asks the object, whose answer it is if no stream is wanted. Another id than the client's has come through a WebSocket that was lost. */
  const ask = (id: string | undefined): Promise<Response> => {
    const { method, url } = request;
    const joining = new Headers(given.objectHeaders);
    const isGet = method === 'GET';
    if (isGet) joining.set('Upgrade', 'websocket');
    const plain = new Request(url, { method, headers: joining });
    return (typeof stub === 'function' ? stub() : stub).fetch(
      isGet ? withContext(plain, { relay: { id, again: id !== lastEventId } }) : plain,
    );
  };
  const answer = await retrying(() => ask(lastEventId));
  if (!answer.webSocket) {
    const { status, body } = answer;
    // The caller's as well: without those of CORS a page would not see that it is to stay away.
    const all = new Headers(given.headers);
    answer.headers.forEach((value, name) => all.set(name, value));
    return new Response(body, { status, headers: all });
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
