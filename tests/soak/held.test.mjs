// The package holds nothing of a channel that is gone.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { until } from '../js/lib/sse-client.mjs';

describe('what was sent last', () => {
  const WAYS = {
    'a stream that has ended': async (channel, message) => {
      const stream = channel.watch();
      channel.broadcast(message);
      await stream.next();
      await stream.return();
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
