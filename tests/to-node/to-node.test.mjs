// toNode: channels behind Node's own servers and frameworks, over real HTTP/1.1 and HTTP/2.

import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import net from 'node:net';
import { describe, test } from 'node:test';
import { createGunzip } from 'node:zlib';
import compression from 'compression';
import * as eric from 'eric-sse';
import { toNode } from 'eric-sse/node';
import express from 'express';
import { silentPeer } from '../guarantees/lib/silent.mjs';
import { HTTP1, HTTP2 } from '../js/lib/clients.mjs';
import { registerNodeHttp } from '../js/lib/node-http.mjs';
import { until } from '../js/lib/sse-client.mjs';
import { EventStreamDecoder } from '../js/suite/lib/decoder.mjs';
import { promptly } from '../js/suite/lib/support.mjs';
import { listening, SERVERS } from './lib/node-servers.mjs';

const { SSEChannel } = eric;
const require = createRequire(import.meta.url);
const EVENT_STREAM = 'text/event-stream; charset=utf-8';
/** A timer on a busy machine. */
const LATE_MS = 10_000;

for (const [name, serve] of Object.entries(SERVERS)) {
  describe(`toNode, ${name}`, () => {
    registerNodeHttp(
      eric,
      (answering) => serve((...args) => toNode(answering().channel, answering().options)(...args)),
      name === 'node:http2' ? HTTP2 : HTTP1,
    );
  });
}

/** Serves for one test. @param {import('node:test').TestContext} context @param {http.RequestListener} handler */
async function serving(context, handler) {
  const server = await listening(http.createServer(handler));
  context.after(() => server.close());
  return server;
}

/** A channel, and the onClose reports of its responses. */
function scene(options = {}) {
  const channel = new SSEChannel();
  const reasons = [];
  const handler = toNode(channel, { ...options, onClose: ({ reason }) => void reasons.push(reason) });
  const listeners = (count, milliseconds = LATE_MS) =>
    until(
      () => channel.listenerCount,
      (now) => now === count,
      'listeners',
      milliseconds,
    );
  return { channel, reasons, handler, listeners };
}

