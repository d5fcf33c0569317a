// toNode: which requests are answered with an event stream, and how the others are refused.

import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import { MessageQueueListener, SSEChannel } from 'eric-sse';
import { toNode } from 'eric-sse/node';
import express from 'express';
import Fastify from 'fastify';
import { listening } from './lib/node-servers.mjs';

/** Serves for one test. @param {import('node:test').TestContext} context @param {http.RequestListener} handler */
async function serving(context, handler) {
  const server = await listening(http.createServer(handler));
  context.after(() => server.close());
  return server;
}

/** Asks with any method and headers, and reads the whole answer, which may not last. */
const ask = (url, method, headers = {}) =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(5_000);
    const request = http.request(url, { method, headers, agent: false, signal }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('error', reject)
        .on('data', (data) => void (text += data))
        .on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', reject).end();
  });

describe('toNode, methods', () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'OPTIONS']) {
    test(`${method} gets no stream and no listener`, async (context) => {
      const channel = new SSEChannel();
      const { url } = await serving(context, toNode(channel));
      const { status, headers, text } = await ask(url, method);
      assert.equal(status, method === 'OPTIONS' ? 204 : 405);
      assert.equal(headers.allow, 'GET, HEAD, OPTIONS');
      assert.equal(text, '');
      assert.equal(channel.listenerCount, 0);
    });
  }

  test('middleware that lets OPTIONS pass leaks no message', async (context) => {
    const channel = new SSEChannel();
    const app = express().all('/', toNode(channel));
    const { url } = await serving(context, app);
    assert.equal((await ask(url, 'OPTIONS')).status, 204);
    assert.equal(channel.listenerCount, 0);
  });
});

describe('toNode, cors', () => {
  test('a preflight is answered, and Vary is added to that of others', async (context) => {
    const channel = new SSEChannel();
    const handler = toNode(channel, { cors: { origin: 'https://app.example', credentials: true } });
    const { url } = await serving(context, (request, response) => {
      response.setHeader('Vary', 'Accept-Encoding');
      handler(request, response);
    });
    const { status, headers } = await ask(url, 'OPTIONS', {
      Origin: 'https://app.example',
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'authorization',
    });
    assert.equal(status, 204);
    assert.equal(headers['access-control-allow-origin'], 'https://app.example');
    assert.equal(headers['access-control-allow-credentials'], 'true');
    assert.equal(headers['access-control-allow-headers'], 'Last-Event-ID, authorization');
    assert.equal(headers.vary, 'Accept-Encoding, Origin');
    assert.equal(channel.listenerCount, 0);
  });
});

describe('toNode, options that a client makes invalid', () => {
  const QUERIES = ['', '?page=', '?page=a&page=b', '?page[x]=1', '?page=%0a'];
  const optionsOf = (request) => ({ listener: request.query.page, resumeSeconds: 60 });

  for (const query of QUERIES) {
    test(`Express, "${query}": 400, and no listener`, async (context) => {
      const channel = new SSEChannel();
      const app = express().set('env', 'test').set('query parser', 'extended').get('/', toNode(channel, optionsOf));
      const { url } = await serving(context, app);
      assert.equal((await ask(url + query, 'GET')).status, 400);
      assert.equal(channel.listenerCount, 0);
    });
  }

  test('without a framework: 400 with the reason, and nothing on the console', async (context) => {
    const said = context.mock.method(console, 'error', () => {});
    const channel = new SSEChannel();
    const handler = toNode(channel, (request) => ({
      listener: new URL(request.url, 'http://localhost').searchParams.get('page'),
    }));
    const { url } = await serving(context, handler);
    const { status, headers, text } = await ask(`${url}/?page=`, 'GET');
    assert.deepEqual([status, headers['content-type'], text], [400, 'text/plain', 'listener must not be empty']);
    assert.equal((await ask(url, 'GET')).status, 400);
    assert.equal(said.mock.callCount(), 0);
  });

  test('Express answers with the status of a closed channel, and of a listener that is taken', async (context) => {
    const [closed, taken] = [new SSEChannel(), new SSEChannel()];
    closed.close();
    taken.registerListener(new MessageQueueListener({ id: 'a' }));
    const app = express().set('env', 'test');
    app.get('/closed', toNode(closed)).get('/taken', toNode(taken, { listener: 'a' }));
    const { url } = await serving(context, app);
    assert.equal((await ask(`${url}/closed`, 'GET')).status, 503);
    assert.equal((await ask(`${url}/taken`, 'GET')).status, 409);
  });

  const FASTIFY = {
    'a hijacked reply': (channel, options) => {
      const events = toNode(channel, options);
      return (request, reply) => {
        for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value);
        reply.hijack();
        events(Object.assign(request.raw, { query: request.query }), reply.raw);
      };
    },
    'a returned Response': (channel, options) => (request) => channel.response(null, options(request)),
  };
  for (const [way, handlerOf] of Object.entries(FASTIFY)) {
    test(`Fastify, ${way}: 400, 409 and 503, with the headers of its hooks`, async (context) => {
      const [open, closed, taken] = [new SSEChannel(), new SSEChannel(), new SSEChannel()];
      closed.close();
      taken.registerListener(new MessageQueueListener({ id: 'a' }));
      const app = Fastify().addHook('onRequest', async (_, reply) => void reply.header('X-Served-By', 'fastify'));
      context.after(() => app.close());
      for (const [path, channel] of Object.entries({ open, closed, taken }))
        app.get(`/${path}`, handlerOf(channel, optionsOf));
      const url = await app.listen({ port: 0, host: '127.0.0.1' });
      for (const [path, expected] of [
        ['/open?page=', 400],
        ['/open?page=%0a', 400],
        ['/open?page=a&page=b', 400],
        ['/closed?page=a', 503],
        ['/taken?page=a', 409],
      ]) {
        const { status, headers } = await ask(url + path, 'GET');
        assert.deepEqual([path, status, headers['x-served-by']], [path, expected, 'fastify']);
      }
      assert.equal(open.listenerCount, 0);
    });
  }

  test('an error of the options with a status of its own is answered with that; other errors with 500', async (context) => {
    const errors = [];
    for (const [given, expected] of [
      [401, 401],
      [404, 404],
      [200, 500],
      ['x', 500],
      [undefined, 500],
    ]) {
      context.mock.method(console, 'error', (...args) => errors.push(args));
      const { url } = await serving(
        context,
        toNode(new SSEChannel(), () => {
          throw Object.assign(new Error('of the options'), { status: given });
        }),
      );
      assert.equal((await ask(url, 'GET')).status, expected);
    }
    assert.equal(errors.length, 3);
  });
});
