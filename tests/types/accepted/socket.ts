// eric-sse/node. Needs no types of Node.

import type { InvalidChannelException as Whole } from 'eric-sse';
import {
  type InvalidChannelException,
  SocketClient,
  type SocketError,
  type SocketEvent,
  type SocketStats,
  type SocketStream,
} from 'eric-sse/node';
import { type Events, holds, type Same, some } from '../support.js';

const client = new SocketClient('/tmp/eric.sock');

// claim: methods resolve to ids, to counters, or to nothing
async function asked(): Promise<void> {
  holds<
    Same<
      [string, string, string],
      [
        Awaited<ReturnType<typeof client.createChannel>>,
        Awaited<ReturnType<typeof client.register>>,
        typeof client.path,
      ]
    >
  >();
  (await client.createChannel('news')) satisfies string;
  (await client.dispatch('news', 'id', 'tick')) satisfies void;
  (await client.broadcast('news', 'tick', { any: ['payload'] })) satisfies void;
  (await client.broadcastToAll('tick', some<Events>())) satisfies void;
  (await client.removeListener('news', 'id')) satisfies void;
  (await client.removeChannel('news')) satisfies void;
  (await client.stats('news')) satisfies SocketStats;
  (await client.sendPayload({ v: 'c' })) satisfies string;
  client.close() satisfies void;
}

// claim: streams are read by for await, and by hand
async function read(): Promise<void> {
  const stream: SocketStream = client.stream('news', 'id');
  for await (const { event, data, id, retry } of client.watch('news', { signal: AbortSignal.timeout(100) })) {
    holds<Same<[typeof event, typeof id, typeof retry], [string, string | null, number]>>();
    data.whatever.there.may.be;
  }
  const result = await stream.next();
  if (result.done) result.value satisfies undefined;
  else result.value satisfies SocketEvent;
  (await stream.return()).done satisfies boolean | undefined;
}

// claim: options may be left out, undefined or null
client.watch('news', undefined);
client.watch('news', {});
client.watch('news', { signal: undefined });
client.stream('news', 'id', { signal: null });

// claim: errors have codes
const error = some<SocketError | InvalidChannelException>();
if (error.code === 'ERIC_INVALID_CHANNEL') error.message satisfies string;
some<SocketError>() satisfies Error;

// claim: the exceptions are those of the default entry
some<InvalidChannelException>() satisfies Whole;

export { asked, read };
