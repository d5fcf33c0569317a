// Types: which payload each event type of a channel carries.

import type { Message } from './message.js';

/** Any event type with any payload: what a channel carries unless told otherwise. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyEvents = Record<string, any>;

/** What may stand as `Events`: an interface or type that maps event types to payloads. */
export type EventMap<Events> = { [Type in keyof Events]: unknown };

/** The names in `Events`. */
export type EventTypes<Events> = keyof Events & string;

/** The messages of a channel, as its readers get them. */
export type MessageOf<Events> = {
  [Type in EventTypes<Events>]: Message<Type, Events[Type]>;
}[EventTypes<Events>];

/** What a channel takes for a message: a {@link Message}, or an object of the same shape. */
export type MessageLike<Events> = {
  [Type in EventTypes<Events>]: undefined extends Events[Type]
    ? { readonly type: Type; readonly payload?: Events[Type] }
    : { readonly type: Type; readonly payload: Events[Type] };
}[EventTypes<Events>];

/** The type of the event that ends a stream whose channel was closed. */
export const CHANNEL_CLOSED = '_eric_channel_closed';

/** An event as an `SSEChannel` yields it. */
export type SSEEvent<Events = AnyEvents> =
  | {
      [Type in EventTypes<Events>]: {
        /** The message's type. */
        event: Type;
        /** The message's payload, the very value that was sent. */
        data: Events[Type];
        /** The reconnection time, in milliseconds. */
        retry: number;
        /** Where the message stands in its channel's order: `<epoch>-<sequence>`. */
        id: string;
      };
    }[EventTypes<Events>]
  | ClosedEvent;

/** The last event of a stream whose channel was closed. It is no message, hence has no id. */
export interface ClosedEvent {
  event: typeof CHANNEL_CLOSED;
  data: undefined;
  retry: number;
  id: undefined;
}
