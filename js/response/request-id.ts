// The last event ID of a client that comes back.

import { shown } from '../util/options.js';

/** What is read of a `Request`. */
export type RequestLike = Pick<Request, 'method' | 'signal'> & {
  readonly url?: string;
  readonly headers?: { get(name: string): string | null };
};

/** The query parameter of those polyfills that cannot set the header. */
const PARAMETER = 'lastEventId';

/** No id of ours is longer: what is cut is none. A client's megabyte stays on this side. */
const LONGEST = 100;

/** @throws {TypeError} when it is not a string. An empty one is none; one that is no id is the core's to tell. */
export function lastEventIdOption(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new TypeError(`lastEventId must be a string, not ${shown(value)}`);
  return value.slice(0, LONGEST) || undefined;
}

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
