// 1,000 connections break before their first event, over eight client packages: each client gets
// what was sent meanwhile, and a filter makes no false gap. Clients that do not reconnect by
// themselves are driven by a loop that sends the last event ID.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import readline from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SSEChannel } from 'eric-sse';
import { toNode } from 'eric-sse/node';
import { CLIENTS, python } from './lib/clients.mjs';

const STREAMS = 63;
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Opens all streams of a client. @returns {() => void} what ends them */
function openAll(client, url, tell) {
  const open = CLIENTS[client];
  if (open) {
    const closes = Array.from({ length: STREAMS }, (_, c) =>
      open(`${url}?c=${c}`, (type, data) => tell(c, type, data)),
    );
    return () => closes.forEach((close) => void close());
  }
  const script = fileURLToPath(new URL('clients.py', import.meta.url));
  const child = spawn(python, [script, client, url, String(STREAMS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  readline.createInterface(child.stdout).on('line', (line) => tell(...JSON.parse(line)));
  return () => void child.kill('SIGKILL');
}

const WAYS = {
  plain: { heartbeatSeconds: 0 },
  filtered: { heartbeatSeconds: 0.1, events: ['n'] },
  'without position events': { heartbeatSeconds: 0, positionEvents: false },
};

/** Clients that keep the id of a block without data. */
const KEEPS_LONE_IDS = ['@microsoft/fetch-event-source', 'httpx-sse'];

for (const client of [...Object.keys(CLIENTS), 'httpx-sse', 'sseclient-py', 'aiohttp-sse-client']) {
  for (const [way, options] of Object.entries(WAYS)) {
    test(`${client}, ${way}: ${STREAMS} connections break before the first event`, {
      timeout: 120_000,
    }, async (context) => {
      const streams = Array.from({ length: STREAMS }, () => {
        const channel = new SSEChannel({ retryTimeoutMilliseconds: 50, history: { messages: 20 } });
        return { channel, answer: toNode(channel, options), sockets: new Set(), events: [], ids: [] };
      });
      const server = http.createServer((request, response) => {
        // event-source-polyfill has the last event ID in the query.
        const { searchParams } = new URL(request.url, 'http://localhost');
        const stream = streams[Number(searchParams.get('c'))];
        stream.ids.push(request.headers['last-event-id'] ?? searchParams.get('lastEventId'));
        stream.sockets.add(request.socket);
        stream.answer(request, response);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const end = openAll(client, `http://127.0.0.1:${server.address().port}/`, (c, type, data) => {
        if (type === 'n' || type === '_eric_gap') streams[c].events.push(`${type} ${data}`);
      });
      context.after(() => {
        end();
        server.closeAllConnections();
        server.close();
      });
      const until = async (holds) => {
        for (let tried = 0; tried < 600 && !streams.every(holds); tried++) await sleep(50);
      };
      await until(({ channel }) => channel.listenerCount === 1);
      // More than the history keeps, of which the client wants nothing.
      if (way === 'filtered')
        for (const { channel } of streams)
          for (let payload = 0; payload < 40; payload++) channel.broadcast({ type: 'other', payload });
      await sleep(500);
      for (const { sockets } of streams) for (const socket of sockets) socket.destroy();
      await until(({ channel, ids }) => channel.listenerCount === 0 || ids.length > 1);
      for (const { channel } of streams) channel.broadcast({ type: 'n', payload: 'meanwhile' });
      if (options.positionEvents !== false) await until(({ events }) => events.length > 0);
      else await until(({ ids }) => ids.length > 1);
      await sleep(200);
      const lost = streams.filter(({ events }) => events.length === 0).length;
      const gaps = streams.filter(({ events }) => events.some((event) => event.startsWith('_eric_gap'))).length;
      const unnamed = streams.filter(({ ids }) => ids[1] === null).length;
      context.diagnostic(`${STREAMS} breaks, ${lost} lost, ${gaps} gaps, ${unnamed} reconnected without an id`);
      if (options.positionEvents === false) return assert.equal(unnamed === 0, KEEPS_LONE_IDS.includes(client));
      assert.deepEqual({ lost, gaps, unnamed }, { lost: 0, gaps: 0, unnamed: 0 });
      assert.ok(streams.every(({ events }) => events.join() === 'n meanwhile'));
    });
  }
}
