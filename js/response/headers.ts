// Headers of an event stream.

/** The argument of `new Headers()`. Only the types of browsers name it `HeadersInit`. */
export type HeadersLike = ConstructorParameters<typeof Headers>[0];

/** The hop-by-hop headers, and the length that nobody knows. */
const UNFIT = [
  'Connection',
  'Keep-Alive',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Content-Length',
];

/**
 * Returns the headers of an event stream, on top of the caller's.
 *
 * `no-transform` keeps proxies from compressing, and so from holding back; `X-Accel-Buffering`
 * keeps nginx from buffering. There is no hop-by-hop header, which a fetch `Response` must not
 * have.
 */
export function eventStreamHeaders(others: HeadersLike): Headers {
  const headers = new Headers(others);
  headers.set('Content-Type', 'text/event-stream; charset=utf-8');
  headers.set('Cache-Control', 'no-cache, no-transform');
  headers.set('X-Accel-Buffering', 'no');
  for (const name of UNFIT) headers.delete(name);
  return headers;
}
