// A connection as a loop reads it.

import type { AnyEvents, EventMap } from '../model/event-types.js';
import { onAbort } from '../util/signals.js';
import type { ClientEvent, ConnectionEnd, ConnectOptions, ConnectTarget, StateChange } from './options.js';
import { parser, quietly } from './parse.js';
import { EventQueue } from './queue.js';
import { RawConnection } from './raw-connection.js';
import type { EventsOf, Schemas } from './schema.js';
import { type Settings, settingsOf } from './settings.js';

/** Brings a connection its events: one request after another, or another tab. @internal */
export interface Source {
  readonly lastEventId: string;
  run(): Promise<ConnectionEnd>;
  end(end: ConnectionEnd): void;
  reconnect(): void;
}

/** Receives the events of a source. @internal */
export type OpenSource = (settings: Settings, queue: EventQueue, changed: (change: StateChange) => void) => Source;

/**
 * A connection to an event stream, for `for await`. It reconnects by itself. The loop ends when the
 * connection does, and throws the error of one that has failed. Leaving the loop ends the
 * connection.
 */
export class Connection<Events extends EventMap<Events> = AnyEvents, Item = ClientEvent<Events>>
  implements AsyncIterableIterator<Item, undefined>
{
  readonly #source: Source;
  readonly #queue: EventQueue;
  readonly #events: AsyncGenerator<Item, undefined>;
  #state: StateChange['state'] = 'connecting';
  #end: ConnectionEnd | undefined;
  /** Resolves when the connection has ended, to the reason. It never rejects. */
  readonly ended: Promise<ConnectionEnd>;

  /** @internal */
  constructor(target: ConnectTarget, options: ConnectOptions | undefined, open: OpenSource) {
    const settings = settingsOf(target, options);
    this.#queue = new EventQueue(settings.queue);
    this.#source = open(settings, this.#queue, (change) => {
      this.#state = change.state;
      if (settings.onState) quietly(() => settings.onState!(change));
    });
    const parse = parser(settings) as Parse<Item>;
    this.#events = this.#read(parse);
    const forget = onAbort([settings.signal], () => this.#leave({ reason: 'aborted' }));
    // After this turn, so that the program has the connection when its first state is reported.
    this.ended = Promise.resolve()
      .then(() => this.#source.run())
      .then((end) => {
        forget();
        this.#end = end;
        this.#queue.wake();
        return end;
      });
  }

  /** The state of the connection: `'connecting'`, `'open'`, `'waiting'` or `'ended'`. */
  get state(): StateChange['state'] {
    return this.#state;
  }

  /** The last event ID that was received; an event that waits for the loop may have it. */
  get lastEventId(): string {
    return this.#source.lastEventId;
  }

  /** Makes a new request at once, for example when the URL or the headers are others now. */
  reconnect(): void {
    this.#source.reconnect();
  }

  /** Ends the connection. Events that wait for the loop are discarded. */
  close(): void {
    this.#leave({ reason: 'left' });
  }

  /** Returns the next event; `done` when the connection has ended. Rejects when it has failed. */
  next(): Promise<IteratorResult<Item, undefined>> {
    return this.#events.next();
  }

  /** Ends the connection, as leaving the loop does. */
  return(): Promise<IteratorResult<Item, undefined>> {
    this.close();
    return this.#events.return(undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #leave(end: ConnectionEnd): void {
    this.#source.end(end);
    this.#end ??= end;
    this.#queue.clear();
    this.#queue.wake();
  }

  async *#read(parse: Parse<Item>): AsyncGenerator<Item, undefined> {
    for (;;) {
      const event = this.#queue.take();
      if (event) {
        const parsed = parse(event);
        const ready = parsed instanceof Promise ? await parsed : parsed;
        if (ready) yield ready;
      } else if (this.#end) {
        if (this.#end.reason === 'failed') throw this.#end.error;
        return undefined;
      } else await this.#queue.some();
    }
  }
}

type Parse<Item> = (event: Parameters<ReturnType<typeof parser>>[0]) => Item | undefined | Promise<Item | undefined>;

/**
 * Connects to an event stream.
 *
 * @example
 * for await (const { type, data } of connect('/events')) console.log(type, data);
 * @throws {TypeError | RangeError} when an option is invalid.
 */
export function connect<Given extends Schemas>(
  target: ConnectTarget,
  options: ConnectOptions & { schemas: Given },
): Connection<EventsOf<Given>>;
export function connect<Events extends EventMap<Events> = AnyEvents>(
  target: ConnectTarget,
  options?: ConnectOptions,
): Connection<Events>;
export function connect(target: ConnectTarget, options?: ConnectOptions): Connection {
  return new Connection(
    target,
    options,
    (settings, queue, changed) =>
      new RawConnection(settings, { push: (events) => queue.push(events), room: () => queue.room(), changed }),
  );
}
