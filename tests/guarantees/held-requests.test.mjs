// A request is held as long as its response lives, and no longer: its signal ends the response.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SSEChannel } from 'eric-sse';
import { until } from '../js/lib/sse-client.mjs';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

const COUNT = 20;

async function collected() {
  for (let round = 0; round < 5; round++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A channel whose stream is a subclass's own. */
class Adapted extends SSEChannel {
  adapt(message, id) {
    return { event: message.type, data: 'adapted', id };
  }
}

/** Requests as an adapter makes them: nobody holds them but what answers them. */
function requests(channel, onClose) {
  return Array.from({ length: COUNT }, () => {
    const controller = new AbortController();
    const request = new Request('http://localhost/', { signal: controller.signal });
    return { controller, response: channel.response(request, { onClose }), request: new WeakRef(request) };
  });
}

for (const [what, Channel] of Object.entries({ 'a channel': SSEChannel, 'a subclass with adapt()': Adapted })) {
  describe(`the requests of ${what}`, () => {
    test('their signals end their responses, though nobody else holds the requests', async () => {
      const channel = new Channel();
      const reasons = [];
      const all = requests(channel, ({ reason }) => void reasons.push(reason));
      await collected();
      for (const { controller } of all) controller.abort();
      await until(
        () => channel.listenerCount,
        (count) => count === 0,
        'listeners',
      );
      assert.deepEqual(reasons, Array(COUNT).fill('aborted'));
    });

    const ENDS = {
      'by the client': (_channel, { response }) => response.body.cancel(),
      'by the channel': (channel) => channel.close(),
      'by the removal of its listener': (channel) =>
        channel.listeners().forEach(({ id }) => channel.removeListener(id)),
      'by a drain': (channel) => channel.drain({ seconds: 0 }),
    };
    for (const [how, end] of Object.entries(ENDS)) {
      test(`a response that has ended ${how} does not hold its request`, async () => {
        const channel = new Channel();
        const all = requests(channel);
        for (const one of all) await end(channel, one);
        for (const { response } of all) {
          if (response.body.locked) continue;
          const reader = response.body.getReader();
          while (!(await reader.read()).done);
        }
        await until(
          () => channel.listenerCount,
          (count) => count === 0,
          'listeners',
        );
        await collected();
        assert.equal(all.filter(({ request }) => request.deref()).length, 0);
        assert.equal(all.length, COUNT, 'the responses are held meanwhile');
      });
    }
  });
}

describe('watch with the signal of a request', () => {
  const WAYS = {
    'a loop in the function that has the request': (channel, request) => {
      void (async () => {
        for await (const _ of channel.watch({ signal: request.signal }));
      })();
    },
    'a stream that is handed on, and refers to the request': (channel, request) =>
      Object.assign(channel.watch({ signal: request.signal }), { request }),
  };
  for (const [how, read] of Object.entries(WAYS)) {
    test(`${how} ends with the client`, async () => {
      const channel = new SSEChannel();
      const all = Array.from({ length: COUNT }, () => {
        const controller = new AbortController();
        return { controller, held: read(channel, new Request('http://localhost/', { signal: controller.signal })) };
      });
      await collected();
      assert.equal(channel.listenerCount, COUNT);
      for (const { controller } of all) controller.abort();
      await until(
        () => channel.listenerCount,
        (count) => count === 0,
        'listeners',
      );
      assert.equal(all.length, COUNT, 'the streams are held meanwhile');
    });
  }
});
