// The events that a tab has received last, in their order. Another tab may lack some of them, and
// the loop of this one may be behind.

import type { ReceivedEvent } from '../decoder/decoder.js';

const MOST_EVENTS = 1024;
const MOST_BYTES = 1024 * 1024;

export class Recent {
  /** Each with the last event ID as of then. A position has an ID alone. */
  #entries: { id: string; event?: ReceivedEvent }[];
  #bytes = 0;
  /** How many entries were dropped. */
  #dropped = 0;

  /** @param last The last event ID before the first event. */
  constructor(last: string) {
    this.#entries = [{ id: last }];
  }

  /** The newest ID. */
  get last(): string {
    return this.#entries.at(-1)!.id;
  }

  /** The ID before the events that are kept. */
  get first(): string {
    return this.#entries[0]!.id;
  }

  /** How many entries there have been. */
  get count(): number {
    return this.#dropped + this.#entries.length;
  }

  /** Whether all events from a count on are kept. */
  has(count: number): boolean {
    return count >= this.#dropped;
  }

  /** Returns the events from a count on, as far as they are kept. */
  from(count: number): ReceivedEvent[] {
    return this.#entries.slice(this.has(count) ? count - this.#dropped : 1).flatMap(({ event }) => event ?? []);
  }

  /** Returns the count behind an ID; -1 when the ID is unknown or empty. */
  countAfter(id: string): number {
    if (id === '') return -1;
    let at = this.#entries.length;
    while (at > 0 && this.#entries[at - 1]!.id !== id) at--;
    return at > 0 ? this.#dropped + at : -1;
  }

  /**
   * Returns which of some events follow the newest one here; `undefined` when that cannot be told,
   * because the events and those that are kept have no ID in common.
   *
   * @param after The ID before the events; `undefined` when it is unknown.
   * @param last The ID behind them.
   */
  following(events: ReceivedEvent[], after: string | undefined, last: string): ReceivedEvent[] | undefined {
    if (after === this.last) return events;
    if (this.countAfter(last) >= 0) return [];
    let from = events.length;
    while (from > 0 && this.countAfter(events[from - 1]!.lastEventId) < 0) from--;
    return from > 0 || this.countAfter(after ?? '') >= 0 ? events.slice(from) : undefined;
  }

  /** Adds events that follow the newest one, and the last event ID behind them. */
  add(events: readonly ReceivedEvent[], last: string): void {
    for (const event of events) {
      this.#entries.push({ id: event.lastEventId, event });
      this.#bytes += event.data.length;
    }
    if (this.last !== last) this.#entries.push({ id: last });
    let gone = 0;
    for (let left = this.#entries.length; left > 1 && (left > MOST_EVENTS || this.#bytes > MOST_BYTES); left--)
      this.#bytes -= this.#entries[gone++]!.event?.data.length ?? 0;
    if (gone > 0) this.#entries.splice(0, gone);
    this.#dropped += gone;
  }
}
