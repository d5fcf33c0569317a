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
 * Returns what the request says, the header before the query; `undefined` when it says nothing.
 *
 * @throws {TypeError} when it is no `Request`.
 */
export function lastEventIdOf(request: RequestLike | null | undefined): string | undefined {
  const headers = request?.headers;
  if (headers != null && typeof headers.get !== 'function') {
    throw new TypeError('request must be a Request; for node:http there is toNode');
  }
  const header = headers?.get('Last-Event-ID');
  if (header) return lastEventIdOption(header);
  const [url = ''] = request?.url?.split('#', 1) ?? [];
  // Only the first question mark begins the query: others may stand in it.
  const query = url.indexOf('?');
  return lastEventIdOption((query >= 0 && new URLSearchParams(url.slice(query)).get(PARAMETER)) || undefined);
}
