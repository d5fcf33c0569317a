// What a recipe promises, seen by a client over HTTP. Every host answers three paths:
//
// - `GET /events`: the event stream
// - `GET /listeners`: the number of listeners
// - `POST /publish`: broadcasts the message in the body, `{ type, payload }`, and answers with 204

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { after, before } from 'node:test';
import { TestClient } from '../../../dist/testing.js';
import { until } from '../../js/lib/sse-client.mjs';
import { describeHost } from './results.mjs';

/** What an exit may take: the second of the drain, and one more. */
const LONGEST_EXIT_MS = 2_000;
/** Together more than the buffers of two sockets hold; each is within what hosts take as a body. */
const MOST_BUFFERED = Array(80).fill('x'.repeat(90_000));

/**
 * @typedef {object} Case
 * @property {string} host its name in the table
 * @property {string | (() => string)} version
 * @property {string} runs where it runs, such as `Node, production`
 * @property {() => Promise<import('./host.mjs').Host>} open
 * @property {{ events?: string, listeners?: string, publish?: string }} [paths] where they differ
 * @property {Record<string, string>} headers headers that the host sets, and the response keeps
 * @property {Record<string, string>} [sends] headers of the request that asks for them
 * @property {'leaving' | 'writing'} [noticesBy] `writing`: a later write tells that a client left
 * @property {RegExp} [prints] lines that this host prints by itself
 * @property {boolean} [cutsRequests] `true`: the host does not wait for requests that run
 * @property {number} [exitCode] with which the host ends after SIGTERM; 0 by default
 * @property {boolean} [isForDevelopment] `true`: SIGTERM may cut connections, and ends with any code
 * @property {boolean} [ends] `false`: the host is no process of its own that SIGTERM ends
 *
 * @typedef {object} Kit what further checks of a host use
 * @property {import('./results.mjs').Check} check
 * @property {() => import('./host.mjs').Host} host
 * @property {(count: number) => Promise<unknown>} counted waits until there are so many listeners
 * @property {(payload: unknown) => Promise<void>} publish
 * @property {(headers?: Record<string, string>) => Promise<Subscribed>} subscribe
 * @property {(subscribed: Subscribed, count: number) => Promise<string[]>} news the data of the
 *   messages of the type `news`, once there are so many
 *
 * @typedef {{ client: TestClient, response: Response, leave: () => void }} Subscribed
 */

/**
 * Runs the checks in a host.
 * @param {Case} options
 * @param {(kit: Kit) => void} [more] adds checks of this host, which run before SIGTERM
 * @param {(kit: Kit) => void} [afterwards] adds checks that run after it
 */
