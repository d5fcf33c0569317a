// Body: the bytes of a listener's event stream, made by the core.

import { nextChunk } from '../pkg/eric_sse.js';
import { internalsOf, type AbstractChannel } from './channel.js';
import { ENDED, OpenStream, WAIT, type Reader } from './open.js';
import { reporter } from './report.js';
import type { Seat } from './seat.js';

export interface BodyOptions {
  /** Called once, when the stream ends. */
  leave: () => void;
  signals: readonly (AbortSignal | null | undefined)[];
  onError: ((error: unknown) => void) | undefined;
}

/** Opens the body of a response for a registered listener. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function bodyOf(channel: AbstractChannel<any, any>, seat: Seat, options: BodyOptions): ReadableStream<Uint8Array> {
  return new Body(channel, seat, options).readable;
}

class Body implements Reader {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #open: OpenStream;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #cancelled = false;
  #ended = false;
  /** The first chunk of a paced channel is the reconnection time alone, which is no delivery. */
  #started = false;
  /** Ends the pull that waits for a chunk. */
  #pulled: (() => void) | undefined;

  constructor(channel: AbstractChannel, seat: Seat, { leave, signals, onError }: BodyOptions) {
    const { raw, wire } = internalsOf(channel);
    // Nothing is kept in the stream itself: a chunk is made when somebody reads, of all that is ready by then.
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#pull(),
        cancel: () => this.#cancel(),
      },
      { highWaterMark: 0 },
    );
    const number = raw.openBytes(seat.number, reporter(seat.listener.id, onError));
    this.#open = new OpenStream(number, seat, this, { delaySeconds: wire.delaySeconds, signals, onEnd: leave });
  }

  #pull(): Promise<void> | void {
    if (this.#offer()) return;
    this.#open.wait();
    return new Promise((resolve) => (this.#pulled = resolve));
  }

  #cancel(): void {
    this.#cancelled = true;
    this.#open.end();
  }

  woken(): void {
    const pulled = this.#pulled;
    if (pulled === undefined || !this.#offer()) return;
    this.#open.idle();
    this.#pulled = undefined;
    pulled();
  }

  ended(): void {
    this.#ended = true;
    if (!this.#cancelled) this.#controller.close();
    this.#pulled?.();
    this.#pulled = undefined;
  }

  /** Hands on what is ready. Returns whether there was something, the end included. */
  #offer(): boolean {
    const chunk = this.#open.read(nextChunk as (number: number) => Uint8Array);
    if (chunk === WAIT) return false;
    // A callback may have ended the stream while the chunk was made: there is nobody left to hand it to.
    if (chunk === ENDED || this.#ended) return true;
    this.#controller.enqueue(chunk);
    if (this.#started) this.#open.delivered();
    this.#started = true;
    this.#open.endIfOver();
    return true;
  }
}
