// The last event ID of a reconnecting client.

import { lastEventIdOption } from '../model/event-id.js';

/** The parts of a `Request` that are read. */
export type RequestLike = Pick<Request, 'method'> & {
  readonly signal?: AbortSignal | undefined;
  readonly url?: string;
  readonly headers?: { get(name: string): string | null };
};

/** The query parameter of those polyfills that cannot set the header. */
const PARAMETER = 'lastEventId';

/**
 * Returns the last event ID that the request says; `undefined` when it says none.
 *
 * @throws {TypeError} when it is no `Request`.
 */
export function lastEventIdOf(request: RequestLike | null | undefined): string | undefined {
  return lastEventIdOption(requestId(request));
}

/**
 * Returns what the request says, of any length, the header before the query.
 *
 * @throws {TypeError} when it is no `Request`.
 */
export function requestId(request: RequestLike | null | undefined): string | undefined {
  const headers = request?.headers;
  if (headers != null && typeof headers.get !== 'function') {
    throw new TypeError('request must be a Request; for node:http there is toNode');
  }
  return headers?.get('Last-Event-ID') || queryOf(request).get(PARAMETER) || undefined;
}

/** Returns the query of the request's URL, which may be a path alone. */
export function queryOf(request: RequestLike | null | undefined): URLSearchParams {
  const [url = ''] = request?.url?.split('#', 1) ?? [];
  // Only the first question mark begins the query: others may stand in it.
  const query = url.indexOf('?');
  return new URLSearchParams(query < 0 ? '' : url.slice(query));
}
