// A connection with the interface of the standard's `EventSource`, for code that has one.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface

import type { ReceivedEvent } from './decoder/decoder.js';
import type { ConnectOptions, StateChange } from './options.js';
import { quietly } from './parse.js';
import { RawConnection } from './raw-connection.js';
import { settingsOf } from './settings.js';

export interface EventSourceOptions extends Omit<ConnectOptions, 'queue' | 'parse' | 'schemas' | 'onInvalid'> {
  /** Whether cookies are sent to other origins. */
  withCredentials?: boolean | undefined;
}

/** A `MessageEvent`. Only the types of browsers give it a type of its data. */
export type ReceivedMessage = Event & { readonly data: string; readonly lastEventId: string; readonly origin: string };

type Handler<Given extends Event> = ((event: Given) => unknown) | null;

/**
 * An `EventSource` with the options of a connection, such as headers and a method. It differs from
 * the platform's in what it survives: statuses such as 503 are retried, and a connection without a
 * sign of life is given up.
 */
export class EventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;
  readonly url: string;
  readonly withCredentials: boolean;
  onopen: Handler<Event> = null;
  onmessage: Handler<ReceivedMessage> = null;
  /** Its event has the error as `error`. */
  onerror: Handler<Event & { error?: unknown }> = null;
  readonly #connection: RawConnection;
  #readyState: 0 | 1 | 2 = 0;

  /** @throws {TypeError | RangeError} when an option is invalid. */
  constructor(url: string | URL, options: EventSourceOptions = {}) {
    super();
    this.withCredentials = options.withCredentials ?? false;
    this.url = new URL(url, globalThis.location?.href).href;
    const given = this.withCredentials ? { ...options, credentials: 'include' as const } : options;
    const settings = settingsOf(this.url, given);
    this.#connection = new RawConnection(settings, {
      room: () => undefined,
      push: (events) => {
        for (const event of events) if (this.#readyState !== 2) this.#dispatch(messageOf(event, this.url));
      },
      changed: (change) => {
        if (settings.onState) quietly(() => settings.onState!(change));
        this.#changed(change);
      },
    });
    void Promise.resolve().then(() => this.#connection.run());
  }

  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  close(): void {
    this.#readyState = 2;
    this.#connection.end({ reason: 'left' });
  }

  #changed(change: StateChange): void {
    if (this.#readyState === 2) return;
    if (change.state === 'open') {
      this.#readyState = 1;
      this.#dispatch(new Event('open'));
    } else if (change.state !== 'connecting') {
      this.#readyState = change.state === 'waiting' ? 0 : 2;
      const error = change.state === 'waiting' ? change.error : change.end.error;
      this.#dispatch(Object.assign(new Event('error'), { error }));
    }
  }

  #dispatch(event: Event): void {
    const handler = (this as Record<string, unknown>)[`on${event.type}`];
    const hasHandler = ['open', 'message', 'error'].includes(event.type) && typeof handler === 'function';
    if (hasHandler && !callsHandlers()) quietly(() => handler.call(this, event));
    this.dispatchEvent(event);
  }
}

/** Cloudflare's runtime calls such a member of any target by itself. */
function callsHandlers(): boolean {
  let isCalled = false;
  const target = Object.assign(new EventTarget(), { onopen: () => (isCalled = true) });
  target.dispatchEvent(new Event('open'));
  return isCalled;
}

function messageOf({ type, data, lastEventId }: ReceivedEvent, url: string): Event {
  const { origin } = new URL(url);
  const event = new MessageEvent(type, { data, lastEventId, origin });
  // Cloudflare's runtime leaves both out.
  for (const [name, value] of [
    ['lastEventId', lastEventId],
    ['origin', origin],
  ] as const)
    if (event[name] !== value) Object.defineProperty(event, name, { value });
  return event;
}