export function checkHost(options, more = () => {}, afterwards = () => {}) {
  const {
    host: name,
    runs,
    version,
    open,
    headers,
    sends,
    noticesBy = 'leaving',
    prints,
    ends = true,
    cutsRequests = false,
    exitCode = 0,
    isForDevelopment = false,
  } = options;
  const { events = '/events', listeners = '/listeners', publish: publishing = '/publish' } = options.paths ?? {};

  describeHost({ host: name, version, runs }, (check) => {
    /** @type {import('./host.mjs').Host} */
    let host;
    before(async () => {
      host = await open();
    });
    after(() => host?.stop('SIGKILL'));

    const count = async () => Number(await (await fetch(host.url + listeners)).text());
    const counted = (wanted) => until(count, (found) => found === wanted, `${wanted} listeners`, 20_000);
    const publish = async (payload) => {
      const body = JSON.stringify({ type: 'news', payload });
      const type = { 'Content-Type': 'application/json' };
      const response = await fetch(host.url + publishing, { method: 'POST', headers: type, body });
      assert.equal(response.status, 204);
    };
    /** @type {Kit['subscribe']} */
    const subscribe = async (sent = {}) => {
      const leaving = new AbortController();
      const response = await fetch(host.url + events, { headers: sent, signal: leaving.signal });
      assert.equal(response.status, 200);
      return { client: new TestClient(response), response, leave: () => leaving.abort() };
    };
    /** @type {Kit['news']} */
    const news = async ({ client }, wanted) => {
      const found = () => client.events.filter(({ type }) => type === 'news').map(({ data }) => data);
      while (found().length < wanted) await client.take(1);
      return found();
    };
    const left = async () => {
      if (noticesBy === 'leaving') return counted(0);
      await until(
        () => publish('is anybody there?').then(count),
        (found) => found === 0,
        'no listener',
        20_000,
      );
    };

    check('a client receives what is published', async () => {
      const subscribed = await subscribe();
      await counted(1);
      await publish('hello');
      assert.deepEqual(await news(subscribed, 1), ['hello']);
      subscribed.leave();
    });

    check('a client that leaves is noticed', async () => {
      await left();
      const { leave } = await subscribe();
      await counted(1);
      leave();
      await left();
    });

    check('a client that reconnects receives what it missed', async () => {
      const first = await subscribe();
      await publish('one');
      await news(first, 1);
      const { lastEventId } = first.client;
      first.leave();
      await publish('two');
      await publish('three');
      const second = await subscribe({ 'Last-Event-ID': lastEventId });
      assert.deepEqual(await news(second, 2), ['two', 'three']);
      second.leave();
    });

    check('a HEAD request gets no stream, and no listener', async () => {
      await left();
      const response = await fetch(host.url + events, { method: 'HEAD' });
      assert.equal(await response.text(), '');
      assert.equal(await count(), 0);
    });

    check("the host's own headers are kept", async () => {
      const { response, leave } = await subscribe(sends);
      assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
      assert.match(response.headers.get('cache-control') ?? '', /no-transform/);
      assert.equal(response.headers.get('content-encoding'), headers['content-encoding'] ?? null);
      for (const [header, value] of Object.entries(headers)) assert.equal(response.headers.get(header), value);
      leave();
    });

    /** @type {Kit} */
    const kit = { check, host: () => host, counted, publish, subscribe, news };
    more(kit);

    if (isForDevelopment)
      check('on SIGTERM the process ends', async () => {
        const { client } = await subscribe();
        const { milliseconds } = await host.stop();
        await client.rest().catch(() => {}); // is cut
        assert.ok(milliseconds < LONGEST_EXIT_MS, `it took ${milliseconds} ms`);
      });
    else if (ends)
      check(
        `on SIGTERM the clients are sent elsewhere${cutsRequests ? '' : ', a request is answered'}, and the process ends, also with a client that reads nothing`,
        async () => {
          const stuck = await stuckClient(host.url + events);
          for (const payload of MOST_BUFFERED) await publish(payload);
          const { client } = await subscribe();
          const request = cutsRequests ? undefined : slowRequest(host.url + publishing);
          await request?.begun;
          const stopped = host.stop();
          await client.rest();
          // The default of 15 seconds is what a page would wait for after a deploy.
          const { retryMilliseconds: retry = Infinity } = client;
          assert.ok(retry < 3_000, `the clients reconnect after ${retry} ms: set retryMilliseconds of drain()`);
          assert.equal(await request?.finish(), cutsRequests ? undefined : 204);
          const { code, milliseconds } = await stopped;
          stuck.destroy();
          assert.equal(code, exitCode);
          assert.ok(milliseconds < LONGEST_EXIT_MS, `it took ${milliseconds} ms`);
        },
      );

    afterwards(kit);

    check('no warning was printed', () => {
      const lines = host.printed().split('\n');
      assert.deepEqual(
        lines.filter((line) => line.trim() && !prints?.test(line)),
        [],
      );
    });
  });
}

/**
 * Opens an event stream and reads nothing after its first bytes.
 * @param {string} url
 */
async function stuckClient(url) {
  const { hostname, port, pathname } = new URL(url);
  const socket = net.connect(Number(port), hostname).on('error', () => {});
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  await once(socket, 'data');
  return socket.pause();
}

/**
 * Adds the check that a body which cannot be read does not end the process. Frameworks see to that
 * by themselves, and print the error.
 * @param {Kit} kit
 */
export function checkBadBodies({ check, host }) {
  check('a body that is no JSON does not end the process', async () => {
    const { status } = await fetch(`${host().url}/publish`, { method: 'POST', body: '{' });
    assert.equal(status, 400);
    assert.equal((await fetch(`${host().url}/listeners`)).status, 200);
  });
}

/**
 * Publishes with a body in two halves.
 * @param {string} url
 */
function slowRequest(url) {
  const [half, rest] = ['{ "type": "news", ', '"payload": "late" }'];
  const headers = { 'Content-Type': 'application/json', 'Content-Length': half.length + rest.length };
  const request = http.request(url, { method: 'POST', headers });
  const begun = new Promise((resolve, reject) => {
    request.once('error', reject).write(half, () => setTimeout(resolve, 50));
  });
  return {
    begun,
    /** @returns {Promise<number | undefined>} the status */
    finish: () =>
      new Promise((resolve, reject) => {
        request.once('error', reject).once('response', (response) => resolve(response.resume().statusCode));
        request.end(rest);
      }),
  };
}
