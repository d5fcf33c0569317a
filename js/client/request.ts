// The requests of a connection: each attempt makes its own.

/** The facts of an attempt, for functions that make a part of its request. */
export interface Attempt {
  /** How many attempts there were before, in a row without a minute of success. */
  retries: number;
  /** The last event ID; empty before the first. */
  lastEventId: string;
  /** 401 or 403, when the server has refused the attempt before: the credentials must be new. */
  refused: number | undefined;
}

/** A value, or a function that makes it for each attempt. */
export type PerAttempt<T> = T | ((attempt: Attempt) => T | Promise<T>);

/** The address of a request, or the request itself. */
export type Target = string | URL | Request;

/** The argument of `new Headers()`. Only the types of browsers name it `HeadersInit`. */
export type HeadersLike = ConstructorParameters<typeof Headers>[0];

/** The argument of `new Response()`. Only the types of browsers name it `BodyInit`. */
export type BodyLike = ConstructorParameters<typeof Response>[0];

/** The options that requests are made of. */
export interface RequestOptions {
  /** `GET` by default. */
  method?: string | undefined;
  /** The headers, or a function that makes them for each attempt, such as a fresh token. */
  headers?: PerAttempt<HeadersLike> | undefined;
  /** The body, or a function that makes it for each attempt. A stream can be sent once only. */
  body?: PerAttempt<BodyLike> | undefined;
  /** Whether cookies are sent to other origins: as that of `fetch`. */
  credentials?: 'include' | 'omit' | 'same-origin' | undefined;
  /** Sends the requests; the `fetch` of the platform by default. */
  fetch?: ((input: Target, init: RequestInit) => Promise<Response>) | undefined;
}

/**
 * Makes the request of an attempt. Returns a function that sends it.
 *
 * @internal
 */
export async function requestFor(target: Target, options: RequestOptions, attempt: Attempt, signal: AbortSignal) {
  const { method, credentials, fetch = globalThis.fetch } = options;
  const headers = new Headers(target instanceof Request ? target.headers : undefined);
  new Headers(await made(options.headers, attempt)).forEach((value, name) => void headers.set(name, value));
  if (!headers.has('Accept')) headers.set('Accept', 'text/event-stream');
  if (attempt.lastEventId !== '') headers.set('Last-Event-ID', bytesOf(attempt.lastEventId));
  const body = await made(options.body, attempt);
  // Members are left out rather than `undefined`: some runtimes refuse a name that they lack.
  const init: RequestInit & { duplex?: 'half' } = { headers, signal };
  if (method !== undefined) init.method = method;
  if (credentials !== undefined) init.credentials = credentials;
  if (body != null) init.body = body;
  if (body instanceof ReadableStream) init.duplex = 'half';
  // Cloudflare's runtime has no cache to keep the response from.
  if (globalThis.navigator?.userAgent !== 'Cloudflare-Workers') init.cache = 'no-store';
  return (): Promise<Response> => fetch(target, init);
}

/** Returns a value, or the result of its function. @internal */
export async function made<T>(value: PerAttempt<T>, attempt: Attempt): Promise<T> {
  return typeof value === 'function' ? await (value as (attempt: Attempt) => T | Promise<T>)(attempt) : value;
}

/** A header holds bytes: text beyond ASCII goes as UTF-8, as that of an `EventSource` does. */
function bytesOf(text: string): string {
  // One by one: a call has too few arguments for a long ID.
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}
