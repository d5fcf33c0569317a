// The page's server side: one fetch handler. The same file runs in Node, in a Durable Object on
// Cloudflare's runtime and in the page's service worker.
//
//   GET  /events     an event stream: the response of the channel to a listener of its own
//   GET  /tabs       an event stream that all tabs of a browser share
//   GET  /stats      { runtime, listeners, broadcasts, rate }
//   POST /broadcast  { type, payload? }             to every listener
//   POST /dispatch   { listener, type, payload? }   to one
//   POST /stop       { listener }
//   POST /start      { listener }
//   POST /rate       { perSecond }                  the ticker's, from 0 to 1000
//
// ## Refusals Answered with the status and `{ error: { code, message } }`. A POST has to come as
// JSON, which a page of another origin cannot send without asking first, and is not allowed to.

import { gateOf } from './shared/gate.mjs';
import { Refusal, Room } from './shared/room.mjs';
import { tabFeed } from './shared/tab-feed.mjs';

/** Requests that the handler answers; it leaves all others to its host. */
export const PATHS = new Set(['/events', '/tabs', '/stats', '/broadcast', '/dispatch', '/stop', '/start', '/rate']);

const MOST_LISTENERS = 64;
const LONGEST_BODY = 16_384;
/**
 * `EventSource` cannot tell the first two from its own events; the others are the page's and the
 * project's.
 */
const RESERVED_TYPE = /^(error|open|lane\..*|_eric_.*)$/;

/** The statuses of the package's exceptions, by their code. */
const STATUSES = new Map(
  Object.entries({ ERIC_INVALID_MESSAGE: 400, ERIC_INVALID_LISTENER: 404, ERIC_INVALID_CHANNEL: 410 }),
);

/**
 * Makes the handler, with a channel of its own.
 *
 * @param {Pick<typeof import('eric-sse'), 'SSEChannel' | 'MessageQueueListener'>} eric the package, as its user has imported it
 * @param {{ runtime: string, base?: string, perSecond?: number }} options the name of the host, where its paths start, the rate at first
 * @returns {(request: Request) => Promise<Response>}
 */
export function createHandler({ SSEChannel, MessageQueueListener }, { runtime, base = '', perSecond = 5 }) {
  const channel = new SSEChannel();
  const tabs = tabFeed(SSEChannel);
  const room = new Room(channel, perSecond);
  const Gate = gateOf(SSEChannel);
  const gate = new Gate(channel, (listener) => ({ ...room.describe(listener), runtime }), {
    retryTimeoutMilliseconds: 1000,
  });

  /** @param {Request} request */
  // #region shown
  function events(request) {
    const onMessage = () => room.delivered(listener);
    const listener = new MessageQueueListener({ onMessage });
    channel.registerListener(listener);
    listener.startSync();
    room.enter(listener);

    // Stands for the client, and takes the other along.
    const { id } = listener;
    const client = new MessageQueueListener({ id });
    return gate.response(request, { listener: client });
  }
  // #endregion

  /** @type {Record<string, (body: any) => void>} */
  const commands = {
    '/broadcast': ({ type, payload }) => room.broadcast(message(type, payload)),
    '/dispatch': ({ listener, type, payload }) => room.dispatch(listener, message(type, payload)),
    '/stop': ({ listener }) => channel.getListener(listener).stopSync(),
    '/start': ({ listener }) => gate.resume(listener),
    '/rate': ({ perSecond }) => room.setRate(perSecond),
  };

  /** @param {Request} request */
  async function answer(request) {
    const path = pathOf(request, base);
    if (!PATHS.has(path))
      throw new Refusal(404, 'NOT_FOUND', `there is nothing at ${new URL(request.url).pathname.slice(0, 100)}`);
    const command = commands[path];
    const allowed = command ? ['POST'] : ['GET', 'HEAD'];
    if (!allowed.includes(request.method)) {
      const error = { code: 'METHOD_NOT_ALLOWED', message: `${path} takes ${allowed.join(' or ')}` };
      return json(405, { error }, { Allow: allowed.join(', ') });
    }
    if (path === '/tabs') return tabs(request);
    if (path === '/stats') return json(200, { runtime, ...room.stats() });
    if (command) {
      command(await bodyOf(request));
      return json(200, { done: true });
    }
    if (request.method === 'HEAD') return gate.response(request);
    if (channel.listenerCount >= MOST_LISTENERS) {
      throw new Refusal(503, 'TOO_MANY_LISTENERS', `${MOST_LISTENERS} listeners are here already`);
    }
    return events(request);
  }

  return (request) => answer(request).catch(refused);
}

/** @param {Request} request @param {string} base */
function pathOf(request, base) {
  const { pathname } = new URL(request.url);
  return pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : '';
}

/** @param {unknown} type @param {unknown} payload */
function message(type, payload) {
  if (typeof type === 'string' && RESERVED_TYPE.test(type)) {
    throw new Refusal(400, 'RESERVED_TYPE', `the message type ${JSON.stringify(type.slice(0, 100))} is reserved`);
  }
  return { type: /** @type {string} */ (type), payload };
}

/** Reads a JSON object. @param {Request} request */
async function bodyOf(request) {
  const type = request.headers.get('Content-Type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Refusal(415, 'NOT_JSON', 'the body must be application/json');
  const text = await textOf(request);
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'BAD_JSON', 'the body is not JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Refusal(400, 'BAD_JSON', 'the body must be a JSON object');
  return body;
}

/** Reads a text, no further than a body may be long. @param {Request} request */
async function textOf(request) {
  const refusal = new Refusal(413, 'TOO_LONG', `the body is longer than ${LONGEST_BODY} bytes`);
  if (Number(request.headers.get('Content-Length') ?? 0) > LONGEST_BODY) throw refusal;
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  // Not every browser's service worker has `body` on a request; what it has came from its own page.
  if (!request.body) return request.text();
  for (const reader = request.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > LONGEST_BODY) {
      await reader.cancel();
      throw refusal;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** @param {any} error */
function refused(error) {
  const status = error instanceof Refusal ? error.status : STATUSES.get(error?.code);
  if (status === undefined) {
    console.error(error);
    return json(500, { error: { code: 'INTERNAL', message: 'something went wrong: see the log' } });
  }
  return json(status, { error: { code: error.code, message: error.message } });
}

/** @param {number} status @param {object} body @param {Record<string, string>} [headers] */
function json(status, body, headers) {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
  });
}
