// Fan-out over real HTTP/1.1.

import { times } from '../lib/aims.mjs';
import { LIMIT, OURS } from '../lib/case.mjs';
import { httpFanOut, listen } from '../lib/http-fan-out.mjs';
import { blockOf, TYPE } from '../lib/messages.mjs';
import { startNchan } from '../lib/nchan.mjs';
import { peer } from '../lib/peers.mjs';

const [BURSTS, STEADY] = ['bursts', '20,000 deliveries/s'];

/** @type {import('../lib/case.mjs').Case} */
export default {
  title:
    'Fan-out over HTTP/1.1 to 500 clients in another process, payloads of 120 bytes: 400 messages in turns of 16; and the delay at a steady rate',
  measures: {
    rate: { unit: 'deliveries/s' },
    clients: { unit: '% of a processor that the clients take', less: true, digits: 0 },
    p50: { unit: 'µs from sending to receiving, median', less: true },
    p99: { unit: 'µs, 99th percentile', less: true },
  },
  variants: (quick) => [
    { name: BURSTS, settings: { clients: quick ? 50 : 500, messages: quick ? 80 : 400, turn: 16 } },
    { name: STEADY, settings: { clients: quick ? 50 : 500, rate: quick ? 2_000 : 20_000, seconds: quick ? 0.5 : 2.5 } },
  ],
  contestants: {
    [OURS]: async (settings) => {
      const [{ SSEChannel }, { toNode }] = [
        await import('../../../dist/index.js'),
        await import('../../../dist/node.js'),
      ];
      const channel = new SSEChannel();
      return httpFanOut(
        { port: await listen(toNode(channel)), send: (payload) => channel.broadcast({ type: TYPE, payload }) },
        settings,
      );
    },
    [LIMIT]: async (settings) => {
      /** @type {Set<import('node:http').ServerResponse>} */
      const clients = new Set();
      let [text, number] = ['', 0];
      const port = await listen((_request, response) => {
        response.writeHead(200, {
          'Content-Type': 'text/event-stream; charset=utf-8',
          'Cache-Control': 'no-cache, no-transform',
        });
        response.flushHeaders();
        clients.add(response);
        response.on('close', () => clients.delete(response));
      });
      const flush = () => {
        const chunk = Buffer.from(text);
        for (const client of clients) client.write(chunk);
        text = '';
      };
      return httpFanOut({ port, send: (payload) => void (text += blockOf(payload, ++number)), flush }, settings);
    },
    'better-sse': async (settings) => {
      const { createChannel, createSession } = await peer('better-sse');
      const channel = createChannel();
      const port = await listen(
        async (request, response) => void channel.register(await createSession(request, response)),
      );
      return httpFanOut({ port, send: (payload) => channel.broadcast(payload, TYPE) }, settings);
    },
    'sse-channel': async (settings) => {
      const channel = new (await peer('sse-channel')).default({ jsonEncode: true });
      const port = await listen((request, response) => channel.addClient(request, response));
      let number = 0;
      return httpFanOut(
        { port, send: (payload) => channel.send({ id: ++number, event: TYPE, data: payload }) },
        settings,
      );
    },
    nchan: async (settings) => httpFanOut(await startNchan(), settings),
  },
  aims: [
    times({
      text: 'compared with better-sse',
      variant: BURSTS,
      measure: 'rate',
      ours: OURS,
      theirs: 'better-sse',
      least: 4,
    }),
    times({ text: 'compared with nchan', variant: BURSTS, measure: 'rate', ours: OURS, theirs: 'nchan', least: 3 }),
    times({ text: 'compared with the limit', variant: BURSTS, measure: 'rate', ours: OURS, theirs: LIMIT, least: 0.9 }),
    times({
      text: 'p99 of the delay at 20,000 deliveries/s, compared with the limit',
      variant: STEADY,
      measure: 'p99',
      ours: OURS,
      theirs: LIMIT,
      most: 1.1,
    }),
  ],
  notes: [
    'By hand: JSON.stringify once for each message. The messages of a turn are encoded into one buffer, and each client gets one res.write for each turn, whether its socket takes it or not.',
    'Ours is toNode(channel) with its defaults. better-sse: a session for each request, registered with a channel. sse-channel: with jsonEncode, and its history of 500.',
    'nchan: one worker of nginx. The messages of a turn are published in one write, pipelined on one connection. Three processes then share the machine instead of two.',
    'The clients count messages by a byte that each message has once. The first client keeps all bytes, and decodes them at the end.',
  ],
};
