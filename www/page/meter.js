// Meter: how many messages a second, now and in the last half minute.

/** The time that one count stands for, in milliseconds. */
export const STEP = 250;
const PER_SECOND = 1000 / STEP;
/** How many points of the past there are: half a minute. */
export const POINTS = 120;

export class Meter {
  /** Messages per step, oldest first; the last is still being counted. */
  #counts = new Array(POINTS + PER_SECOND).fill(0);
  #stopped = new Array(POINTS + PER_SECOND).fill(false);
  #rolled = performance.now();
  /** The first point of which something is known: nothing was counted before there was a meter. */
  first = POINTS - 1;

  count() {
    this.#counts[this.#counts.length - 1] += 1;
  }

  /**
   * Moves on to now. Returns whether there is a new point.
   *
   * @param {boolean} stopped whether the listener is stopped now
   */
  roll(stopped) {
    const steps = Math.floor((performance.now() - this.#rolled) / STEP);
    if (steps === 0) return false;
    this.#rolled += steps * STEP;
    this.first = Math.max(0, this.first - steps);
    for (let i = 0; i < Math.min(steps, this.#counts.length); i++) {
      this.#counts.shift();
      this.#counts.push(0);
      this.#stopped.shift();
      this.#stopped.push(stopped);
    }
    return true;
  }

  /** Messages in the last full second. */
  get perSecond() {
    return this.at(POINTS - 1);
  }

  /** Messages in the second that ended at a point, from 0, the oldest. @param {number} point */
  at(point) {
    let sum = 0;
    for (let i = point; i < point + PER_SECOND; i++) sum += this.#counts[i];
    return sum;
  }

  /** Whether the listener was stopped at a point. @param {number} point */
  stoppedAt(point) {
    return this.#stopped[point + PER_SECOND - 1];
  }
}
