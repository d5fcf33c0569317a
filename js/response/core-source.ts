// The source of a response whose bytes the core makes.

import { CoreStream, type OpenOptions } from '../channel/core-stream.js';
import type { CloseReason } from '../channel/ending.js';
import type { Subscription } from '../channel/subscription.js';
import { openBytes } from '../wasm/calls.js';
import { note } from '../wasm/event-text.js';
import type { Body, Source } from './body.js';

export class CoreSource implements Source {
  readonly #stream: CoreStream;
  readonly #subscription: Subscription;
  readonly #positionEvents: boolean;
  /** Whether the start of the stream was handed on. On a paced channel it is no delivery. */
  #started = false;
  readonly #openedAt = performance.now();

  constructor(
    body: Body,
    subscription: Subscription,
    report: (error: unknown) => void,
    positionEvents: boolean,
    options: OpenOptions,
  ) {
    this.#subscription = subscription;
    this.#positionEvents = positionEvents;
    const key = openBytes(subscription.raw, subscription.key, report, positionEvents);
    this.#stream = new CoreStream(key, subscription, body, options);
  }

  take(): ReturnType<Source['take']> {
    return this.#stream.read() as ReturnType<Source['take']>;
  }

  wait(body: Body): void {
    this.#stream.wait(body);
  }

  idle(): void {
    this.#stream.idle();
  }

  delivered(): void {
    if (this.#started) this.#stream.delivered();
    this.#started = true;
  }

  look(): void {
    this.#stream.endIfOver();
  }

  waitingSince(): number | undefined {
    return this.#started ? this.#subscription.waitingSince() : this.#openedAt;
  }

  hasMore(): boolean {
    return this.#subscription.waitingSince() !== undefined;
  }

  note(retryMilliseconds?: number): Uint8Array {
    return note(retryMilliseconds, this.#stream.unsentId(), this.#positionEvents);
  }

  get isAsked(): boolean {
    return false;
  }

  end(reason: CloseReason): void {
    this.#stream.end(reason);
  }
}
