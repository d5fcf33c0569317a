// eric-sse/multiplex.

import { ChannelContainer, SSEChannel } from 'eric-sse';
import { connectChannels } from 'eric-sse/client';
import {
  ChannelsClosedException,
  ChannelsRefusedException,
  Multiplexer,
  type MultiplexOptions,
} from 'eric-sse/multiplex';
import { toNode } from 'eric-sse/node';
import type { Events } from '../support.js';

// claim: the channels are a container, a map or a function, of any event map
const authorize = (): boolean => true;
const channel = new SSEChannel<Events>();
const multiplexer = new Multiplexer(new ChannelContainer(), { authorize });
new Multiplexer(new Map([['a', new SSEChannel<Events>()]]), { authorize });
new Multiplexer((name) => (name === 'a' ? new SSEChannel<Events>() : undefined));

// claim: authorize sees the request and the name, and may be async
const options: MultiplexOptions = {
  authorize: async (request, name) => request.headers?.get('X-Room') === name,
  channels: ['a', 'b'],
  perChannel: (name) => ({ events: [name] }),
  listener: 'page',
  resumeSeconds: 10,
};

// claim: a response is a promise, and a refusal has a status
const response: Promise<Response> = multiplexer.response(new Request('http://localhost/'), options);
response.catch((error: unknown) => {
  if (error instanceof ChannelsRefusedException) error.status satisfies 400 | 403;
  if (error instanceof ChannelsClosedException) error.status satisfies 503;
});

// claim: a multiplexer is a handler of Node's requests
toNode(multiplexer);
toNode(multiplexer, (request) => ({ authorize: (_, name) => request.headers['x-room'] === name }));

// claim: a connection to several channels yields events with their channel, typed by the event map
async function readAll(): Promise<void> {
  const connection = connectChannels<Events>('/events', { channels: ['a'], headers: { 'X-Room': 'a' } });
  connection.join('b', channel.lastEventId);
  connection.leave('a');
  connection.channels satisfies string[];
  for await (const event of connection) {
    event.channel satisfies string;
    if (event.type === 'tick') event.data satisfies Events['tick'];
    if (event.type === '_eric_channel_closed') event.data satisfies undefined;
  }
}

export { readAll };
