// OpenStream: one open stream of the core, whoever reads it. Its number, its pace, its signals and its end.

import { end, isOver, rest } from '../pkg/eric_sse.js';
import { expect, forget, type Wakeable } from './runtime.js';
import type { Onlooker, Seat } from './seat.js';

/** What the core answers when there is nothing yet: `woken` will be called. */
export const WAIT = undefined;
/** What the core answers when the stream has ended. */
export const ENDED = null;

/** What reads a stream. */
export interface Reader extends Wakeable {
  /** The stream has ended, by whatever: called once. */
  ended(): void;
}

export interface OpenOptions {
  /** The least time between two deliveries. */
  delaySeconds: number;
  /** Any of them ends the stream when it is aborted. */
  signals: readonly (AbortSignal | null | undefined)[];
}

export class OpenStream implements Onlooker {
  readonly #number: number;
  readonly #seat: Seat;
  readonly #reader: Reader;
  readonly #delayMilliseconds: number;
  /** Runs from a delivery until the next one is due. */
  #due: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  readonly #signals: AbortSignal[];

  constructor(number: number, seat: Seat, reader: Reader, { delaySeconds, signals }: OpenOptions) {
    this.#number = number;
    this.#seat = seat;
    this.#reader = reader;
    this.#delayMilliseconds = delaySeconds * 1000;
    this.#signals = signals.filter((signal) => signal != null);
    expect(number, reader);
    seat.streams.add(this);
    for (const signal of this.#signals) signal.addEventListener('abort', this.#abort);
    if (this.#signals.some((signal) => signal.aborted)) this.end();
  }

  /** Reads, when the pace allows it: `WAIT`, `ENDED`, or what `next` took from the core. */
  read<T>(next: (number: number) => T): T | typeof WAIT | typeof ENDED {
    if (this.#ended) return ENDED;
    if (this.#due !== undefined) {
      if (rest(this.#number)) return WAIT;
      this.end();
      return ENDED;
    }
    this.#seat.refresh();
    const taken = next(this.#number);
    if (taken === ENDED) this.end();
    return taken;
  }

  /** Starts the time until the next delivery is due. */
  delivered(): void {
    if (this.#delayMilliseconds === 0 || this.#ended) return;
    this.#due = setTimeout(() => {
      this.#due = undefined;
      this.#reader.woken();
    }, this.#delayMilliseconds);
  }

  /** Ends the stream if what was read is the last: the closing of its channel. */
  endIfOver(): void {
    if (!this.#ended && isOver(this.#number)) this.end();
  }

  /** Ends the stream if its listener was stopped or removed. */
  look(): void {
    if (!this.#ended && !rest(this.#number)) this.end();
  }

  /** Ends the stream. Does nothing to an ended one. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#due);
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#abort);
    this.#seat.streams.delete(this);
    forget(this.#number);
    end(this.#number);
    this.#seat.followCore();
    this.#reader.ended();
  }

  readonly #abort = (): void => this.end();
}
