// The last event ID of a client that comes back.

/** What is read of a `Request`. */
export type RequestLike = Pick<Request, 'method' | 'signal'> & {
  readonly url?: string;
  readonly headers?: { get(name: string): string | null };
};

/** The query parameter of those polyfills that cannot set the header. */
const PARAMETER = 'lastEventId';

/** Returns what the request says, the header before the query; `undefined` when it says nothing. */
export function lastEventIdOf(request: RequestLike | null | undefined): string | undefined {
  const header = request?.headers?.get('Last-Event-ID');
  if (header) return header;
  const query = request?.url?.split('?', 2)[1];
  return (query && new URLSearchParams(query.split('#', 1)[0]).get(PARAMETER)) || undefined;
}
