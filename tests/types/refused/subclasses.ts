// Overrides that do not fit.

import {
  AbstractChannel,
  type ClosedMessage,
  type MessageOf,
  type MessageQueueListener,
  SSEChannel,
  type SSEEvent,
} from 'eric-sse';
import { type Events, some } from '../support.js';

// claim: adapt returns what the subclass says that its streams yield
export class Lengths extends AbstractChannel<Events, number> {
  // @ts-expect-error TS2416: a string
  protected override adapt(message: MessageOf<Events> | ClosedMessage): string {
    return message.type;
  }
}
export class Uppercase extends SSEChannel<Events> {
  // @ts-expect-error TS2416: other events, which the class does not name
  protected override adapt(message: MessageOf<Events> | ClosedMessage): { event: string } {
    return { event: message.type.toUpperCase() };
  }
}

// claim: messageStream yields what the subclass says
export class Texts extends AbstractChannel<Events, string> {
  // @ts-expect-error TS2416: numbers
  override async *messageStream(listener: MessageQueueListener<Events>) {
    await listener.start();
    yield 1;
  }
}

// claim: messageStream is asynchronous, and takes a listener
export class Sync extends AbstractChannel<Events, string> {
  // @ts-expect-error TS2416: not asynchronous
  override *messageStream() {
    yield 'a';
  }
}
export class ById extends AbstractChannel<Events, string> {
  // @ts-expect-error TS2416: an id
  override async *messageStream(listener: string) {
    yield listener;
  }
}

// claim: adapt is the channel's own
// @ts-expect-error TS2445: protected
new SSEChannel<Events>().adapt(some(), undefined);

// claim: AbstractChannel itself is not made
// @ts-expect-error TS2511: abstract
new AbstractChannel<Events>();

// claim: items of a subclass are checked where they are read
export async function read(): Promise<void> {
  for await (const item of new Lengths().watch()) {
    // @ts-expect-error TS2339: a number
    item.event;
  }
}

// claim: what a stream yields by default is not assumed to be anything
export class Bare extends AbstractChannel<Events> {}
export async function bare(): Promise<void> {
  for await (const item of new Bare().watch()) {
    // @ts-expect-error TS18046: unknown
    item.type;
  }
}

// claim: a channel's inside is not reached
// @ts-expect-error TS2339: not public
new SSEChannel<Events>().own;
// @ts-expect-error TS2554: the package's own second argument
new (class extends AbstractChannel {})({}, { delaySeconds: 1, retryMilliseconds: 1 });

// claim: an object that looks like an SSEChannel is refused
// @ts-expect-error TS2345: a copy of its public members
((channel: SSEChannel<Events>) => channel)(some<Omit<SSEChannel<Events>, never>>());
export const event: SSEEvent<Events>['event'] = 'tick';
