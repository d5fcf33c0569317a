// The recent events of a tab, and what its loop has of them. A queue that is full gets the rest
// later.

import { GAP, type Gap } from '../../model/event-types.js';
import type { ReceivedEvent } from '../decoder/decoder.js';
import type { EventQueue } from '../queue.js';
import { Recent } from './recent.js';

/** @internal */
export class Backlog extends Recent {
  readonly #queue: EventQueue;
  /** How many of the recent entries the queue has, and the ID of the last one. */
  #queued: number;
  #queuedId: string;
  #isBehind = false;

  constructor(last: string, queue: EventQueue) {
    super(last);
    this.#queue = queue;
    this.#queued = this.count;
    this.#queuedId = last;
  }

  override add(events: ReceivedEvent[], last: string): void {
    super.add(events, last);
    // More events than are kept reach a loop that is not behind.
    if (!this.#isBehind) this.#hand(events);
  }

  #hand(events: ReceivedEvent[]): void {
    this.#queued = this.count;
    this.#queuedId = this.last;
    this.#queue.push(events);
    const room = this.#queue.room();
    this.#isBehind = room !== undefined;
    void room?.then(() => {
      const rest = this.from(this.#queued);
      this.#hand(this.has(this.#queued) ? rest : [gapOf('overflow', this.#queuedId, this.first), ...rest]);
    });
  }
}

/** An event that says that those between two IDs are missing. @internal */
export const gapOf = (reason: Gap['reason'], from: string, to: string): ReceivedEvent => ({
  type: GAP,
  data: JSON.stringify({ reason, from, to }),
  lastEventId: to,
});
