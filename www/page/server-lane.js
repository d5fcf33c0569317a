// The first lane: the server's channel. Lets go of its connections while the page is out of sight.

import { EventSourceLane } from './event-source-lane.js';

/**
 * A browser opens six connections to a server, over all its windows, and each event stream takes
 * one: three windows of this page would leave none for commands. In milliseconds.
 */
const OUT_OF_SIGHT = 10_000;

export class ServerLane extends EventSourceLane {
  #hearer;
  #seats;
  /** Which listeners are stopped: what waits for them would be lost. @type {Set<number>} */ #stopped = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #paused = false;

  /**
   * @param {import('./event-source-lane.js').LaneHearer} hearer
   * @param {number} seats
   */
  constructor(hearer, seats) {
    super(
      '',
      {
        ...hearer,
        state: (seat, state) => {
          if (state.running) this.#stopped.delete(seat);
          else this.#stopped.add(seat);
          hearer.state(seat, state);
        },
      },
      seats,
    );
    this.#hearer = hearer;
    this.#seats = seats;
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.#timer);
      if (document.visibilityState === 'hidden') this.#timer = setTimeout(() => this.#pause(), OUT_OF_SIGHT);
      else if (this.#paused) this.#goOn();
    });
  }

  #pause() {
    if (this.#stopped.size > 0) return;
    this.#paused = true;
    this.close();
    for (let seat = 0; seat < this.#seats; seat++) this.#hearer.status(seat, 'paused');
  }

  #goOn() {
    this.#paused = false;
    this.open();
  }
}
