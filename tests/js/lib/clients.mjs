// Clients of event streams, over HTTP/1.1 and over HTTP/2, alike for the tests.

import http from 'node:http';
import http2 from 'node:http2';
import { Readable } from 'node:stream';
import { BodyReader } from '../suite/lib/body.mjs';
import { promptly } from '../suite/lib/support.mjs';
import * as sse from './sse-client.mjs';

/**
 * @typedef {object} Subscription
 * @property {number} status
 * @property {Headers} headers
 * @property {BodyReader | undefined} reader none where there is no body
 * @property {() => void} leave destroys the connection
 *
 * @typedef {object} Client
 * @property {(url: string, init?: { headers?: Record<string, string> }) => Promise<any>} subscribe resolves to a Subscription
 * @property {(url: string) => Promise<{ status: number, headers: Headers, text: string }>} head
 * @property {(url: string) => Promise<() => void>} idle asks, reads nothing, and resolves to what makes it leave
 */

/** @type {Client} */
export const HTTP1 = {
  async subscribe(url, init) {
    const { response, reader, leave } = await sse.subscribe(url, init);
    return { status: response.status, headers: response.headers, reader, leave };
  },
  async head(url) {
    const response = await fetch(url, { method: 'HEAD' });
    return { status: response.status, headers: response.headers, text: await response.text() };
  },
  idle: (url) =>
    new Promise((resolve, reject) => {
      http.get(url, { agent: false }, (response) => resolve(() => response.destroy())).on('error', reject);
    }),
};

/** Asks on a connection of its own. @param {string} url @param {Record<string, string>} headers */
async function ask(url, headers) {
  const { origin, pathname, search } = new URL(url);
  const session = http2.connect(origin);
  // A reset is the consequence of leaving.
  session.on('error', () => {});
  const stream = session.request({ ':path': `${pathname}${search}`, ...headers });
  stream.on('error', () => {});
  const response = await promptly(new Promise((resolve) => stream.once('response', resolve)), 'the response');
  const all = new Headers();
  for (const [name, value] of Object.entries(response)) {
    if (!name.startsWith(':')) for (const one of [value].flat()) all.append(name, String(one));
  }
  return { session, stream, status: response[':status'], headers: all };
}

/** @type {Client} */
export const HTTP2 = {
  async subscribe(url, { headers: given = {} } = {}) {
    const { session, stream, status, headers } = await ask(url, given);
    stream.once('close', () => session.close());
    const body = Readable.toWeb(stream, { strategy: { highWaterMark: 0 } });
    return { status, headers, reader: new BodyReader(/** @type {any} */ ({ body })), leave: () => session.destroy() };
  },
  async head(url) {
    const { session, stream, status, headers } = await ask(url, { ':method': 'HEAD' });
    let text = '';
    for await (const part of stream.setEncoding('utf8')) text += part;
    session.close();
    return { status, headers, text };
  },
  async idle(url) {
    const { session } = await ask(url, {});
    return () => session.destroy();
  },
};
