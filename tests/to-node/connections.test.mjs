// toNode: connections. A slow reader keeps its connection; a client that is sent elsewhere loses
// it.

import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { describe, test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { toNode } from 'eric-sse/node';
import { until } from '../js/lib/sse-client.mjs';
import { promptly } from '../js/suite/lib/support.mjs';
import { listening } from './lib/node-servers.mjs';

const MIB = 1024 * 1024;
/** A timer on a busy machine. */
const LATE_MS = 10_000;

async function serving(context, server) {
  const serving = await listening(server);
  context.after(() => serving.close());
  return serving;
}

/** A client that asks over one connection, as often as it is told to. */
async function client(url) {
  const { hostname, port } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port) });
  const seen = { socket, text: '', ended: false, ask: () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n') };
  socket.on('error', () => {}).on('data', (data) => void (seen.text += data));
  socket.on('close', () => void (seen.ended = true));
  await promptly(new Promise((resolve) => socket.once('connect', resolve)), 'the connection');
  seen.ask();
  return seen;
}

const answered = (one, what) =>
  until(
    () => one.text,
    (text) => text.includes(what),
    what,
    LATE_MS,
  );
const ended = (one) => until(() => one.ended, Boolean, 'the end of the connection', LATE_MS);

const WAYS = {
  'drain()': (channel) => channel.drain({ seconds: 0 }),
  'close()': (channel) => channel.close(),
  'gone()': (channel) => channel.gone(),
};

describe('toNode, the last response on a connection', () => {
  for (const [way, end] of Object.entries(WAYS)) {
    test(`${way} closes the connection of an open response, behind its end`, async (context) => {
      const channel = new SSEChannel();
      const server = await serving(context, http.createServer(toNode(channel)));
      const one = await client(server.url);
      await answered(one, 'retry:');
      channel.broadcast({ type: 'n', payload: 'x'.repeat(3 * MIB) });
      await end(channel);
      await ended(one);
      assert.match(one.text, /x{100}/);
      assert.match(one.text, /\r\n0\r\n\r\n$/, 'the whole body');
      assert.equal(server.sockets.size, 0);
    });

    test(`after ${way} the answer to a request says that its connection closes`, async (context) => {
      const channel = new SSEChannel();
      await end(channel);
      const server = await serving(context, http.createServer(toNode(channel)));
      const one = await client(server.url);
      await ended(one);
      assert.match(one.text, /^HTTP\/1.1 (200|503|204) /);
      assert.match(one.text, /\r\nConnection: close\r\n/i);
    });

    test(`HTTP/2, ${way}: GOAWAY, and the other streams of the session go on`, async (context) => {
      const [channel, other] = [new SSEChannel(), new SSEChannel()];
      const [handler, otherHandler] = [toNode(channel), toNode(other)];
      const server = await serving(
        context,
        http2.createServer((request, response) =>
          (request.url === '/other' ? otherHandler : handler)(request, response),
        ),
      );
      const session = http2.connect(server.url);
      context.after(() => session.destroy());
      let goaway = false;
      session.on('error', () => {}).on('goaway', () => void (goaway = true));
      const texts = ['/', '/other'].map((path) => {
        const seen = { text: '' };
        session
          .request({ ':path': path })
          .on('error', () => {})
          .on('data', (data) => void (seen.text += data));
        return seen;
      });
      for (const seen of texts) await answered(seen, 'retry:');
      await end(channel);
      await until(() => goaway, Boolean, 'GOAWAY', LATE_MS);
      other.broadcast({ type: 'n', payload: 'goes on' });
      await answered(texts[1], 'goes on');
      other.close();
      await until(() => session.closed, Boolean, 'the end of the session', LATE_MS);
    });

    test(`HTTP/2, after ${way}: GOAWAY with the answer, and no warning`, async (context) => {
      const warned = context.mock.method(process, 'emitWarning', () => {});
      const channel = new SSEChannel();
      await end(channel);
      const server = await serving(context, http2.createServer(toNode(channel)));
      const session = http2.connect(server.url);
      context.after(() => session.destroy());
      let [goaway, status] = [false, 0];
      session.on('error', () => {}).on('goaway', () => void (goaway = true));
      session
        .request({ ':path': '/' })
        .on('response', (headers) => void (status = Number(headers[':status'])))
        .resume();
      await until(() => goaway && status, Boolean, 'GOAWAY and an answer', LATE_MS);
      assert.ok([200, 204, 503].includes(status));
      assert.equal(warned.mock.callCount(), 0);
    });
  }
});

describe('toNode, slow readers', () => {
  const SIZE = 24 * MIB;
  const RATE = 4 * MIB;

  /** Reads evenly, at this rate. */
  async function slowReader(url) {
    const one = await client(url);
    one.socket.removeAllListeners('data');
    one.bytes = 0;
    one.socket.on('data', (data) => {
      one.bytes += data.length;
      one.socket.pause();
      setTimeout(() => one.socket.resume(), (data.length / RATE) * 1000);
    });
    return one;
  }

  const CASES = {
    'a large message': async () => {},
    'a large message and a small one behind it': async (channel) =>
      void channel.broadcast({ type: 'n', payload: 'small' }),
    'a large message, and the channel closes': async (channel) => channel.close(),
    'a large message, and the channel is drained': async (channel) => void channel.drain({ seconds: 0 }),
  };
  for (const [what, then] of Object.entries(CASES)) {
    test(`${what}: a client that reads slower than stallSeconds, but reads, gets it all`, {
      timeout: 60_000,
    }, async (context) => {
      const channel = new SSEChannel({ history: { bytes: 2 * SIZE } });
      const options = { stallSeconds: 2, heartbeatSeconds: 1, queue: { bytes: 2 * SIZE } };
      const reasons = [];
      const handler = toNode(channel, { ...options, onClose: ({ reason }) => void reasons.push(reason) });
      const server = await serving(context, http.createServer(handler));
      const one = await slowReader(server.url);
      await until(() => one.bytes > 0, Boolean, 'the headers', LATE_MS);
      channel.broadcast({ type: 'n', payload: 'x'.repeat(SIZE) });
      await new Promise((resolve) => setTimeout(resolve, 50));
      await then(channel);
      await until(
        () => one.bytes,
        (bytes) => bytes >= SIZE || one.ended,
        'the message',
        30_000,
      );
      assert.ok(one.bytes >= SIZE, `${one.bytes} of ${SIZE} bytes`);
      assert.ok(!reasons.includes('stalled'), String(reasons));
      one.socket.destroy();
    });
  }
});
