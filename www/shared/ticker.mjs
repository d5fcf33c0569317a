// Ticker: calls back so many times a second, from a timer that runs only while it is wanted.

/** The fastest rate, in ticks a second. */
export const FASTEST = 1000;

/** Timers are not exact below this; faster rates tick several times a beat. In milliseconds. */
const SHORTEST_BEAT = 20;
/**
 * Ticks that a suspended machine or a busy turn has missed are dropped beyond this. In
 * milliseconds.
 */
const LONGEST_DEBT = 250;

/** Whether it is a rate: a whole number of ticks a second, from 0 (never) to `FASTEST`. */
export function isRate(/** @type {unknown} */ perSecond) {
  return Number.isInteger(perSecond) && Number(perSecond) >= 0 && Number(perSecond) <= FASTEST;
}

export class Ticker {
  /** @type {() => void} */ #tick;
  #perSecond = 0;
  #running = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  /** When the last beat was. */
  #last = 0;
  /** Ticks that are due, with their fraction. */
  #due = 0;

  /**
   * @param {number} perSecond
   * @param {() => void} tick may call `stop`
   */
  constructor(perSecond, tick) {
    this.#tick = tick;
    this.rate = perSecond;
  }

  get rate() {
    return this.#perSecond;
  }

  set rate(perSecond) {
    if (!isRate(perSecond)) throw new RangeError(`a rate is a whole number from 0 to ${FASTEST}, not ${perSecond}`);
    this.#perSecond = perSecond;
    if (this.#running) this.#arm();
  }

  /** Starts ticking. Does nothing to one that ticks. */
  start() {
    if (this.#running) return;
    this.#running = true;
    this.#arm();
  }

  stop() {
    this.#running = false;
    clearInterval(this.#timer);
  }

  #arm() {
    clearInterval(this.#timer);
    this.#last = Date.now();
    this.#due = 0;
    if (this.#perSecond > 0)
      this.#timer = setInterval(() => this.#beat(), Math.max(SHORTEST_BEAT, 1000 / this.#perSecond));
  }

  #beat() {
    const now = Date.now();
    const period = 1000 / this.#perSecond;
    const passed = Math.min(now - this.#last, Math.max(LONGEST_DEBT, period));
    this.#last = now;
    // A timer may come a little early: what rounds to a tick is one.
    this.#due += passed / period;
    for (; this.#due > 0.9 && this.#running; this.#due -= 1) this.#tick();
  }
}
