// eric-sse/client.

import {
  type ClientEvent,
  type Connection,
  type ConnectionEnd,
  closeShared,
  connect,
  connectShared,
  EventSource,
  EventStream,
  EventStreamDecoder,
  EventStreamDecoderStream,
  type ReceivedEvent,
  ResponseError,
  type StandardSchema,
  type StateChange,
} from 'eric-sse/client';

interface Events {
  price: { symbol: string; value: number };
  closed: undefined;
}

// claim: a connection is typed by an event map, and a gap is one of its events
export async function read(): Promise<void> {
  for await (const event of connect<Events>('/events')) {
    if (event.type === 'price') event.data.value.toFixed(event.data.symbol.length);
    else if (event.type === '_eric_gap') event.data.missed?.toFixed();
    else event.data satisfies undefined;
    event.lastEventId.length;
  }
}

// claim: without one, every type has any data
export async function readAny(): Promise<void> {
  for await (const { type, data } of connect(new URL('https://example.org'))) console.log(type.length, data.anything);
}

declare const numbers: StandardSchema<number>;

// claim: schemas are an event map
export async function readWithSchemas(): Promise<void> {
  for await (const event of connect('/events', { schemas: { n: numbers } })) {
    if (event.type === 'n') event.data.toFixed();
  }
}

// claim: all that makes a request may be a function, and it may be asynchronous
export const posting: Connection<Events> = connect<Events>(async ({ lastEventId }) => `/runs?after=${lastEventId}`, {
  method: 'POST',
  body: () => JSON.stringify({}),
  headers: async ({ refused }) => ({ Authorization: refused ? 'new' : 'old' }),
  resume: (lastEventId) => (lastEventId ? '/runs/1' : undefined),
  signal: null,
  queue: { events: 10 },
  fetch: async () => new Response('data: 1\n\n'),
  onState: (change) => print(change),
  onInvalid: ({ issues, type }) => console.log(issues.length, type.length),
});

// claim: states and ends say what they are
export function print(change: StateChange): void {
  if (change.state === 'waiting') change.delayMilliseconds.toFixed();
  if (change.state === 'open') change.headers.get('X-Mine');
  if (change.state === 'ended' && change.end.reason === 'failed' && change.end.error instanceof ResponseError) {
    change.end.error.body.slice(change.end.error.status);
  }
}
export const ended: Promise<ConnectionEnd> = posting.ended;
export const first: ClientEvent<Events> = { type: 'price', data: { symbol: 'a', value: 1 }, lastEventId: '' };

// claim: bytes are decoded in three ways
export async function decode(response: Response): Promise<ReceivedEvent[]> {
  const decoder = new EventStreamDecoder({ onComment: (comment) => comment.length, maxEventBytes: 1000 });
  for await (const { data } of EventStream.fromResponse(response)) data.length;
  if (response.body) response.body.pipeThrough(new EventStreamDecoderStream()).getReader();
  return decoder.push(new Uint8Array(1));
}

// claim: tabs share a connection, which a key keeps apart from those of other users
export const shared: Connection<Events> = connectShared<Events>('/events', { key: 'user 1', headers: () => ({}) });
closeShared('/events', { key: 'user 1' });

// claim: an EventSource has the members of the platform's, and the options of a connection
export function listen(): void {
  const source = new EventSource('/events', { withCredentials: true, headers: () => ({ Authorization: 'x' }) });
  source.onmessage = ({ data, lastEventId }) => console.log(data.length, lastEventId.length);
  source.addEventListener('n', (event) => console.log(event.type));
  if (source.readyState === EventSource.CLOSED) source.close();
}
