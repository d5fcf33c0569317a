// History: the last messages of a listener. Ticks that follow each other stand in one entry, so
// that what was sent by hand stays in sight at any rate.

/**
 * @typedef {{ event: string, data: unknown, id: string | undefined }} Delivered
 * @typedef {Delivered & { times: number, key: number }} Entry `times` messages, of which this is the last
 */

export class History {
  /** Newest first. @type {Entry[]} */
  entries = [];
  #most;
  #made = 0;

  /** @param {number} most entries that are kept */
  constructor(most) {
    this.#most = most;
  }

  /** @param {Delivered} message */
  add({ event, data, id }) {
    const newest = this.entries[0];
    if (newest && event === 'tick' && newest.event === 'tick') {
      newest.times += 1;
      newest.data = data;
      newest.id = id;
      return;
    }
    this.entries.unshift({ event, data, id, times: 1, key: this.#made++ });
    if (this.entries.length > this.#most) this.entries.pop();
  }
}
