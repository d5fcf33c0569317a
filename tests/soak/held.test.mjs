// The package holds nothing of a channel that is gone.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { describe, test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { toNode } from 'eric-sse/node';
import { until } from '../js/lib/sse-client.mjs';

describe('what was sent last', () => {
  const WAYS = {
    'a stream that has ended': async (channel, message) => {
      const stream = channel.watch();
      channel.broadcast(message);
      await stream.next();
      await stream.return();
    },
    'several streams that have read in turn and ended': async (channel, message) => {
      const streams = [channel.watch(), channel.watch()];
      const first = streams.map((stream) => stream.next());
      channel.broadcast({ type: 'n' });
      channel.broadcast(message);
      await Promise.all(first);
      for (const stream of streams) await stream.next();
      for (const stream of streams) await stream.return();
    },
    deliverNext: (channel, message) => {
      const listener = channel.addListener();
      listener.startSync();
      channel.broadcast(message);
      channel.deliverNext(listener.id);
    },
    'a refused send': (channel, message) => {
      channel.addListener(undefined, { queue: { messages: 1, overflow: 'refuse' } });
      channel.broadcast({ type: 'n' });
      assert.throws(() => channel.broadcast(message));
    },
  };

  const sendAndLeave = async (use) => {
    const channel = new SSEChannel({ history: { messages: 0 } });
    const payload = { text: 'a' };
    await use(channel, { type: 'n', payload });
    channel.close();
    return new WeakRef(payload);
  };

  for (const [name, use] of Object.entries(WAYS)) {
    test(`the package holds no message of a channel that is gone: ${name}`, async () => {
      const payload = await sendAndLeave(use);
      // Not the payload itself, which the wait would hold.
      await until(() => (globalThis.gc(), payload.deref() === undefined), Boolean, 'let go');
    });
  }
});

describe('the bytes that were written last', () => {
  const MEBIBYTE = 1024 * 1024;
  const external = () => (globalThis.gc(), process.memoryUsage().external);

  const WAYS = {
    'a response': async (channel, send) => {
      const reader = channel.response(undefined, { queue: { bytes: Infinity } }).body.getReader();
      send();
      for (let read = 0; read < 30 * MEBIBYTE; ) read += (await reader.read()).value.length;
      await reader.cancel();
    },
    toNode: async (channel, send) => {
      const server = createServer(toNode(channel, { queue: { bytes: Infinity } })).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const request = get({ port: server.address().port, host: '127.0.0.1', agent: false });
      const [response] = await once(request, 'response');
      send();
      let read = 0;
      for await (const { length } of response) if ((read += length) > 30 * MEBIBYTE) break;
      server.close();
      await once(server, 'close');
    },
  };

  for (const [name, use] of Object.entries(WAYS)) {
    test(`the package holds no bytes of a channel that is gone: ${name}`, async () => {
      const before = external();
      await (async () => {
        const channel = new SSEChannel({ history: { messages: 0 } });
        await use(channel, () => channel.broadcast({ type: 'n', payload: 'a'.repeat(30 * MEBIBYTE) }));
        channel.close();
      })();
      await until(() => external() - before < 10 * MEBIBYTE, Boolean, 'let go');
    });
  }
});
