// Seat: a listener's place at a channel, by its number in the core.

import type { RawChannel } from '../pkg/eric_sse.js';
import { MessageQueueListener } from './listener.js';
import type { Sent } from './message.js';
import { report } from './report.js';

/** A stream that may have to end though nobody is reading it. */
export interface Onlooker {
  /** Ends the stream if its listener was stopped or removed. */
  look(): void;
}

export class Seat {
  readonly raw: RawChannel;
  readonly listener: MessageQueueListener;
  readonly number: number;
  /** The open streams that read for the listener here. */
  readonly streams = new Set<Onlooker>();
  #watched = false;
  #left = false;

  /** @throws {InvalidChannelException | InvalidListenerException} when the channel refuses the listener. */
  constructor(raw: RawChannel, listener: MessageQueueListener) {
    this.raw = raw;
    this.listener = listener;
    this.number = raw.add(listener.id, listener.isRunningSync());
    MessageQueueListener.join(listener, this);
    this.refresh();
  }

  /** Has the core call `onMessage`, or spares it the call: `onMessage` may be assigned at any time. */
  refresh(): void {
    const watched = MessageQueueListener.hasOnMessage(this.listener);
    if (watched === this.#watched) return;
    this.#watched = watched;
    this.raw.setOnMessage(this.number, watched ? this.#onMessage : undefined);
  }

  start(): void {
    this.raw.start(this.number);
  }

  stop(): void {
    this.raw.stop(this.number);
    this.#lookSoon();
  }

  /** Whether the listener was removed. */
  get left(): boolean {
    return this.#left;
  }

  leave(): void {
    this.#left = true;
    MessageQueueListener.leave(this.listener, this);
    this.raw.remove(this.number);
    this.#lookSoon();
  }

  /** Stops the whole listener when the core has stopped it at this seat: its channel was closed. */
  followCore(): void {
    if (!this.#left && !this.raw.isRunning(this.number)) MessageQueueListener.stopElsewhere(this.listener, this);
  }

  /**
   * Ends the streams that nobody reads just now; the core wakes the others. Not at once: the message that stops its own
   * listener is still delivered.
   */
  #lookSoon(): void {
    if (this.streams.size === 0) return;
    queueMicrotask(() => {
      for (const stream of [...this.streams]) stream.look();
    });
  }

  readonly #onMessage = (sent: Sent): void => {
    const answer: unknown = this.listener.onMessage(sent.message);
    // It is not waited for, but neither is its failure swallowed.
    if (answer instanceof Promise) answer.catch((error: unknown) => report(this.listener.id, error));
  };
}
