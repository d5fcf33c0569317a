// Types: which payload each event type of a channel carries.

import type { Message } from './message.js';

/** Any event type with any payload: what a channel carries unless told otherwise. */
// biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
export type AnyEvents = any;

/** The type parameter `Events`: an interface or type that maps event types to payloads. */
export type EventMap<Events> = object & { [Type in keyof Events]: unknown };

/** The names in `Events`. */
export type EventTypes<Events> = keyof Events & string;

/** The messages of a channel, as its readers get them. */
export type MessageOf<Events> = {
  [Type in EventTypes<Events>]: Message<Type, Events[Type]>;
}[EventTypes<Events>];

/**
 * A message that a channel accepts: a {@link Message}, or an object of the same shape. A payload
 * that may be `undefined` may be left out.
 *
 * @typeParam Type Some of the event types; all of them when left out.
 */
export type MessageLike<Events, Type extends EventTypes<Events> = EventTypes<Events>> =
  // The first part has no condition, so that a caller generic in `Type` satisfies it.
  | { [Each in Type]: { readonly type: Each; readonly payload: Events[Each] } }[Type]
  | {
      [Each in Type]: undefined extends Events[Each] ? { readonly type: Each; readonly payload?: undefined } : never;
    }[Type];

/** The type of the event that ends a stream whose channel was closed. */
export const CHANNEL_CLOSED = '_eric_channel_closed';

/** The last message that `adapt` receives, when the channel was closed. */
export type ClosedMessage = Message<typeof CHANNEL_CLOSED, undefined>;

/** The type of the event that says that messages are missing. */
export const GAP = '_eric_gap';

/** Which messages are missing, and why. */
export interface Gap {
  /**
   * `'overflow'`: the listener was too slow, and its queue drops the oldest. `'expired'`: messages
   * after the last event ID are no longer kept. `'forgotten'`: dispatches to the listener may no
   * longer be kept. `'epoch'`: the ID is from another life of the channel. `'unknown'`: this
   * channel never issued the ID. The last two cover everything that may be missing, dispatches
   * included.
   */
  reason: 'overflow' | 'expired' | 'forgotten' | 'epoch' | 'unknown';
  /** How many messages, if that is known. A gap joined with one of unknown count has no count. */
  missed?: number;
  /** The last event ID after which they are missing; `null` if the client's ID is invalid. */
  from: string | null;
  /** The event id after which the stream continues. */
  to: string;
}

/** The message that `adapt` receives when messages are missing. */
export type GapMessage = Message<typeof GAP, Gap>;

/**
 * The event that says that messages are missing before the next one. It has the id where the gap
 * ends.
 */
export interface GapEvent {
  event: typeof GAP;
  data: Gap;
  retry: number;
  id: string;
}

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
        /** The message's place in its channel's order: `<epoch>-<position>`. */
        id: string;
      };
    }[EventTypes<Events>]
  | GapEvent
  | ClosedEvent;

/** The last event of a stream whose channel was closed. It is not a message, so it has no id. */
export interface ClosedEvent {
  event: typeof CHANNEL_CLOSED;
  data: undefined;
  retry: number;
  id: undefined;
}