/** Sends a request as it stands, and collects what comes. @param {string} url @param {string} text */
async function raw(url, text) {
  const { hostname, port } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  const seen = { socket, text: '', ended: false };
  socket.on('data', (data) => void (seen.text += data));
  socket.on('close', () => void (seen.ended = true));
  await promptly(new Promise((resolve) => socket.once('connect', resolve)), 'the connection');
  socket.write(text);
  return seen;
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** Fills a peer that reads nothing: until messages wait, and go on waiting. @param {import('eric-sse').SSEChannel} channel */
async function fill(channel, payload = 'x'.repeat(64 * 1024)) {
  for (let [sent, quiet] = [0, 0]; quiet < 5; await new Promise((resolve) => setTimeout(resolve, 10))) {
    if (channel.stats().queued > 0) quiet++;
    else {
      channel.broadcast({ type: 'n', payload });
      quiet = 0;
      assert.ok(++sent < 1000, 'the server takes everything');
    }
  }
}

describe('toNode, bytes', () => {
  test('a hundred clients are written the very same bytes, straight', async (context) => {
    const { channel, handler, listeners } = scene();
    /** @type {Uint8Array[][]} */
    const written = [];
    const server = await serving(context, (request, response) => {
      const chunks = [];
      written.push(chunks);
      const { write } = response;
      response.write = (chunk, ...rest) => (chunks.push(chunk), write.call(response, chunk, ...rest));
      handler(request, response);
    });
    const clients = await Promise.all(Array.from({ length: 100 }, () => HTTP1.subscribe(server.url)));
    for (const { reader } of clients) await reader.chunk();
    for (const round of [1, 2, 3]) {
      channel.broadcast({ type: 'n', payload: round });
      channel.broadcast({ type: 'n', payload: 'x'.repeat(1000) });
      for (const { reader } of clients) await reader.events(2 * round);
    }
    assert.equal(written.length, 100);
    for (const chunks of written) assert.equal(chunks.length, 4, 'one for the beginning, and one for each turn');
    for (const at of [1, 2, 3]) {
      assert.ok(written[0][at] instanceof Uint8Array);
      for (const chunks of written) assert.equal(chunks[at], written[0][at]);
    }
    for (const { leave } of clients) leave();
    await listeners(0);
  });

  for (const [protocol, client, create] of [
    ['HTTP/1.1', HTTP1, http.createServer],
    ['HTTP/2', HTTP2, http2.createServer],
  ]) {
    test(`a slow reader gets everything in order, and holds up nobody, over ${protocol}`, {
      timeout: 60_000,
    }, async (context) => {
      const { channel, handler, listeners } = scene({ queue: { messages: Infinity, bytes: Infinity } });
      const server = await listening(create(handler));
      context.after(() => server.close());
      const [slow, fast] = [await client.subscribe(server.url), await client.subscribe(server.url)];
      const payload = 'x'.repeat(100_000);
      const COUNT = 300;
      let quick = 0;
      for (let sent = 1; sent <= COUNT; sent++) {
        channel.broadcast({ type: `n${sent}`, payload });
        if (sent % 10 === 0) quick = (await fast.reader.events(sent)).length;
      }
      assert.equal(quick, COUNT);
      // Nothing was read of it yet, so most of it must be waiting in the channel.
      assert.ok(channel.stats().queued > COUNT / 2, `${channel.stats().queued} of ${COUNT} wait`);
      const events = await slow.reader.events(COUNT);
      assert.deepEqual(
        events.map(({ type }) => type),
        Array.from({ length: COUNT }, (_, at) => `n${at + 1}`),
      );
      assert.ok(events.every(({ data }) => data === payload));
      slow.leave();
      fast.leave();
      await listeners(0);
    });
  }

  test('compression that holds back is flushed: each event comes at once', async (context) => {
    const { channel, handler, listeners } = scene();
    const app = express();
    app.use(compression());
    app.get('/', (request, response) => {
      // It leaves alone what says `no-transform`: have it compress all the same.
      const { setHeader } = response;
      response.setHeader = (name, value) =>
        setHeader.call(response, name, name.toLowerCase() === 'cache-control' ? 'no-cache' : value);
      handler(request, response);
    });
    const server = await serving(context, app);
    const response = await promptly(
      new Promise((resolve) => http.get(server.url, { agent: false, headers: { 'Accept-Encoding': 'gzip' } }, resolve)),
    );
    assert.equal(response.headers['content-encoding'], 'gzip');
    const decoder = new EventStreamDecoder();
    const gunzip = response.pipe(createGunzip());
    gunzip.on('data', (data) => decoder.push(data)).on('error', () => {});
    for (const payload of [1, 2, 3]) {
      channel.broadcast({ type: 'n', payload });
      await until(
        () => decoder.events.length,
        (count) => count === payload,
        'events',
      );
    }
    // Writes that wait for the compressor to drain go on.
    const large = Array.from({ length: 20_000 }, () => Math.random()).join('');
    channel.broadcast({ type: 'n', payload: large });
    channel.broadcast({ type: 'n', payload: 'behind it' });
    await until(
      () => decoder.events.length,
      (count) => count === 5,
      'events',
    );
    assert.equal(decoder.events[3].data, large);
    response.destroy();
    await listeners(0);
  });

  test('the headers go to a client of HTTP/1.0 too, and its connection ends with the response', async (context) => {
    const { channel, handler } = scene();
    const server = await serving(context, handler);
    const client = await raw(server.url, 'GET / HTTP/1.0\r\n\r\n');
    await until(
      () => client.text,
      (text) => text.includes('retry:'),
      'bytes',
    );
    channel.close();
    await until(() => client.ended, Boolean, 'the end');
    assert.match(client.text, /event: _eric_channel_closed\ndata:\n\n$/);
  });

  test('headers that were set before stay, and a length does not', async (context) => {
    const { channel, handler } = scene({ headers: { 'Set-Cookie': 'mine=1' } });
    const server = await serving(context, (request, response) => {
      response.setHeader('X-Theirs', 'yes');
      response.setHeader('Content-Length', '5');
      response.setHeader('Set-Cookie', 'theirs=1');
      handler(request, response);
    });
    const { headers, reader } = await HTTP1.subscribe(server.url);
    assert.equal(headers.get('x-theirs'), 'yes');
    assert.equal(headers.get('content-length'), null);
    assert.deepEqual(headers.getSetCookie(), ['theirs=1', 'mine=1']);
    channel.close();
    await reader.rest();
  });
});

describe('toNode, clients that leave', () => {
  test('a stalled client is given up, and its socket destroyed', { timeout: 60_000 }, async (context) => {
    const { channel, reasons, handler, listeners } = scene({ stallSeconds: 1, heartbeatSeconds: 0 });
    const server = await serving(context, handler);
    const peer = await silentPeer(new URL(server.url));
    await listeners(1);
    await fill(channel);
    await listeners(0, 1000 + LATE_MS);
    assert.deepEqual(reasons, ['stalled']);
    await until(
      () => server.sockets.size,
      (count) => count === 0,
      'sockets',
    );
    peer.destroy();
  });

  test('a client that stalls over HTTP/2 has its stream reset, and its session goes on', {
    timeout: 60_000,
  }, async (context) => {
    const { channel, reasons, handler, listeners } = scene({ stallSeconds: 1, heartbeatSeconds: 0 });
    const server = await listening(http2.createServer(handler));
    context.after(() => server.close());
    const session = http2.connect(server.url);
    session.on('error', () => {});
    // A stream that is not read: its window fills up.
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    await listeners(1);
    await fill(channel);
    await listeners(0, 1000 + LATE_MS);
    assert.deepEqual(reasons, ['stalled']);
    const other = session.request({ ':path': '/' });
    let text = '';
    other.setEncoding('utf8').on('data', (data) => void (text += data));
    await until(
      () => text,
      (now) => now.includes('retry:'),
      'bytes of another stream',
    );
    session.destroy();
    await listeners(0);
  });

  test('the socket of one that does not take the end of its response is destroyed after stallSeconds', {
    timeout: 60_000,
  }, async (context) => {
    const { channel, reasons, handler, listeners } = scene({
      stallSeconds: 2,
      heartbeatSeconds: 0,
      queue: { messages: Infinity, bytes: Infinity },
    });
    const server = await serving(context, handler);
    const peer = await silentPeer(new URL(server.url));
    await listeners(1);
    await fill(channel);
    channel.removeListener(channel.listeners()[0].id);
    assert.equal(server.sockets.size, 1);
    await until(
      () => reasons.length,
      (count) => count === 1,
      'reasons',
    );
    assert.deepEqual(reasons, ['removed']);
    await until(
      () => server.sockets.size,
      (count) => count === 0,
      'sockets',
      2000 + LATE_MS,
    );
    peer.destroy();
  });

  test('a present client gets the end, however the response ends, and may go on with its connection', async (context) => {
    const { channel, reasons, handler, listeners } = scene();
    const server = await serving(context, handler);
    const client = await raw(server.url, GET);
    await listeners(1);
    channel.listeners()[0].stopSync();
    await until(
      () => client.text,
      (text) => text.endsWith('0\r\n\r\n'),
      'the end',
    );
    client.socket.write(GET);
    await listeners(1);
    assert.deepEqual(reasons, ['stopped']);
    client.socket.destroy();
    await listeners(0);
    assert.deepEqual(reasons, ['stopped', 'cancelled']);
  });

  test('a client that leaves before it is answered leaves no listener', async (context) => {
    const { channel, reasons, handler } = scene();
    let answered = false;
    const server = await serving(context, async (request, response) => {
      await new Promise((resolve) => response.once('close', resolve));
      handler(request, response);
      answered = true;
    });
    const client = await raw(server.url, GET);
    await until(
      () => server.sockets.size,
      (count) => count === 1,
      'sockets',
    );
    setTimeout(() => client.socket.destroy(), 50);
    await until(() => answered, Boolean, 'the answer');
    assert.equal(channel.listenerCount, 0);
    assert.deepEqual(reasons, ['cancelled']);
  });

  test('a client that leaves before it is answered over HTTP/2 leaves no listener', async (context) => {
    const { channel, reasons, handler } = scene();
    let answered = false;
    const server = await listening(
      http2.createServer(async (request, response) => {
        await new Promise((resolve) => response.once('close', resolve));
        handler(request, response);
        answered = true;
      }),
    );
    context.after(() => server.close());
    const session = http2.connect(server.url);
    session.on('error', () => {});
    session.request({ ':path': '/' }).on('error', () => {});
    await until(
      () => server.sockets.size,
      (count) => count === 1,
      'sockets',
    );
    setTimeout(() => session.destroy(), 100);
    await until(() => answered, Boolean, 'the answer');
    assert.equal(channel.listenerCount, 0);
    assert.deepEqual(reasons, ['cancelled']);
  });

  test('a client that leaves while its response waits behind an earlier one of its connection leaves no listener', async (context) => {
    const { reasons, handler, listeners } = scene();
    const server = await serving(context, (request, response) => {
      // The first one is never answered.
      if (request.url !== '/first') handler(request, response);
    });
    const client = await raw(server.url, `GET /first HTTP/1.1\r\nHost: x\r\n\r\n${GET}`);
    await listeners(1);
    client.socket.destroy();
    await listeners(0);
    assert.deepEqual(reasons, ['cancelled']);
  });

  test('many that wait behind an earlier one of their connection leave with it, without a warning of many handlers', async (context) => {
    const { reasons, handler, listeners } = scene();
    const warnings = [];
    const warned = (warning) => warnings.push(warning.message);
    process.on('warning', warned);
    context.after(() => process.off('warning', warned));
    const server = await serving(context, (request, response) => {
      if (request.url !== '/first') handler(request, response);
    });
    const client = await raw(server.url, `GET /first HTTP/1.1\r\nHost: x\r\n\r\n${GET.repeat(30)}`);
    await listeners(30);
    client.socket.destroy();
    await listeners(0);
    assert.deepEqual(reasons, Array(30).fill('cancelled'));
    assert.deepEqual(warnings, []);
  });

  test('a client that leaves after posting an unread body is noticed', async (context) => {
    const { reasons, handler, listeners } = scene({ methods: ['POST'] });
    const server = await serving(context, handler);
    const client = await raw(
      server.url,
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`,
    );
    await listeners(1);
    client.socket.destroy();
    await listeners(0);
    assert.deepEqual(reasons, ['cancelled']);
  });

  test('one stream of a session that is closed leaves the others alone', async (context) => {
    const { channel, reasons, handler, listeners } = scene();
    const server = await listening(http2.createServer(handler));
    context.after(() => server.close());
    const session = http2.connect(server.url);
    const open = () => {
      const stream = session.request({ ':path': '/' }).setEncoding('utf8');
      const seen = { stream, text: '' };
      stream.on('data', (data) => void (seen.text += data)).on('error', () => {});
      return seen;
    };
    const [one, other] = [open(), open()];
    await listeners(2);
    await until(
      () => one.text,
      (text) => text.includes('retry:'),
      'bytes',
    );
    one.stream.close(http2.constants.NGHTTP2_CANCEL);
    await listeners(1);
    channel.broadcast({ type: 'n', payload: 'still here' });
    await until(
      () => other.text,
      (text) => text.includes('still here'),
      'bytes',
    );
    session.destroy();
    await listeners(0);
    assert.deepEqual(reasons, ['cancelled', 'cancelled']);
  });

  test('many responses, one after another on one connection, gather no handlers', async (context) => {
    const { channel, handler } = scene({ maxDurationSeconds: 0.001 });
    const warnings = [];
    const warned = (warning) => void warnings.push(String(warning));
    process.on('warning', warned);
    context.after(() => process.off('warning', warned));
    const server = await serving(context, handler);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    context.after(() => agent.destroy());
    const most = [];
    for (let count = 0; count < 40; count++) {
      const response = await promptly(
        new Promise((resolve, reject) => http.get(server.url, { agent }, resolve).on('error', reject)),
      );
      for await (const chunk of response) void chunk;
      for (const socket of server.sockets) most.push(...socket.eventNames().map((name) => socket.listenerCount(name)));
    }
    assert.equal(channel.stats().ended.rotated, 40);
    assert.equal(server.sockets.size, 1);
    assert.ok(Math.max(...most) < 8, `${Math.max(...most)} handlers of one event`);
    assert.deepEqual(warnings, []);
  });
});

describe('toNode, what cannot be answered', () => {
  const status = async (context, handler) => {
    const server = await serving(context, handler);
    return (await HTTP1.subscribe(server.url)).status;
  };

  test('a closed channel is answered with 503', async (context) => {
    const { channel, handler } = scene();
    channel.close();
    assert.equal(await status(context, handler), 503);
  });

  test('a listener that is taken is answered with 409, and stays', async (context) => {
    const channel = new SSEChannel();
    channel.registerListener(new eric.MessageQueueListener({ id: 'taken' }));
    const server = await serving(context, toNode(channel, { listener: 'taken' }));
    assert.equal((await fetch(server.url)).status, 409);
    assert.deepEqual(
      channel.listeners().map(({ id }) => id),
      ['taken'],
    );
  });

  test('a wrong option is answered with 500, and onError told', async (context) => {
    const errors = [];
    const handler = toNode(new SSEChannel(), { heartbeatSeconds: -1, onError: (error) => void errors.push(error) });
    assert.equal(await status(context, handler), 500);
    assert.ok(errors[0] instanceof RangeError);
  });

  test('without onError the error goes to the console', async (context) => {
    const said = context.mock.method(console, 'error', () => {});
    assert.equal(
      await status(
        context,
        toNode(new SSEChannel(), () => {
          throw new Error('of the options');
        }),
      ),
      500,
    );
    assert.match(String(said.mock.calls[0].arguments[1]), /of the options/);
  });

  test('a framework gets the error', async (context) => {
    const { channel, handler } = scene();
    channel.close();
    const app = express().get('/', handler);
    app.use((error, _request, response, _next) => void response.status(418).send(error.code));
    const server = await serving(context, app);
    const response = await fetch(server.url);
    assert.deepEqual([response.status, await response.text()], [418, 'ERIC_INVALID_CHANNEL']);
  });

  test('a subclass whose stream cannot be opened is a 500, and nothing is left', async (context) => {
    const channel = new (class extends SSEChannel {
      messageStream() {
        throw new Error('of messageStream');
      }
    })();
    const errors = [];
    assert.equal(
      await HTTP1.subscribe(
        (await serving(context, toNode(channel, { onError: (error) => void errors.push(error.message) }))).url,
      ).then((one) => one.status),
      500,
    );
    assert.deepEqual([errors, channel.listenerCount], [['of messageStream'], 0]);
  });

  test('a stream that fails ends its connection', async (context) => {
    const channel = new (class extends SSEChannel {
      async *messageStream() {
        yield { event: 'n', data: 1 };
        await new Promise((resolve) => setTimeout(resolve, 100));
        throw new Error('in the middle');
      }
    })();
    const reasons = [];
    const server = await serving(context, toNode(channel, { onClose: ({ reason }) => void reasons.push(reason) }));
    const client = await raw(server.url, GET);
    await until(() => client.ended, Boolean, 'the end');
    assert.match(client.text, /data: 1/);
    assert.doesNotMatch(client.text, /0\r\n\r\n$/, 'no end that looks like one');
    assert.equal(channel.listenerCount, 0);
    assert.equal(reasons.length, 1);
  });

  test('a response whose write throws is destroyed, and nothing is left', async (context) => {
    const { channel, reasons, handler, listeners } = scene();
    const { url } = await serving(context, (request, response) => {
      let written = 0;
      const { write } = response;
      response.write = (...args) => {
        if (++written === 2) throw new Error('a write that fails');
        return write.apply(response, args);
      };
      handler(request, response);
    });
    const client = await raw(url, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => client.text.includes('retry:'), Boolean, 'the beginning', LATE_MS);
    channel.broadcast({ type: 'a' });
    await listeners(0);
    await until(() => client.ended, Boolean, 'the end of the connection', LATE_MS);
    assert.deepEqual(reasons, ['failed']);
  });

  test('an error that an iterator throws after its client has left is reported, and nothing is left', async (context) => {
    class Failing extends SSEChannel {
      messageStream(listener, options) {
        const stream = super.messageStream(listener, options);
        return {
          next: () => stream.next(),
          return: () => Promise.reject(new Error('of return()')),
          [Symbol.asyncIterator]() {
            return this;
          },
        };
      }
    }
    const said = context.mock.method(console, 'error', () => {});
    const channel = new Failing();
    const server = await serving(context, toNode(channel));
    const { reader, leave } = await HTTP1.subscribe(server.url);
    await reader.chunk();
    leave();
    await until(
      () => said.mock.callCount(),
      (count) => count === 1,
      'reports',
    );
    assert.match(String(said.mock.calls[0].arguments[1]), /of return/);
    assert.equal(channel.listenerCount, 0);
  });

  test('a signal that was aborted before: headers and an end', async (context) => {
    const { reasons, handler, channel } = scene({ signal: AbortSignal.abort() });
    const server = await serving(context, handler);
    const response = await promptly(fetch(server.url));
    assert.deepEqual(
      [response.status, response.headers.get('content-type'), await response.text()],
      [200, EVENT_STREAM, ''],
    );
    assert.deepEqual([reasons, channel.listenerCount], [['aborted'], 0]);
  });

  test('a value that is no channel is refused at once', () => {
    for (const wrong of [undefined, null, {}, new (class extends eric.AbstractChannel {})()])
      assert.throws(() => toNode(wrong), TypeError);
  });
});

describe('toNode, options of a request', () => {
  test('options that come as a promise are refused, not passed over', async (context) => {
    const channel = new SSEChannel();
    const handler = toNode(channel, async () => ({ queue: { messages: 1 } }));
    let refused;
    const server = await serving(context, (request, response) =>
      handler(request, response, (error) => ((refused = error), response.end())),
    );
    await (await fetch(server.url)).text();
    assert.match(refused.message, /^options must be an object, not a Promise/);
    assert.equal(channel.listenerCount, 0);
  });

  test('they are made for each request', async (context) => {
    const channel = new SSEChannel();
    const handler = toNode(channel, (request) => ({
      listener: new URL(request.url, 'http://localhost').searchParams.get('page'),
      resumeSeconds: 60,
    }));
    const server = await serving(context, handler);
    const clients = await Promise.all(['a', 'b'].map((page) => HTTP1.subscribe(`${server.url}/?page=${page}`)));
    assert.deepEqual(
      channel
        .listeners()
        .map(({ id }) => id)
        .sort(),
      ['a', 'b'],
    );
    channel.dispatch('b', { type: 'n', payload: 'for b' });
    assert.equal((await clients[1].reader.events(1))[0].data, 'for b');
    for (const { leave } of clients) leave();
    await until(
      () => channel.stats().connected,
      (count) => count === 0,
      'connections',
    );
  });

  test('channels and handlers of both module systems go together', async (context) => {
    const other = require('eric-sse');
    for (const [make, channel] of [
      [require('eric-sse/node').toNode, new SSEChannel()],
      [toNode, new other.SSEChannel()],
      [require('eric-sse/node').toNode, new other.SSEChannel()],
    ]) {
      const server = await serving(context, make(channel));
      const { reader, leave } = await HTTP1.subscribe(server.url);
      channel.broadcast({ type: 'n', payload: 1 });
      assert.equal((await reader.events(1))[0].data, '1');
      leave();
      await until(
        () => channel.listenerCount,
        (count) => count === 0,
        'listeners',
      );
    }
  });
});
