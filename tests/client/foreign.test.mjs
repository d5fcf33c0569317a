// Servers of others, and streams in the shapes of three providers of language models.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { serve } from '@hono/node-server';
import { connect } from 'eric-sse/client';
import { ensurePeers } from '../../scripts/lib/peers.mjs';

const { resolve } = createRequire(path.join(await ensurePeers(), 'package.json'));
const load = (name) => import(pathToFileURL(resolve(name)).href);

test('better-sse: its events and ids, over a reconnect', { timeout: 30_000 }, async (context) => {
  const { createSession } = await load('better-sse');
  const ids = [];
  const server = http.createServer(async (request, response) => {
    const session = await createSession(request, response, { retry: 10 });
    ids.push(session.lastId);
    session.push({ count: ids.length }, 'n', `id-${ids.length}`);
    session.push('text', 'n', `id-${ids.length}b`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => (server.closeAllConnections(), server.close()));
  const got = [];
  for await (const { type, data, lastEventId } of connect(`http://127.0.0.1:${server.address().port}/`, {
    maxRetryMilliseconds: 1,
  })) {
    got.push([type, data, lastEventId]);
    if (got.length === 2) server.closeAllConnections();
    if (got.length === 4) break;
  }
  assert.deepEqual(got, [
    ['n', { count: 1 }, 'id-1'],
    ['n', 'text', 'id-1b'],
    ['n', { count: 2 }, 'id-2'],
    ['n', 'text', 'id-2b'],
  ]);
  assert.deepEqual(ids, ['', 'id-1b']);
});

test("hono's streamSSE, whose end is the end", { timeout: 30_000 }, async (context) => {
  const { Hono } = await load('hono');
  const { streamSSE } = await load('hono/streaming');
  const app = new Hono();
  app.post('/', (c) =>
    streamSSE(c, async (stream) => {
      for (const id of ['1', '2'])
        await stream.writeSSE({ event: 'n', id, data: `line ${id}\nof ${await c.req.text()}` });
    }),
  );
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  context.after(() => server.close());
  const connection = connect(`http://127.0.0.1:${server.address().port}/`, { method: 'POST', body: 'x' });
  const got = [];
  for await (const { type, data, lastEventId } of connection) got.push([type, data, lastEventId]);
  assert.deepEqual(got, [
    ['n', 'line 1\nof x', '1'],
    ['n', 'line 2\nof x', '2'],
  ]);
  assert.deepEqual(await connection.ended, { reason: 'finished' });
});

const MODELS = {
  'data lines with an end of [DONE]': [
    ['{"choices":[{"delta":{"content":"Hel"}}]}', '{"choices":[{"delta":{"content":"lo"}}]}', '[DONE]'].map(
      (data) => `data: ${data}\n\n`,
    ),
    ({ data }) => data.choices?.[0].delta.content ?? '',
  ],
  'named events with pings': [
    [
      'event: message_start\ndata: {"type":"message_start"}\n\n',
      'event: ping\ndata: {"type":"ping"}\n\n',
      ...['Hel', 'lo'].map((text) => `event: content_block_delta\ndata: {"delta":{"text":"${text}"}}\n\n`),
      'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ],
    ({ type, data }) => (type === 'content_block_delta' ? data.delta.text : ''),
  ],
  'lines that end with CRLF': [
    ['Hel', 'lo'].map((text) => `data: {"candidates":[{"content":{"parts":[{"text":"${text}"}]}}]}\r\n\r\n`),
    ({ data }) => data.candidates[0].content.parts[0].text,
  ],
};
for (const [shape, [parts, textOf]] of Object.entries(MODELS)) {
  test(`a stream of a language model: ${shape}, in pieces of any size`, { timeout: 30_000 }, async (context) => {
    const bytes = Buffer.from(parts.join(''));
    for (const size of [1, 7, 1000]) {
      const server = http.createServer(async (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        for (let at = 0; at < bytes.length; at += size) {
          response.write(bytes.subarray(at, at + size));
          await new Promise((next) => setImmediate(next));
        }
        response.end();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      context.after(() => server.close());
      let text = '';
      for await (const event of connect(`http://127.0.0.1:${server.address().port}/`, { method: 'POST' }))
        text += textOf(event);
      assert.equal(text, 'Hello');
    }
  });
}
