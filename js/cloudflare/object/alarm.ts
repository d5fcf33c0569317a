// Alarm: wakes the object when messages expire, leaves lag behind, or a closed channel can be
// forgotten.

import type { Life } from './life.js';

/**
 * A closed channel is remembered for at most a day, which is also how long unreachable leaves are
 * tried.
 */
const DAY_MILLISECONDS = 86_400_000;

export class Alarm {
  readonly #storage: DurableObjectStorage;
  /** The time it is set for, by `Date.now()`; `undefined` before it was looked up. */
  #at: number | undefined;
  /** How often in a row it has found leaves that cannot be reached. */
  #tries = 0;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Does what is due. Returns whether the channel is to be forgotten, with everything stored. */
  async rang(life: Life): Promise<boolean> {
    // The runtime has deleted the alarm that it calls.
    this.#at = Infinity;
    const { store, channel, leaves, sockets } = life;
    if (store.closedAt === undefined) {
      sockets.tell();
      store.expire(Date.now());
      // The core drops expired messages when it is asked for its counters.
      channel.stats();
      await leaves.settle();
    } else {
      await leaves.close();
      if (Date.now() >= forgottenAt(life)) return true;
    }
    this.#tries = leaves.dueMilliseconds === Infinity ? 0 : this.#tries + 1;
    await this.set(life);
    return false;
  }

  /** Sets it for the next thing to do, unless it comes before that anyway. */
  async set(life: Life): Promise<void> {
    this.#at ??= (await this.#storage.getAlarm()) ?? Infinity;
    const at = this.#dueAt(life);
    if (at < this.#at) await this.#storage.setAlarm((this.#at = at));
  }

  #dueAt(life: Life): number {
    const { store, leaves, core } = life;
    const now = Date.now();
    const again = now + leaves.dueMilliseconds * 2 ** Math.min(this.#tries, 7);
    if (store.closedAt !== undefined) return Math.min(again, forgottenAt(life));
    const { seconds } = core.settings.history;
    const { oldestAt = Infinity } = store;
    // Messages that expire within a quarter of the time are dropped together.
    return Math.min(again, Math.max(oldestAt, now - seconds * 750) + seconds * 1000);
  }
}

/**
 * When a closed channel is forgotten, by `Date.now()`. A leaf that was not reached by then asks its
 * root itself.
 */
function forgottenAt({ store, core, leaves }: Life): number {
  const { seconds } = core.settings.history;
  return store.closedAt! + (leaves.size > 0 ? DAY_MILLISECONDS : Math.min(seconds * 1000, DAY_MILLISECONDS));
}
