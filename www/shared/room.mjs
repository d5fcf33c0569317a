// Room: what the page does with a channel, wherever that lives. A ticker that broadcasts while
// somebody listens, and how much waits for whom.
//
// The package is not imported here: a bare name means nothing inside a browser's workers, so the
// caller hands it in.

import { isRate, Ticker } from './ticker.mjs';

/** No more than this waits for one listener: then the ticker holds, and sending is refused. */
export const MOST_WAITING = 20_000;

/**
 * An error for requests that the page cannot fulfil. `status` is the HTTP status for it, `code` is
 * stable.
 */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }
}

/**
 * @typedef {import('eric-sse').SSEChannel} SSEChannel
 * @typedef {import('eric-sse').MessageQueueListener} Listener
 * @typedef {{ type: string, payload?: unknown }} MessageLike
 * @typedef {{ listener: string, running: boolean, waiting: number, held: boolean, rate: number }} State
 */

export class Room {
  /** @type {SSEChannel} */ #channel;
  #ticker;
  #ticks = 0;
  /** Broadcasts so far. */
  #broadcasts = 0;
  /** @type {WeakMap<Listener, { since: number, dispatched: number, delivered: number }>} */ #tallies = new WeakMap();

  /**
   * @param {SSEChannel} channel
   * @param {number} perSecond
   */
  constructor(channel, perSecond) {
    this.#channel = channel;
    this.#ticker = new Ticker(perSecond, () => this.#tick());
  }

  /** Counts for a listener that was just registered, and ticks for it. */
  enter(/** @type {Listener} */ listener) {
    this.#tallies.set(listener, { since: this.#broadcasts, dispatched: 0, delivered: 0 });
    this.#ticker.start();
  }

  /** To be called from the listener's `onMessage`. */
  delivered(/** @type {Listener} */ listener) {
    const tally = this.#tallies.get(listener);
    if (tally) tally.delivered += 1;
  }

  broadcast(/** @type {MessageLike} */ message) {
    for (const listener of this.#channel.listeners()) this.#refuseIfFull(listener);
    this.#channel.broadcast(message);
    this.#broadcasts += 1;
  }

  dispatch(/** @type {string} */ id, /** @type {MessageLike} */ message) {
    const listener = this.#channel.getListener(id);
    this.#refuseIfFull(listener);
    this.#channel.dispatch(id, message);
    const tally = this.#tallies.get(listener);
    if (tally) tally.dispatched += 1;
  }

  /** Changes the ticker's rate, and says so on the channel. */
  setRate(/** @type {unknown} */ perSecond) {
    if (!isRate(perSecond)) throw new Refusal(400, 'BAD_RATE', '"perSecond" must be a whole number from 0 to 1000');
    this.#ticker.rate = Number(perSecond);
    if (!this.#isHeld()) this.broadcast({ type: 'rate', payload: perSecond });
  }

  /** @returns {State} */
  describe(/** @type {Listener} */ listener) {
    const waiting = this.#waiting(listener);
    return {
      listener: listener.id,
      running: listener.isRunningSync(),
      waiting,
      held: this.#isHeld(),
      rate: this.#ticker.rate,
    };
  }

  stats() {
    return { listeners: this.#channel.listenerCount, broadcasts: this.#broadcasts, rate: this.#ticker.rate };
  }

  #tick() {
    if (this.#channel.listenerCount === 0) return this.#ticker.stop();
    if (!this.#isHeld()) this.broadcast({ type: 'tick', payload: ++this.#ticks });
  }

  #waiting(/** @type {Listener} */ listener) {
    const { since, dispatched, delivered } = this.#tallies.get(listener) ?? {
      since: this.#broadcasts,
      dispatched: 0,
      delivered: 0,
    };
    return this.#broadcasts - since + dispatched - delivered;
  }

  #isFull(/** @type {Listener} */ listener) {
    return this.#waiting(listener) >= MOST_WAITING;
  }

  #isHeld() {
    return this.#channel.listeners().some((listener) => this.#isFull(listener));
  }

  #refuseIfFull(/** @type {Listener} */ listener) {
    if (!this.#isFull(listener)) return;
    throw new Refusal(429, 'TOO_MANY_WAITING', `${MOST_WAITING} messages wait for a listener: start it first`);
  }
}
