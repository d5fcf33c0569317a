// A subclass's own iterator may wait for something that never comes. Its reader still receives the
// end.

import { BodyReader } from '../lib/body.mjs';
import { assert, promptly, take } from '../lib/support.mjs';

export default function register({ SSEChannel }, test) {
  /** Yields once, then waits for ever. */
  class Stuck extends SSEChannel {
    async *messageStream() {
      yield { event: 'first', data: 1 };
      await new Promise(() => {});
    }
  }

  /** A stream that has given its first item, and one who waits for the next. */
  async function waiting(options) {
    const channel = new Stuck();
    const stream = channel.watch(options);
    await take(stream, 1);
    return { channel, stream, next: stream.next() };
  }

  const ENDS = {
    'an aborted signal': ({ abort }) => abort.abort(),
    'stopping its listener': ({ stream }) => stream.listener.stopSync(),
    'removing its listener': ({ channel, stream }) => channel.removeListener(stream.listener.id),
  };
  for (const [how, end] of Object.entries(ENDS)) {
    test(`${how} answers who waits, and the listener is gone`, async () => {
      const abort = new AbortController();
      const { channel, stream, next } = await waiting({ signal: abort.signal });
      end({ abort, channel, stream });
      assert.deepEqual(await promptly(next), { done: true, value: undefined });
      assert.strictEqual(channel.listenerCount, 0);
    });
  }

  test('return() answers, and so does the next() before it', async () => {
    const { channel, stream, next } = await waiting();
    assert.deepEqual(await promptly(stream.return()), { done: true, value: undefined });
    assert.deepEqual(await promptly(next), { done: true, value: undefined });
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('an aborted signal ends the body of a response', async () => {
    const abort = new AbortController();
    const channel = new Stuck();
    const reader = new BodyReader(channel.response(null, { signal: abort.signal }));
    await reader.events(1);
    const rest = reader.rest();
    abort.abort();
    await promptly(rest);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a generator that can end is waited for, with its own clean-up', async () => {
    let cleaned = false;
    class Tidy extends SSEChannel {
      async *messageStream() {
        try {
          yield { event: 'first', data: 1 };
        } finally {
          await new Promise((resolve) => setTimeout(resolve, 5));
          cleaned = true;
        }
      }
    }
    for await (const _ of new Tidy().watch()) break;
    assert.isTrue(cleaned);
  });
}
