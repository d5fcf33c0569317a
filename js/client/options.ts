// The options of a connection, its states and its ends.

import type { AnyEvents, EventTypes, GAP, Gap } from '../model/event-types.js';
import type { InvalidEventError } from './errors.js';
import type { Attempt, PerAttempt, RequestOptions, Target } from './request.js';
import type { Schemas } from './schema.js';

export interface ConnectOptions extends RequestOptions {
  /** Ends the connection when it is aborted; at once if it is already. */
  signal?: AbortSignal | null | undefined;
  /** The connection continues after this event id. */
  lastEventId?: string | undefined;
  /**
   * When the request is sent again. `'always'` includes the end of a response, and is the default
   * of GET. `'on-error'` is after a response that broke off or was not made, and the default with
   * `resume`. `'never'` is the default of all other methods.
   */
  reconnect?: 'always' | 'on-error' | 'never' | undefined;
  /**
   * Makes the target of a GET that continues what the first request has begun, such as the address
   * of a run: the first request is then not sent again. `undefined` ends the connection.
   */
  resume?: ((lastEventId: string, attempt: Attempt) => Target | undefined | Promise<Target | undefined>) | undefined;
  /** The reconnection time until the server sets one; 1,000 by default. */
  retryMilliseconds?: number | undefined;
  /** The longest time between two attempts; 30,000 by default. */
  maxRetryMilliseconds?: number | undefined;
  /** How many retries in a row may fail; `Infinity` by default. */
  maxRetries?: number | undefined;
  /** How long a request may take to be answered; 30 by default, 0 for any time. */
  connectSeconds?: number | undefined;
  /**
   * The time between two heartbeats of the server. Without a sign of life for two and a half of
   * them the connection is given up. By default the connection finds it out: from a comment
   * `heartbeat: <seconds>`, or from three comments in a row. 0 for never.
   */
  heartbeatSeconds?: number | undefined;
  /**
   * How much may wait for the loop: 1,024 events and 1 MiB of data by default. Beyond that the
   * connection stops to read, until the loop has taken some.
   */
  queue?: { events?: number | undefined; bytes?: number | undefined } | undefined;
  /** The most bytes of one event; 16 MiB by default. */
  maxEventBytes?: number | undefined;
  /**
   * How an event's data is read. `'json'`, the default, returns the payload of a channel: JSON text
   * becomes its value, an empty text `undefined`, and any other text stays. `'text'` leaves all as
   * they are. A function that throws makes the event invalid.
   */
  parse?: 'json' | 'text' | ((data: string, type: string) => unknown) | undefined;
  /** Schemas by event type, of any library that implements Standard Schema. */
  schemas?: Schemas | undefined;
  /** Receives events that are invalid, which the loop does not get; the console by default. */
  onInvalid?: ((error: InvalidEventError) => void) | undefined;
  /** Receives each change of the connection's state. */
  onState?: ((change: StateChange) => void) | undefined;
}

/** An event as the loop gets it. */
export type ClientEvent<Events = AnyEvents> =
  | {
      [Type in EventTypes<Events>]: {
        type: Type;
        data: Events[Type];
        /** The last event ID as of this event. */
        lastEventId: string;
      };
    }[EventTypes<Events>]
  | GapReceived;

/** The event that says that messages are missing before the next one. */
export interface GapReceived {
  type: typeof GAP;
  data: Gap;
  lastEventId: string;
}

/** Why a connection has ended. */
export type ConnectionEnd =
  /** The channel was closed. */
  | { reason: 'closed'; error?: undefined }
  /** The server has answered with 204: clients are to stay away. */
  | { reason: 'gone'; error?: undefined }
  /** The response has ended, and by `reconnect` that is the end. */
  | { reason: 'finished'; error?: undefined }
  /** The loop was left, or `close()` was called. */
  | { reason: 'left'; error?: undefined }
  /** The signal was aborted. */
  | { reason: 'aborted'; error?: undefined }
  /** An error that is not to be retried, or the last of `maxRetries`. The loop throws it. */
  | { reason: 'failed'; error: unknown };

/** The state that a connection has entered. */
export type StateChange =
  | { state: 'connecting'; attempt: Attempt }
  | { state: 'open'; status: number; headers: Headers }
  /**
   * It waits for the next attempt. The error is that of the last one; `undefined` after a response
   * that has ended. The delay is `Infinity` while there is no network.
   */
  | { state: 'waiting'; delayMilliseconds: number; error?: unknown }
  | { state: 'ended'; end: ConnectionEnd };

/** A URL, or a function that makes the target of each attempt anew. */
export type ConnectTarget = PerAttempt<Target>;
