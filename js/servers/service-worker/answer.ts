// answer: a service worker answers chosen URLs of its site from channels.

import type { AnyEvents, EventMap } from '../../model/event-types.js';
import { type Answer, RESPOND, type Responder } from '../../response/answer.js';
import { toResponse } from '../../response/fetch-sink.js';
import type { ResponseOptions } from '../../response/options.js';
import { refusal } from '../../response/status.js';
import type { SSEChannel } from '../../sse/sse-channel.js';
import { objectOption, shown } from '../../util/options.js';
import { comingBack, watched } from './resume-points.js';

// biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
type AnyChannel = SSEChannel<any, any>;

/**
 * A channel; or what gives one for a request, or a `Response` of its own. `undefined`: the network
 * is asked.
 */
export type Route = AnyChannel | ((request: Request) => Routed | PromiseLike<Routed>);

export type Routed = AnyChannel | Response | undefined;

/**
 * The routes by path: from the worker's scope on, or, with a leading slash, from the site's root.
 * The query does not matter.
 */
export type Routes = Record<string, Route>;

/** The used members of a `FetchEvent`, which the types of a page lack. */
interface FetchEventLike extends Event {
  readonly request: Request;
  /** Of the page, or of the page's worker, that asks. */
  readonly clientId?: string;
  respondWith(response: Response | PromiseLike<Response>): void;
}

/**
 * Answers requests of the pages that this service worker is in charge of, such as those of an
 * `EventSource`. Call it while the worker's script is run first: browsers take `fetch` listeners at
 * no other time.
 *
 * A channel alone answers whatever of its own site asks for an event stream, by `Accept:
 * text/event-stream`. A refused request receives a status: 503 for a closed channel, 409 for a
 * listener that is taken, 400 for an invalid `listener`, 500 for any other wrong option.
 *
 * @param options As for `response()`; or what makes them for a request.
 * @returns a function that removes the listener.
 * @throws {TypeError} if a route is invalid.
 *
 * @example
 * answer({ '/events': channel, '/rooms': (request) => rooms.get(new URL(request.url).searchParams.get('room')) });
 */
export function answer<Events extends EventMap<Events> = AnyEvents>(
  // biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
  routes: SSEChannel<Events, any> | Routes,
  options?: ResponseOptions<Events> | ((request: Request) => ResponseOptions<Events> | undefined),
): () => void {
  const find = isChannel(routes) ? ofSite(routes) : byPath(objectOption(routes as Routes, 'routes'));
  const listener = (event: Event): void => {
    const { request, clientId = '' } = event as FetchEventLike;
    const route = find(request);
    if (route)
      (event as FetchEventLike).respondWith(respond(route, request, clientId, options as ResponseOptions | undefined));
  };
  globalThis.addEventListener('fetch', listener);
  return () => globalThis.removeEventListener('fetch', listener);
}

const isChannel = (value: unknown): value is AnyChannel =>
  typeof (value as Partial<Responder> | null)?.[RESPOND] === 'function';

function ofSite(channel: AnyChannel): (request: Request) => Route | undefined {
  return ({ url, headers }) =>
    new URL(url).origin === location.origin && headers.get('Accept')?.includes('text/event-stream')
      ? channel
      : undefined;
}

function byPath(routes: Partial<Routes>): (request: Request) => Route | undefined {
  const { registration } = globalThis as { registration?: { scope: string } };
  const found = new Map<string, Route>();
  for (const [path, route] of Object.entries(routes)) {
    if (!isChannel(route) && typeof route !== 'function')
      throw new TypeError(`the route ${path} must be an SSEChannel or a function, not ${shown(route)}`);
    found.set(withoutQuery(new URL(path, registration?.scope ?? location.href)), route);
  }
  return ({ url }) => found.get(withoutQuery(new URL(url)));
}

const withoutQuery = ({ origin, pathname }: URL): string => origin + pathname;

async function respond(
  route: Route,
  request: Request,
  clientId: string,
  options: ResponseOptions | ((request: Request) => ResponseOptions | undefined) | undefined,
): Promise<Response> {
  let given: ResponseOptions | undefined;
  try {
    const routed = isChannel(route) ? route : await route(request);
    if (routed === undefined) return fetch(request);
    if (!isChannel(routed)) return routed;
    given = typeof options === 'function' ? options(request) : options;
    return (routed as unknown as Responder)[RESPOND](
      request,
      resumed(given, request, clientId),
      answerTo(request, clientId),
    );
  } catch (error) {
    return new Response(null, { status: refusal(error, given?.onError) });
  }
}

/**
 * Makes a reconnecting client continue where its last response ended, unless it sends a last event
 * ID itself.
 */
function resumed(
  options: ResponseOptions | undefined,
  request: Request,
  clientId: string,
): ResponseOptions | undefined {
  const lastEventId = comingBack(clientId, request.url);
  if (lastEventId === undefined || options?.lastEventId !== undefined || request.headers.has('Last-Event-ID'))
    return options;
  return { ...options, lastEventId };
}

const answerTo =
  (request: Request, clientId: string): Answer<Response> =>
  (status, headers, body) =>
    toResponse(status, headers, typeof body === 'function' ? (sink) => body(watched(sink, request, clientId)) : body);
