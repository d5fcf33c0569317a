// The events that wait for the loop. A source that finds no room stops to read, which bounds their
// number.

import { numberOption, objectOption } from '../util/options.js';
import type { ReceivedEvent } from './decoder/decoder.js';
import type { ConnectOptions } from './options.js';

/** @internal */
export class EventQueue {
  readonly #mostEvents: number;
  readonly #mostBytes: number;
  #events: ReceivedEvent[] = [];
  /** How many of `#events` were taken. */
  #taken = 0;
  #bytes = 0;
  #roomAgain: (() => void) | undefined;
  #some: (() => void) | undefined;

  /** @throws {TypeError | RangeError} when a bound is invalid. */
  constructor(bounds: ConnectOptions['queue']) {
    const { events, bytes } = objectOption(bounds, 'queue');
    this.#mostEvents = numberOption(events, 'queue.events', 1024, Infinity);
    this.#mostBytes = numberOption(bytes, 'queue.bytes', 1024 * 1024, Infinity);
  }

  push(events: ReceivedEvent[]): void {
    for (const event of events) {
      this.#events.push(event);
      this.#bytes += event.data.length;
    }
    this.wake();
  }

  take(): ReceivedEvent | undefined {
    const event = this.#events[this.#taken];
    if (event === undefined) return undefined;
    this.#bytes -= event.data.length;
    if (++this.#taken === this.#events.length) {
      this.#events = [];
      this.#taken = 0;
    }
    if (this.#hasRoom()) this.#release();
    return event;
  }

  /** Resolves when there is room for more; `undefined` when there is. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined;
    return new Promise((resolve) => (this.#roomAgain = resolve));
  }

  /** Resolves when there may be something to take. */
  some(): Promise<void> {
    return new Promise((resolve) => (this.#some = resolve));
  }

  wake(): void {
    this.#some?.();
    this.#some = undefined;
  }

  /** Discards the waiting events that match. */
  discard(matches: (event: ReceivedEvent & { channel?: string }) => boolean): void {
    const kept = this.#events.slice(this.#taken).filter((event) => !matches(event));
    this.clear();
    this.push(kept);
  }

  clear(): void {
    this.#events = [];
    this.#taken = this.#bytes = 0;
    this.#release();
  }

  #hasRoom(): boolean {
    return this.#events.length - this.#taken < this.#mostEvents && this.#bytes < this.#mostBytes;
  }

  #release(): void {
    this.#roomAgain?.();
    this.#roomAgain = undefined;
  }
}
