// The source of a response whose bytes the core makes.

import { CoreStream, type OpenOptions } from '../channel/core-stream.js';
import type { CloseReason } from '../channel/ending.js';
import type { Subscription } from '../channel/subscription.js';
import { openBytes } from '../wasm/calls.js';
import { note } from '../wasm/event-text.js';
import type { Body, Source } from './body.js';

export class CoreSource implements Source {
  readonly #open: CoreStream;
  readonly #subscription: Subscription;
  readonly #positionEvents: boolean;
  /** The first chunk of a paced channel is what the stream starts with, which is no delivery. */
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
    const key = openBytes(subscription.core, subscription.key, report, positionEvents);
    this.#open = new CoreStream(key, subscription, body, options);
  }

  take(): ReturnType<Source['take']> {
    return this.#open.read() as ReturnType<Source['take']>;
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
    return this.#started ? this.#subscription.waitingSince() : this.#openedAt;
  }

  hasMore(): boolean {
    return this.#subscription.waitingSince() !== undefined;
  }

  note(retryMilliseconds?: number): Uint8Array {
    return note(retryMilliseconds, this.#open.unsentId(), this.#positionEvents);
  }

  get isAsked(): boolean {
    return false;
  }

  end(reason: CloseReason): void {
    this.#open.end(reason);
  }
}
