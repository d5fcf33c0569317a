// Body: the bytes of a listener's event stream, made by the core.

import { nextChunk } from '../pkg/eric_sse.js';
import { internalsOf, type AbstractChannel } from './channel.js';
import type { MessageQueueListener } from './listener.js';
import { ENDED, OpenStream, WAIT, type Reader } from './open.js';
import { report } from './report.js';

export interface BodyOptions {
  /** Called once, when the stream ends. */
  leave: () => void;
  signals: readonly (AbortSignal | null | undefined)[];
  onError: ((error: unknown) => void) | undefined;
}

/** Opens the body of a response for a registered listener. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function bodyOf(channel: AbstractChannel<any, any>, listener: MessageQueueListener<any>, options: BodyOptions): ReadableStream<Uint8Array> {
  return new Body(channel, listener, options).readable;
}

class Body implements Reader {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #open: OpenStream;
  readonly #leave: () => void;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #cancelled = false;
  /** The first chunk of a paced channel is the reconnection time alone, which is no delivery. */
  #started = false;
  /** Ends the pull that waits for a chunk. */
  #pulled: (() => void) | undefined;

  constructor(channel: AbstractChannel, listener: MessageQueueListener, { leave, signals, onError }: BodyOptions) {
    const { raw, seats, wire } = internalsOf(channel);
    const seat = seats.get(listener.id)!;
    this.#leave = leave;
    // Nothing is kept in the stream itself: a chunk is made when somebody reads, of all that is ready by then.
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#pull(),
        cancel: () => this.#cancel(),
      },
      { highWaterMark: 0 },
    );
    seat.refresh();
    const number = raw.openBytes(seat.number, onError ?? ((error: unknown) => report(listener.id, error)));
    this.#open = new OpenStream(number, seat, this, { delaySeconds: wire.delaySeconds, signals });
  }

  #pull(): Promise<void> | void {
    if (!this.#offer()) return new Promise((resolve) => (this.#pulled = resolve));
  }

  #cancel(): void {
    this.#cancelled = true;
    this.#open.end();
  }

  woken(): void {
    const pulled = this.#pulled;
    if (pulled === undefined || !this.#offer()) return;
    this.#pulled = undefined;
    pulled();
  }

  ended(): void {
    this.#leave();
    if (!this.#cancelled) this.#controller.close();
    this.#pulled?.();
    this.#pulled = undefined;
  }

  /** Hands on what is ready. Returns whether there was something, the end included. */
  #offer(): boolean {
    const chunk = this.#open.read(nextChunk as (number: number) => Uint8Array);
    if (chunk === WAIT) return false;
    if (chunk === ENDED) return true;
    this.#controller.enqueue(chunk);
    if (this.#started) this.#open.delivered();
    this.#started = true;
    return true;
  }
}
