// toNode: a channel as a handler of Node's requests, `(request, response)`, whose bytes go straight to the socket.

import type { AnyEvents, EventMap } from '../../model/event-types.js';
import { type Answer, RESPOND, type Responder } from '../../response/answer.js';
import type { RequestLike } from '../../response/request-id.js';
import type { ResponseOptions } from '../../response/respond.js';
import { refusal } from '../../response/status.js';
import type { SSEChannel } from '../../sse/sse-channel.js';
import { shown } from '../../util/options.js';
import type { NodeHandler, NodeRequest, NodeResponse } from './http-types.js';
import { Outgoing, sendHead } from './node-sink.js';

/**
 * Makes a handler of a channel: it answers as {@link SSEChannel.response} does, for `node:http`, `node:http2` with its
 * compatibility API, Express and whatever else has their requests and responses.
 *
 * The socket of a client that has not taken the end of its response within `stallSeconds` is destroyed; that of one which stalls
 * at once. What cannot be answered (a closed channel: 503, a listener that is taken: 409, a wrong option: 500) goes to `next`
 * where there is one.
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
      if (next) next(error);
      else refuse(response, error, given);
    }
  };
}

/** A request in the terms of `response()`. It has no signal: that the client has left is told by the response. */
function asked({ method, url, headers }: NodeRequest): RequestLike {
  const get = (name: string): string | null => headers[name.toLowerCase()]?.toString() ?? null;
  return { method: method ?? 'GET', url: url ?? '', headers: { get }, signal: undefined as unknown as AbortSignal };
}

function answer(request: NodeRequest, response: NodeResponse, options: ResponseOptions | undefined): Answer<void> {
  return (status, headers, body) => {
    if (typeof body === 'function') return send(request, response, headers, new Outgoing(response, body, options));
    sendHead(response, status, headers);
    if (body) response.write(body);
    response.end();
  };
}

function send(request: NodeRequest, response: NodeResponse, headers: Headers, outgoing: Outgoing): void {
  // A connection of which nothing is read does not tell that it was closed; what nobody has begun to read nobody wants.
  if (request.readableFlowing === null) request.resume();
  // A response that waits for an earlier one on its connection has no socket yet, and is not told that it was closed.
  if (response.socket === null) {
    const leave = (): void => outgoing.leave('cancelled');
    if (request.socket.destroyed) return leave();
    const waiting = waitingOn(request.socket);
    waiting.add(leave);
    response.on('close', () => waiting.delete(leave));
  }
  outgoing.start(headers);
}

/** What is to be told that a socket has closed. A client may send many requests ahead, and Node warns of many listeners of one socket. */
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
  response.writeHead(status);
  response.end();
}
