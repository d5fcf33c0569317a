// The source of a response whose bytes the core makes.

import { type ENDED, type OpenOptions, OpenStream, type WAIT } from '../channel/core-stream.js';
import type { Seat } from '../channel/subscription.js';
import { note } from '../wasm/event-text.js';
import type { Body, Source } from './body.js';
import type { CloseReason } from './liveness.js';

export class CoreSource implements Source {
  readonly #open: OpenStream;
  readonly #seat: Seat;
  /** The first chunk of a paced channel is what the stream starts with, which is no delivery. */
  #started = false;
  readonly #openedAt = performance.now();

  constructor(body: Body, seat: Seat, report: (error: unknown) => void, options: OpenOptions) {
    this.#seat = seat;
    this.#open = new OpenStream(seat.raw.open(seat.number, true, report), seat, body, options);
  }

  take(): Uint8Array | typeof WAIT | typeof ENDED {
    return this.#open.read<Uint8Array>() as Uint8Array | typeof WAIT | typeof ENDED;
  }

  wait(body: Body): void {
    this.#open.wait(body);
  }

  idle(): void {
    this.#open.idle();
  }

  delivered(): void {
    if (this.#started) this.#open.delivered();
    this.#started = true;
  }

  look(): void {
    this.#open.endIfOver();
  }

  waitingSince(): number | undefined {
    return this.#started ? this.#seat.waitingSince() : this.#openedAt;
  }

  hasMore(): boolean {
    return this.#seat.waitingSince() !== undefined;
  }

  note(retryMilliseconds?: number): Uint8Array {
    return note(retryMilliseconds, this.#seat.lastId);
  }

  get isAsked(): boolean {
    return false;
  }

  end(reason: CloseReason): void {
    this.#open.end(reason);
  }
}
