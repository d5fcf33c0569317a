// InOrder: calls that wait until everything written before them is durable, and run in the order in
// which they came.

/**
 * At most this many calls run in one turn: a client that reads all the time has room for their
 * messages.
 */
const MOST_CALLS = 256;

export class InOrder {
  readonly #durable: () => Promise<void>;
  /** The calls that wait for their write to be durable, oldest first. */
  readonly #waiting: (() => void)[] = [];
  #done = 0;
  /** The end of a turn in which many calls have run. */
  #pause: Promise<void> | undefined;

  /** @param durable Resolves when everything that was written before the call is durable. */
  constructor(durable: () => Promise<void>) {
    this.#durable = durable;
  }

  /**
   * Runs a call after all earlier ones, when its write is durable.
   *
   * @throws the errors of the call.
   */
  async run(call: () => void): Promise<void> {
    let failure: { error: unknown } | undefined;
    let isDone = false;
    this.#waiting.push(() => {
      isDone = true;
      try {
        call();
      } catch (error) {
        failure = { error };
      }
    });
    await this.#durable();
    // Earlier calls have written earlier, so that their writes are durable as well.
    while (!isDone) {
      if (this.#pause) await this.#pause;
      else {
        this.#waiting.shift()!();
        if (++this.#done % MOST_CALLS === 0)
          this.#pause = new Promise<void>((resolve) => setTimeout(resolve, 0)).then(() => (this.#pause = undefined));
      }
    }
    if (failure) throw failure.error;
  }
}
