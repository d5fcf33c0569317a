// A clock that a test advances: heartbeats, stalls and rotations without waiting.

/** The functions of `globalThis` that a {@link VirtualClock} replaces. */
const NAMES = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;

interface Timer {
  at: number;
  callback: () => void;
  everyMilliseconds: number | undefined;
}

/** Turns of the event loop between one due timer and the next: streams need several. */
const TURNS = 20;

/**
 * Takes the place of `setTimeout`, `setInterval`, `performance.now` and `Date.now` until it is
 * {@link restore}d. Install it before the responses are made.
 */
export class VirtualClock {
  readonly #real = Object.fromEntries(NAMES.map((name) => [name, globalThis[name]])) as Record<
    (typeof NAMES)[number],
    unknown
  >;
  readonly #performanceNow = performance.now;
  readonly #dateNow = Date.now;
  readonly #timers = new Map<number, Timer>();
  readonly #startedAt = performance.now();
  readonly #startedOn = Date.now();
  #passed = 0;
  /** Above the numbers that browsers give their timers. */
  #newest = 2 ** 40;

  constructor() {
    const add = (
      callback: (...args: unknown[]) => void,
      milliseconds: number | undefined,
      args: unknown[],
      repeats: boolean,
    ): unknown => {
      const delay = Math.max(repeats ? 1 : 0, Number(milliseconds) || 0);
      const number = ++this.#newest;
      this.#timers.set(number, {
        at: this.#passed + delay,
        callback: () => callback(...args),
        everyMilliseconds: repeats ? delay : undefined,
      });
      // As Node's: an object that is a number where one is wanted.
      return {
        ref() {
          return this;
        },
        unref() {
          return this;
        },
        hasRef: () => true,
        [Symbol.toPrimitive]: () => number,
      };
    };
    const remove =
      (name: 'clearTimeout' | 'clearInterval') =>
      (timer: unknown): void => {
        // A timer that was set before belongs to the real clock.
        if (!this.#timers.delete(Number(timer))) (this.#real[name] as (timer: unknown) => void).call(globalThis, timer);
      };
    Object.assign(globalThis, {
      setTimeout: (callback: () => void, milliseconds?: number, ...args: unknown[]) =>
        add(callback, milliseconds, args, false),
      setInterval: (callback: () => void, milliseconds?: number, ...args: unknown[]) =>
        add(callback, milliseconds, args, true),
      clearTimeout: remove('clearTimeout'),
      clearInterval: remove('clearInterval'),
    });
    performance.now = () => this.#startedAt + this.#passed;
    Date.now = () => this.#startedOn + Math.floor(this.#passed);
  }

  /** How many seconds have passed by this clock. */
  get seconds(): number {
    return this.#passed / 1000;
  }

  /**
   * Lets time pass: timers that become due are called in their order, and what they lead to happens
   * before the next one.
   */
  async advance(seconds: number): Promise<void> {
    const end = this.#passed + seconds * 1000;
    await this.#turn();
    for (;;) {
      const [number, timer] = [...this.#timers].reduce<[number, Timer] | []>(
        (first, next) => (first[1] && first[1].at <= next[1].at ? first : next),
        [],
      );
      if (!timer || timer.at > end) break;
      this.#passed = Math.max(this.#passed, timer.at);
      if (timer.everyMilliseconds === undefined) this.#timers.delete(number!);
      else timer.at += timer.everyMilliseconds;
      timer.callback();
      await this.#turn();
    }
    this.#passed = end;
    await this.#turn();
  }

  /** Gives the real clock back. Timers that are still set are never called. */
  restore(): void {
    Object.assign(globalThis, this.#real);
    performance.now = this.#performanceNow;
    Date.now = this.#dateNow;
    this.#timers.clear();
  }

  /** Lets what is ready happen: microtasks, and what waits for them. */
  async #turn(): Promise<void> {
    const wait = this.#real.setTimeout as (callback: () => void, milliseconds: number) => unknown;
    for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
    await new Promise<void>((resolve) => wait.call(globalThis, resolve, 0));
  }
}
