// Access: which methods open an event stream, and pages of which origins may read it.

import { numberOption, objectOption, shown } from '../util/options.js';
import type { RequestLike } from './request-id.js';

/** Which pages of other origins may read a response. */
export interface CorsOptions {
  /**
   * The origins that may read: one, such as `'https://app.example'`, a list of them, or a function
   * that returns `true` for those; an async function allows none. `true` allows any origin. `'*'`
   * does as well, but never with `credentials`.
   */
  origin: true | string | readonly string[] | ((origin: string) => boolean);
  /** Whether requests may carry cookies and other credentials; `false` by default. */
  credentials?: boolean | undefined;
  /**
   * How many seconds a browser may remember the answer to a preflight; 5 by default, as in the
   * Fetch standard.
   */
  maxAgeSeconds?: number | undefined;
}

export interface AccessOptions {
  /**
   * The methods that open an event stream; `['GET']` by default. `HEAD` is answered with the
   * headers alone, `OPTIONS` with 204, and any other method with 405.
   */
  methods?: readonly string[] | undefined;
  /** Sends the headers of CORS, also in answer to preflights; by default none are sent. */
  cors?: CorsOptions | undefined;
}

/**
 * Decides whether a request opens an event stream, and adds the headers that say so.
 *
 * @returns the status of a request that does not; `undefined` when it does, and for `HEAD`.
 * @throws {TypeError | RangeError} when an option is invalid.
 */
export function refusedStatus(
  request: RequestLike | null | undefined,
  { methods = ['GET'], cors }: AccessOptions,
  headers: Headers,
): number | undefined {
  if (!Array.isArray(methods)) throw new TypeError(`methods must be a list of methods, not ${shown(methods)}`);
  const { method = 'GET' } = request ?? {};
  const allowed = [...methods, 'HEAD', 'OPTIONS'].join(', ');
  const isPreflight = method === 'OPTIONS';
  if (cors !== undefined) allowOrigin(request?.headers, cors, headers, isPreflight ? allowed : undefined);
  if (method === 'HEAD' || methods.includes(method)) return undefined;
  headers.delete('Content-Type');
  headers.set('Allow', allowed);
  return isPreflight ? 204 : 405;
}

/**
 * @param preflight The methods that the answer to a preflight allows; `undefined` for any other
 * request.
 */
function allowOrigin(
  asked: RequestLike['headers'],
  cors: CorsOptions,
  headers: Headers,
  preflight: string | undefined,
): void {
  const { origin, credentials, maxAgeSeconds } = objectOption(cors, 'cors');
  const maxAge = numberOption(maxAgeSeconds, 'cors.maxAgeSeconds', 5);
  const origins = [origin].flat();
  if (!origins.every((one) => one === true || typeof one === 'string' || typeof one === 'function'))
    throw new TypeError('cors.origin must be true, an origin, a list of origins or a function');
  headers.append('Vary', 'Origin');
  const from = asked?.get('Origin');
  if (!from) return;
  // Not anything truthy: the promise of an async function would allow every origin.
  const isAllowed = origins.some((one) =>
    typeof one === 'function' ? one(from) === true : one === true || one === from || (one === '*' && !credentials),
  );
  if (!isAllowed) return;
  const allow = (name: string, value: unknown): void => headers.set(`Access-Control-${name}`, String(value));
  allow('Allow-Origin', from);
  if (credentials) allow('Allow-Credentials', true);
  if (!preflight) return;
  const names = asked?.get('Access-Control-Request-Headers');
  allow('Allow-Methods', preflight);
  allow('Allow-Headers', `Last-Event-ID${names ? `, ${names}` : ''}`);
  allow('Max-Age', maxAge);
}
