// The least that does it: a queue for each listener, and a promise for the one who waits. The limit
// for streams of objects.

/** @template T @implements {AsyncIterableIterator<T>} */
class HandQueue {
  /** @type {T[]} */
  #items = [];
  #next = 0;
  /** @type {((result: IteratorResult<T>) => void) | undefined} */
  #wake;

  /** @param {T} item */
  push(item) {
    const wake = this.#wake;
    if (wake === undefined) return void this.#items.push(item);
    this.#wake = undefined;
    wake({ done: false, value: item });
  }

  /** @returns {Promise<IteratorResult<T>>} */
  next() {
    if (this.#next === this.#items.length) return new Promise((resolve) => void (this.#wake = resolve));
    const value = /** @type {T} */ (this.#items[this.#next++]);
    if (this.#next === this.#items.length) {
      this.#items = [];
      this.#next = 0;
    }
    return Promise.resolve({ done: false, value });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/**
 * A channel of such queues.
 * @template T
 */
export class HandChannel {
  /** @type {HandQueue<T>[]} */
  #queues = [];

  watch() {
    /** @type {HandQueue<T>} */
    const queue = new HandQueue();
    this.#queues.push(queue);
    return queue;
  }

  /** @param {T} item */
  broadcast(item) {
    for (const queue of this.#queues) queue.push(item);
  }
}
