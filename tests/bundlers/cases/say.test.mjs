import { SSEChannel } from 'eric-sse';
import { expect, test } from 'vitest';

test('a channel', async () => {
  const channel = new SSEChannel();
  const stream = channel.watch();
  channel.broadcast({ type: 'tick', payload: 1 });
  expect((await stream.next()).value).toMatchObject({ event: 'tick', data: 1 });
});
