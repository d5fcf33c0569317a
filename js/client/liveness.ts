// Signs of life: which connections are given up although nobody has closed them.
//
// A server that sends heartbeats is never silent for longer than the time between two of them. The
// caller states that time, or the server does in a comment `heartbeat: <seconds>`. Otherwise three
// comments in a row show it, if the two times between them are about the same.

import { LONGEST_TIMER_SECONDS } from '../util/options.js';
import { setQuietTimeout } from '../util/timers.js';

/** A connection is given up after so many heartbeats that did not come. */
const HEARTBEATS = 2.5;
/** How long a connection has for a sign of life, after the page or the machine has slept. */
const GRACE_MILLISECONDS = 3000;
/** Comments that follow each other faster are no heartbeats. */
const LEAST_MILLISECONDS = 1000;

/** @internal */
export class Liveness {
  readonly #giveUp: (silentSeconds: number) => void;
  /** The time between two heartbeats in milliseconds; 0 while it is unknown. */
  #heartbeat: number;
  #isChosen: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the last sign of life came, or the wait for it began. */
  #signAt = 0;
  #isWaiting = false;
  /** When the last comment came, and how long after the one before; 0 after an event. */
  #commentAt = 0;
  #interval = 0;

  /**
   * @param heartbeatSeconds The time that the caller has stated: 0 for never, `undefined` to
   * find it out.
   * @param giveUp Ends the connection.
   */
  constructor(heartbeatSeconds: number | undefined, giveUp: (silentSeconds: number) => void) {
    this.#heartbeat = (heartbeatSeconds ?? 0) * 1000;
    this.#isChosen = heartbeatSeconds !== undefined;
    this.#giveUp = giveUp;
  }

  /** The reader waits for bytes from now on. */
  waits(): void {
    this.#isWaiting = true;
    this.#signAt = Date.now();
    // A timer that is set is moved when it is due: most connections give signs more often.
    if (this.#timer === undefined) this.#watch();
  }

  /** Bytes have come, or nobody waits for them any more. */
  came(): void {
    this.#isWaiting = false;
    this.#signAt = Date.now();
  }

  /** A comment has come. */
  comment(text: string): void {
    if (this.#isChosen) return;
    const now = Date.now();
    const [, said] = /^\s*heartbeat:\s*(\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
    if (said !== undefined) {
      this.#isChosen = true;
      this.#set(Number(said) * 1000);
      return;
    }
    const interval = this.#commentAt && now - this.#commentAt;
    this.#commentAt = now;
    if (interval < LEAST_MILLISECONDS) return;
    if (Math.abs(interval - this.#interval) < this.#interval / 2) this.#set(Math.max(interval, this.#interval));
    this.#interval = interval;
  }

  /** An event has come: the comments before it and behind it say nothing about heartbeats. */
  event(): void {
    this.#commentAt = this.#interval = 0;
  }

  /** The connection has ended. The time between heartbeats stays known. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isWaiting = false;
    this.event();
  }

  /** The page or the network may have been away: a connection that is late shows that it lives. */
  wake(wasAway: boolean): void {
    if (!this.#isWaiting || (this.#isChosen && this.#heartbeat === 0)) return;
    const isLate = this.#heartbeat > 0 ? Date.now() - this.#signAt > this.#heartbeat : wasAway;
    if (isLate) this.#set(this.#heartbeat, GRACE_MILLISECONDS);
  }

  #set(heartbeat: number, graceMilliseconds?: number): void {
    this.#heartbeat = heartbeat;
    clearTimeout(this.#timer);
    this.#watch(graceMilliseconds);
  }

  /** Sets the timer, of the grace or of what is left of the heartbeats. */
  #watch(graceMilliseconds?: number): void {
    this.#timer = undefined;
    if (this.#heartbeat === 0 && graceMilliseconds === undefined) return;
    const since = this.#signAt;
    const left = () => graceMilliseconds ?? this.#signAt + HEARTBEATS * this.#heartbeat - Date.now();
    const wait = Math.min(left(), LONGEST_TIMER_SECONDS * 1000);
    const dueAt = Date.now() + wait;
    this.#timer = setQuietTimeout(() => {
      const now = Date.now();
      const isAlive = graceMilliseconds === undefined ? left() > 0 : this.#signAt > since;
      if (!this.#isWaiting) this.#timer = undefined;
      else if (isAlive) this.#watch();
      // A machine that has slept has not looked at what has come meanwhile.
      else if (graceMilliseconds === undefined && now > dueAt + GRACE_MILLISECONDS) this.#watch(GRACE_MILLISECONDS);
      else this.#giveUp((now - this.#signAt) / 1000);
    }, wait);
  }
}
