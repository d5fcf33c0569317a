// toNode: a channel as a handler of Node's requests, `(request, response)`, whose bytes go straight
// to the socket.

import type { AnyEvents, EventMap } from '../../model/event-types.js';
import type { Multiplexer } from '../../multiplex/multiplexer.js';
import type { MultiplexOptions } from '../../multiplex/options.js';
import { type Answer, RESPOND, type Responder } from '../../response/answer.js';
import type { ResponseOptions } from '../../response/options.js';
import type { RequestLike } from '../../response/request-id.js';
import { refusal, statusOf } from '../../response/status.js';
import type { SSEChannel } from '../../sse/sse-channel.js';
import { shown } from '../../util/options.js';
import { closeConnection } from './connection.js';
import type { NodeHandler, NodeRequest, NodeResponse } from './http-types.js';
import { NodeSink, sendHead } from './node-sink.js';

/**
 * Makes a handler of a channel: it answers as {@link SSEChannel.response} does, for `node:http`,
 * `node:http2` with its compatibility API, Express and whatever else has their requests and
 * responses.
 *
 * The socket of a client that stalls is destroyed, as is that of a client that does not take the
 * end of its response within `stallSeconds`. When the channel is drained or closed, the last
 * response on a connection closes the connection, so that the client reconnects to whichever
 * process listens by then.
 *
 * A request that cannot be answered goes to `next`, with an error that has a `status`. It is 503
 * when the channel is closed, 409 when the listener is taken, and 400 when an option made from the
 * request is invalid. Without `next`, the response has that status; 500 for any other error.
 *
 * @param options As for `response()`; or what makes them for a request.
 * @throws {TypeError} when it is no channel.
 *
 * @example
 * createServer(toNode(channel)).listen(8080);
 * app.get('/events', toNode(channel, (request) => ({ listener: request.query.page, resumeSeconds: 60 })));
 */
export function toNode<Events extends EventMap<Events> = AnyEvents, Request extends NodeRequest = NodeRequest>(
  // biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
  channel: SSEChannel<Events, any>,
  options?: ResponseOptions<Events> | ((request: Request) => ResponseOptions<Events> | undefined),
): NodeHandler<Request>;
/**
 * Makes a handler of several channels: it answers as {@link Multiplexer.response} does. A request
 * that is refused is answered with its status, and does not go to `next`.
 *
 * @example
 * createServer(toNode(new Multiplexer(container, { authorize }))).listen(8080);
 */
export function toNode<Request extends NodeRequest = NodeRequest>(
  multiplexer: Multiplexer,
  options?: MultiplexOptions | ((request: Request) => MultiplexOptions | undefined),
): NodeHandler<Request>;
export function toNode<Request extends NodeRequest>(
  channel: object,
  options?: ResponseOptions | MultiplexOptions | ((request: Request) => ResponseOptions | MultiplexOptions | undefined),
): NodeHandler<Request> {
  const responder = channel as unknown as Responder;
  if (typeof responder?.[RESPOND] !== 'function')
    throw new TypeError(`channel must be an SSEChannel, not ${shown(channel)}`);
  return (request, response, next) => {
    let given: ResponseOptions | undefined;
    try {
      given = (typeof options === 'function' ? options(request) : options) as ResponseOptions | undefined;
      responder[RESPOND](asked(request), given, answer(request, response, given));
    } catch (error) {
      // A client that keeps the connection would reconnect over it, to the same closed channel.
      if (statusOf(error) === 503) closeConnection(request, response);
      if (next) next(error);
      else refuse(response, error, given);
    }
  };
}

/**
 * A request in the terms of `response()`. It has no signal: the events of the response say when the
 * client has left.
 */
function asked({ method, url, headers }: NodeRequest): RequestLike {
  const get = (name: string): string | null => headers[name.toLowerCase()]?.toString() ?? null;
  return { method: method ?? 'GET', url: url ?? '', headers: { get }, signal: undefined as unknown as AbortSignal };
}

function answer(request: NodeRequest, response: NodeResponse, options: ResponseOptions | undefined): Answer<void> {
  return (status, headers, body) => {
    if (typeof body === 'function')
      return send(request, response, headers, new NodeSink(request, response, body, options));
    sendHead(request, response, status, headers);
    if (body) response.write(body);
    response.end();
  };
}

function send(request: NodeRequest, response: NodeResponse, headers: Headers, sink: NodeSink): void {
  // An unread request body is drained: Node reports a closed connection only while its request is
  // read.
  if (request.readableFlowing === null) request.resume();
  // A response that waits for an earlier one on its connection has no socket yet, and is not told
  // that it was closed.
  if (response.socket === null) {
    const leave = (): void => sink.leave('cancelled');
    if (request.socket.destroyed) return leave();
    const waiting = waitingOn(request.socket);
    waiting.add(leave);
    response.on('close', () => waiting.delete(leave));
  }
  sink.start(headers);
}

/**
 * Callbacks for the closing of a socket. A client may send many requests ahead, and Node warns of
 * many listeners of one socket.
 */
const waitingOnSockets = new WeakMap<object, Set<() => void>>();

function waitingOn(socket: NodeRequest['socket']): Set<() => void> {
  let waiting = waitingOnSockets.get(socket);
  if (!waiting) {
    const all = (waiting = new Set());
    waitingOnSockets.set(socket, waiting);
    socket.on('close', () => all.forEach((leave) => leave()));
  }
  return waiting;
}

/** Answers a request that the channel has refused. */
function refuse(response: NodeResponse, error: unknown, options: ResponseOptions | undefined): void {
  const status = refusal(error, options?.onError);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = status < 500 ? String((error as Error).message) : undefined;
  if (text !== undefined) response.setHeader('Content-Type', 'text/plain');
  response.writeHead(status);
  response.end(text ?? '');
}
