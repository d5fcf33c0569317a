// The arguments of broadcast and dispatch.

import { type AnyEvents, type EventMap, type EventTypes, Message, type MessageLike, SSEChannel } from 'eric-sse';
import { type Events, holds, type Same, some } from '../support.js';

const channel = new SSEChannel<Events>();

// claim: an object of type and payload is a message
channel.broadcast({ type: 'tick', payload: 1 });
channel.dispatch('id', { type: 'tick', payload: 1 });
channel.broadcast({ type: 'note', payload: { text: 'a' } });

// claim: a Message made in place or before is a message
channel.broadcast(new Message('tick', 1));
channel.dispatch('id', new Message('note', { text: 'a', tags: ['b'] }));
const early = new Message('tick', 1);
channel.broadcast(early);
channel.dispatch('id', early);

// claim: a payload that may be undefined may be left out
channel.broadcast({ type: 'ping' });
channel.broadcast(new Message('ping'));
channel.broadcast({ type: 'maybe' });
channel.broadcast({ type: 'maybe', payload: undefined });
channel.broadcast({ type: 'maybe', payload: some<{ by: string } | undefined>() });
channel.dispatch('id', new Message('maybe'));
channel.dispatch('id', new Message('maybe', { by: 'a' }));

// claim: an optional key, void and null are payloads too
const odd = new SSEChannel<{ bare: void; nil: null; option?: number }>();
odd.broadcast({ type: 'bare' });
odd.broadcast({ type: 'nil', payload: null });
odd.broadcast(new Message('nil', null));
odd.broadcast({ type: 'option', payload: 1 });
odd.broadcast({ type: 'option' });

// claim: literals stay literals, in place and in a variable
channel.broadcast(new Message('level', 'low'));
channel.broadcast({ type: 'level', payload: 'high' });
const low = new Message('level', 'low');
channel.broadcast(low);
const deep = new SSEChannel<{ move: { to: 'left' | 'right' } }>();
deep.broadcast(new Message('move', { to: 'left' }));
deep.broadcast({ type: 'move', payload: { to: 'right' } });

// claim: arrays stay arrays that can be written to
channel.broadcast(new Message('list', [1, 2]));
channel.broadcast(new Message('list', []));
holds<Same<(typeof numbers)['payload'], number[]>>();
const numbers = new Message('list', [1]);

// claim: readonly data is a payload where the channel promises no more
channel.broadcast({ type: 'note', payload: { text: 'a', tags: ['b'] as const } });
channel.broadcast({ type: 'note', payload: some<Readonly<{ text: string; tags: readonly string[] }>>() });
channel.broadcast(some<Readonly<{ type: 'tick'; payload: number }>>());

// claim: a union of messages is a message
channel.broadcast(some<Message<'tick', number> | Message<'name', string>>());
channel.broadcast(some<MessageLike<Events>>());
channel.broadcast(some<boolean>() ? { type: 'tick', payload: 1 } : { type: 'ping' });

// claim: a function that is generic in the event type can send
function emit<Type extends EventTypes<Events>>(type: Type, payload: Events[Type]): void {
  channel.broadcast({ type, payload });
  channel.broadcast(new Message(type, payload));
  channel.dispatch('id', { type, payload });
}
emit('tick', 1);
emit('level', 'low');

// claim: a class that is generic in the events can send
export class Room<Sent extends EventMap<Sent>> {
  readonly channel = new SSEChannel<Sent>();
  say<Type extends EventTypes<Sent>>(type: Type, payload: Sent[Type]): void {
    this.channel.broadcast({ type, payload });
    this.channel.dispatch('id', new Message(type, payload));
  }
  pass(message: MessageLike<Sent>): void {
    this.channel.broadcast(message);
  }
}
new Room<Events>().say('tick', 1);

// claim: a class of messages of one's own is a message
class Tick extends Message<'tick', number> {
  constructor(count: number) {
    super('tick', count);
  }
  get even(): boolean {
    return this.payload % 2 === 0;
  }
}
channel.broadcast(new Tick(1));
const unknown: unknown = new Tick(1);
if (unknown instanceof Message) unknown.type satisfies string;
if (unknown instanceof Tick) unknown.even satisfies boolean;

// claim: a channel without types takes every message
const any = new SSEChannel();
any.broadcast({ type: 'x' });
any.broadcast({ type: some<string>(), payload: some<unknown>() });
any.broadcast(new Message(some<string>()));
any.broadcast(some<Message>());
any.dispatch('id', some<MessageLike<AnyEvents>>());

// claim: event types may be templates, and Events a Record
const rooms = new SSEChannel<{ [Room in `room:${string}`]: number }>();
rooms.broadcast({ type: 'room:1', payload: 1 });
rooms.broadcast(new Message('room:2', 2));
new SSEChannel<Record<'a' | 'b', number>>().broadcast({ type: 'b', payload: 1 });
new SSEChannel<Record<string, number>>().broadcast({ type: 'c', payload: 1 });
