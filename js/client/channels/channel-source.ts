// The source of a connection to several channels: one response brings the events of all. Another
// list of channels takes another request, which continues after the combined id.

import { channelOf, parseCombined, printCombined } from '../../model/combined-id.js';
import { CHANNEL_CLOSED } from '../../model/event-types.js';
import type { Source } from '../connect.js';
import { ConnectionError } from '../errors.js';
import type { ConnectionEnd, StateChange } from '../options.js';
import type { EventQueue } from '../queue.js';
import { RawConnection } from '../raw-connection.js';
import { type Attempt, made, type Target } from '../request.js';
import type { Settings } from '../settings.js';

const REFUSED = '_eric_channel_refused';

/** @internal */
export class ChannelSource implements Source {
  readonly #settings: Settings;
  readonly #queue: EventQueue;
  readonly #changed: (change: StateChange) => void;
  /** The channels that are read, and have neither closed nor been refused. */
  readonly names: Set<string>;
  #lastEventId: string;
  /** `undefined` while there is nothing to read, and until the next request is made. */
  #raw: RawConnection | undefined;
  #isStarting = true;
  /** Resolves when there is room for more. A request that is given up may wait for it as well. */
  #room: Promise<void> | undefined;
  #end: ConnectionEnd | undefined;
  #ended: ((end: ConnectionEnd) => void) | undefined;

  constructor(names: Set<string>, settings: Settings, queue: EventQueue, changed: (change: StateChange) => void) {
    this.names = names;
    this.#settings = settings;
    this.#queue = queue;
    this.#changed = changed;
    this.#lastEventId = settings.lastEventId ?? '';
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  run(): Promise<ConnectionEnd> {
    const ended = new Promise<ConnectionEnd>((resolve) => (this.#ended = resolve));
    if (this.#end) this.#finish(this.#end);
    else this.#start();
    return ended;
  }

  end(end: ConnectionEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#raw?.end(end);
    // A connection that does not run yet ends when it does.
    if (!this.#raw && this.#ended) this.#finish(end);
  }

  reconnect(): void {
    this.#raw?.reconnect();
  }

  join(name: string, lastEventId: string | undefined): void {
    if (this.names.has(name)) return;
    this.names.add(name);
    this.#continue((positions) => {
      if (lastEventId) positions.set(name, lastEventId);
    });
  }

  leave(name: string): void {
    if (!this.names.delete(name)) return;
    this.#queue.discard(({ channel }) => channel === name);
    this.#continue((positions) => positions.delete(name));
  }

  /** Makes a request for the channels that are read now. */
  #continue(change: (positions: Map<string, string>) => void): void {
    if (this.#end) return;
    const positions = parseCombined(this.#lastEventId);
    // Any other id says where the channels continue that the program has begun with.
    if (positions || this.#lastEventId === '') {
      const all = positions ?? new Map<string, string>();
      change(all);
      this.#lastEventId = printCombined(all);
    }
    const raw = this.#raw;
    this.#raw = undefined;
    raw?.end({ reason: 'left' });
    if (this.#isStarting) return;
    // One request for all changes of a turn.
    this.#isStarting = true;
    void Promise.resolve().then(() => this.#start());
  }

  #start(): void {
    this.#isStarting = false;
    if (this.#end) return;
    if (this.names.size === 0) return this.#changed({ state: 'waiting', delayMilliseconds: Infinity });
    const target = async (attempt: Attempt): Promise<Target> =>
      withChannels(await made(this.#settings.target, attempt), this.names);
    const raw = new RawConnection(
      { ...this.#settings, lastEventId: this.#lastEventId, target },
      {
        hasChannels: true,
        room: () => (this.#room ??= this.#queue.room()?.then(() => (this.#room = undefined))),
        push: (events, last) => {
          if (raw !== this.#raw) return;
          this.#lastEventId = last;
          this.#push(events);
        },
        changed: (change) => {
          if (raw === this.#raw) this.#changed(change);
        },
      },
    );
    this.#raw = raw;
    void raw.run().then((end) => {
      if (raw === this.#raw) this.#ended?.(end);
    });
  }

  #push(events: { type: string; data: string; lastEventId: string }[]): void {
    const received = [];
    for (const event of events) {
      const channel = channelOf(event.lastEventId);
      if (channel === undefined) {
        const error = new ConnectionError('the server does not say the channels of its events');
        this.end({ reason: 'failed', error });
        break;
      }
      received.push({ ...event, channel });
      if (event.type === CHANNEL_CLOSED || event.type === REFUSED) this.names.delete(channel);
    }
    this.#queue.push(received);
    if (this.names.size === 0) this.end({ reason: 'closed' });
  }

  /** Ends a connection that has no request. */
  #finish(end: ConnectionEnd): void {
    this.#changed({ state: 'ended', end });
    this.#ended?.(end);
  }
}

/** Adds the names to the query of a target. */
function withChannels(target: Target, names: Iterable<string>): Target {
  const url = new URL(target instanceof Request ? target.url : target, globalThis.location?.href);
  for (const name of names) url.searchParams.append('channel', name);
  return target instanceof Request ? new Request(url, target) : url;
}
