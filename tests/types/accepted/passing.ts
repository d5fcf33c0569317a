// Channels that are handed around, in functions and containers.

import {
  type AbstractChannel,
  ChannelContainer,
  type EventMap,
  SSEChannel,
  type SSEChannelOptions,
  type SSEEvent,
} from 'eric-sse';
import { type Events, holds, type Same, some } from '../support.js';

const channel = new SSEChannel<Events>();
class Room extends SSEChannel<Events> {
  title = '';
}

// claim: a typed channel is a channel without types
function close(any: SSEChannel): Response {
  any.broadcast({ type: 'bye' });
  any.close();
  return any.response();
}
close(channel);
close(new SSEChannel<{ a: 1 }>());
close(new Room());

// claim: every channel is an AbstractChannel
function count(any: AbstractChannel): number {
  return any.listenerCount;
}
count(channel);
count(new SSEChannel());
count(new Room());
count(some<AbstractChannel<Events, string>>());

// claim: a function may be generic in the channel's events
function pipe<Sent extends EventMap<Sent>>(from: SSEChannel<Sent>): AsyncIterable<SSEEvent<Sent>> {
  return from.watch();
}
async function piped(): Promise<void> {
  for await (const item of pipe(channel)) if (item.event === 'tick') item.data.toFixed();
}

// claim: a channel without types may get its events by a cast
const told = new SSEChannel() as SSEChannel<Events>;
told.broadcast({ type: 'tick', payload: 1 });

// claim: a container holds channels of any events
const container = new ChannelContainer();
container.register(channel);
container.register(new SSEChannel<{ a: 1 }>());
container.register(new Room());
holds<Same<ReturnType<typeof added>, SSEChannel>>();
const added = () => container.add();

// claim: a container may be of one kind of typed channel
const typed = new ChannelContainer<SSEChannel<Events>>();
typed.add().broadcast({ type: 'tick', payload: 1 });
typed.add({ id: 'a', streamDelaySeconds: 1 });
typed.register(new Room());
typed.get('a').broadcast({ type: 'ping' });
for (const each of typed) each.broadcast({ type: 'ping' });
holds<
  Same<[number, boolean, string[]], [typeof typed.size, ReturnType<typeof typed.has>, ReturnType<typeof typed.ids>]>
>();

// claim: a container may be of a subclass
const rooms = new ChannelContainer<Room>();
rooms.register(new Room());
rooms.get('a').title satisfies string;
for (const { title } of rooms) title.trim();
[...rooms].map((room) => room.title);

// claim: a container may be of channels of any class
const all = new ChannelContainer<AbstractChannel>();
all.register(channel);
all.register(some<AbstractChannel<Events, number>>());
all.get('a').close();
all.rm('a') satisfies void;

// claim: options may be kept in a variable
const options: SSEChannelOptions = { id: 'a' };
new SSEChannel(options);
container.add(options);

export { piped };
