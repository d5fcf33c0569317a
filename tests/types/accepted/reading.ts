// The items of streams, and the options of streams.

import { type ClosedEvent, type MessageOf, type OwnedStream, SSEChannel, type SSEEvent } from 'eric-sse';
import { type Events, holds, type Same, some } from '../support.js';

const channel = new SSEChannel<Events>();

// claim: for await narrows the payload by the event
async function narrowed(): Promise<void> {
  for await (const item of channel.watch()) {
    if (item.event === 'tick') holds<Same<typeof item.data, number>>();
    if (item.event === 'level') holds<Same<typeof item.data, 'low' | 'high'>>();
    if (item.event === 'maybe') holds<Same<typeof item.data, { by: string } | undefined>>();
    if (item.event === 'ping') item.data satisfies undefined;
  }
}

// claim: a switch over the events is exhaustive with the gap and the closing event
function size(item: SSEEvent<Pick<Events, 'tick' | 'name' | 'ping'>>): number {
  switch (item.event) {
    case 'tick':
      return item.data;
    case 'name':
      return item.data.length;
    case '_eric_gap':
      return item.data.missed ?? item.id.length;
    case 'ping':
    case '_eric_channel_closed':
      return 0;
  }
}

// claim: the closing event has neither data nor an id, every other has an id
function idOf(item: SSEEvent<Events>): string | undefined {
  item.retry satisfies number;
  if (item.event === '_eric_channel_closed') {
    item satisfies ClosedEvent;
    item.data satisfies undefined;
    return item.id satisfies undefined;
  }
  return item.id satisfies string;
}

// claim: destructured fields narrow one another
async function destructured(): Promise<void> {
  for await (const { event, data, id } of channel.watch()) {
    if (event === 'tick') data.toFixed();
    if (event === 'note') data.text.trim();
    if (event !== '_eric_channel_closed') id.split('-');
  }
}

// claim: an item asked for by hand is there unless the stream is done
async function byHand(): Promise<void> {
  const result = await channel.watch().next();
  if (result.done) result.value satisfies undefined;
  else result.value satisfies SSEEvent<Events>;
  const { value } = await channel.watch().next();
  value?.event satisfies string | undefined;
  (await channel.watch().return()).done satisfies boolean | undefined;
}

// claim: a stream of a listener yields the same
async function ofListener(): Promise<void> {
  const listener = channel.addListener();
  await listener.start();
  for await (const item of channel.messageStream(listener)) item satisfies SSEEvent<Events>;
  const result = await channel.messageStream(listener).next();
  if (!result.done) result.value satisfies SSEEvent<Events>;
}

// claim: deliverNext gives a message that narrows by its type
const message = channel.deliverNext('id');
message satisfies MessageOf<Events>;
if (message.type === 'tick') holds<Same<typeof message.payload, number>>();

// claim: without types the data is any and the event any string
async function untyped(): Promise<void> {
  for await (const { event, data, id } of new SSEChannel().watch()) {
    holds<Same<typeof event, string>>();
    // Not the same as any, were it unknown.
    data.whatever.there.may.be;
    id satisfies string | undefined;
    if (event === 'tick') data.toFixed();
  }
}

// claim: streams take a signal and a report of errors
const { signal } = new AbortController();
channel.watch({ signal, onError: (error) => holds<Same<typeof error, unknown>>() });
channel.messageStream(channel.addListener(), { signal, onError: console.error });
channel.watch({});

// claim: options may be given as undefined, and signals as null
channel.watch(undefined);
channel.watch({ signal: undefined, onError: undefined, listener: undefined });
channel.watch({ signal: null });
new SSEChannel({ id: undefined, streamDelaySeconds: undefined, retryTimeoutMilliseconds: undefined });
channel.response(undefined, { headers: undefined, signal: undefined, listener: undefined });

// claim: response takes a request, or as much of one as it reads
channel.response() satisfies Response;
channel.response(new Request('https://example.org/'));
channel.response({ method: 'GET', signal });
channel.response(null);

// claim: response takes headers as new Headers does
channel.response(null, { headers: { 'Access-Control-Allow-Origin': '*' } });
channel.response(null, { headers: [['X-A', 'b']] });
channel.response(null, { headers: new Headers() });
channel.response(null, { headers: some<Response>().headers, signal, onError: () => {} });

// claim: a watched stream knows its listener
const stream = channel.watch();
stream.listener.id satisfies string;
stream satisfies OwnedStream<SSEEvent<Events>, Events>;
channel.dispatch(stream.listener.id, { type: 'ping' });
stream.listener.onMessage = (seen) => void (seen satisfies MessageOf<Events>);

// claim: what a channel says of itself is typed
new SSEChannel({ id: 'a', streamDelaySeconds: 0.5, retryTimeoutMilliseconds: 1000 });
holds<
  Same<
    [string, boolean, number, number, number],
    [
      typeof channel.id,
      typeof channel.closed,
      typeof channel.listenerCount,
      typeof channel.streamDelaySeconds,
      typeof channel.retryTimeoutMilliseconds,
    ]
  >
>();

export { byHand, destructured, idOf, narrowed, ofListener, size, untyped };
