// Subclasses that change what a stream yields.

import {
  AbstractChannel,
  type ClosedMessage,
  type EventMap,
  type MessageOf,
  type MessageQueueListener,
  SSEChannel,
  type SSEEvent,
  type StreamOptions,
} from 'eric-sse';
import { type Events, holds, type Same } from '../support.js';

// claim: adapt may return items of the subclass's own type
class Lengths extends AbstractChannel<Events, number> {
  protected override adapt(message: MessageOf<Events> | ClosedMessage): number {
    return message.type.length;
  }
}
async function lengths(): Promise<void> {
  for await (const item of new Lengths().watch()) holds<Same<typeof item, number>>();
}

// claim: adapt may declare the id, and narrow the closing message
class Ids extends AbstractChannel<Events, string> {
  protected override adapt(message: MessageOf<Events> | ClosedMessage, id: string | undefined): string {
    if (message.type === '_eric_channel_closed') return 'closed';
    if (message.type === 'tick') return message.payload.toFixed();
    return id ?? 'none';
  }
}

// claim: adapt of an SSEChannel may add to its events
class Traced extends SSEChannel<Events> {
  protected override adapt(message: MessageOf<Events> | ClosedMessage, id: string | undefined): SSEEvent<Events> {
    return { ...super.adapt(message, id), retry: 1 };
  }
}

// claim: adapt of an SSEChannel may return other events
interface Upper {
  event: string;
  data: unknown;
  id: string | undefined;
}
class Uppercase extends SSEChannel<Events, Upper> {
  protected override adapt(message: MessageOf<Events> | ClosedMessage, id: string | undefined): Upper {
    return { event: message.type.toUpperCase(), data: message.payload, id };
  }
}
async function uppercase(): Promise<void> {
  for await (const item of new Uppercase().watch()) holds<Same<typeof item, Upper>>();
  new Uppercase().broadcast({ type: 'tick', payload: 1 });
  new Uppercase().response();
}

// claim: messageStream may be an async generator, its return type written or not
class Halves extends AbstractChannel<{ tick: number }, MessageOf<{ tick: number }>> {
  override async *messageStream(listener: MessageQueueListener<{ tick: number }>, options?: StreamOptions) {
    for await (const message of super.messageStream(listener, options)) {
      if (message.payload % 2 === 0) yield message;
    }
  }
}
class Batches extends SSEChannel<Events> {
  override async *messageStream(
    listener: MessageQueueListener<Events>,
    options?: StreamOptions,
  ): AsyncGenerator<SSEEvent<Events>> {
    yield* super.messageStream(listener, options);
  }
}
async function halves(): Promise<void> {
  for await (const { payload } of new Halves().watch()) holds<Same<typeof payload, number>>();
  const { value } = await new Halves().watch().next();
  value?.payload satisfies number | undefined;
}

// claim: messageStream may be a generator of other items
class Texts extends AbstractChannel<Events, string> {
  override async *messageStream(listener: MessageQueueListener<Events>) {
    await listener.start();
    yield 'first';
  }
}
async function texts(): Promise<void> {
  for await (const text of new Texts().watch()) text.trim();
}

// claim: messageStream may return any async iterable iterator
class Delegating extends SSEChannel<Events> {
  override messageStream(listener: MessageQueueListener<Events>, options?: StreamOptions) {
    return super.messageStream(listener, options);
  }
}

// claim: a subclass may add members of its own, of any name
class Room extends SSEChannel<Events> {
  own = 'alice';
  raw = 1;
  seats = 4;
  readonly createdAt = Date.now();
  constructor(readonly title: string) {
    super({ id: `room-${title}` });
  }
  override close(): void {
    super.close();
  }
}
new Room('a').title satisfies string;

// claim: a subclass may be generic in its events
class Relay<Sent extends EventMap<Sent>> extends SSEChannel<Sent> {
  protected override adapt(message: MessageOf<Sent> | ClosedMessage, id: string | undefined): SSEEvent<Sent> {
    return super.adapt(message, id);
  }
}
new Relay<Events>().broadcast({ type: 'tick', payload: 1 });

// claim: a bare subclass of AbstractChannel can be made and read
class Bare extends AbstractChannel<Events, MessageOf<Events> | ClosedMessage> {}
async function bare(): Promise<void> {
  for await (const message of new Bare({ id: 'bare' }).watch()) {
    if (message.type === 'tick') message.payload.toFixed();
  }
}

export { Batches, bare, Delegating, halves, Ids, lengths, Traced, texts, uppercase };
