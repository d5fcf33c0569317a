// Body: the bytes of a response, on their way to the reader of a stream or to a client's socket.

import type { CloseReason } from '../channel/ending.js';
import { ENDED, WAIT } from '../wasm/core.js';
import type { Connection, Transport } from './liveness.js';

/** The source of a body's chunks. */
export interface Source {
  /**
   * Takes what is ready: a chunk, `ENDED`, or `WAIT` if the body's `woken` will be called.
   */
  take(): Uint8Array | typeof WAIT | typeof ENDED;
  /** A pull waits from now on for the body's `woken`. */
  wait(body: Body): void;
  /** No pull waits any more. */
  idle(): void;
  /** A chunk was handed on. The source may end the body upon that. */
  delivered(): void;
  /** There may be something to take, and no pull waits. Ends the source if that is the end. */
  look?(): void;
  /** A heartbeat is due: a pull waits, and nothing has come for that long. */
  beat?(): void;
  /** Since when there is something that was not taken, in milliseconds of `performance.now()`. */
  waitingSince(): number | undefined;
  /**
   * Makes a block that carries no message: the reconnection time, or a comment. It has the event id
   * up to which everything was handed on, unless the client has that id already.
   */
  note(retryMilliseconds?: number): Uint8Array;
  /** Whether more may be ready than was taken: asked while the body is to end. */
  hasMore(): boolean;
  /**
   * Whether the source fetches what is ready. It calls `woken` within this turn if there is
   * something.
   */
  readonly isAsked: boolean;
  /** Ends the source, which calls the body's `ended`. */
  end(reason: CloseReason): Promise<void> | void;
}

/** Where a body's bytes go; the controller of a `ReadableStream` is one. */
export interface Sink {
  /** @throws when they cannot be taken any more. */
  enqueue(bytes: Uint8Array): void;
  /** There will be no more. */
  close(reason?: CloseReason): void;
  /** There will be no more, because of an error. */
  error(error: unknown): void;
  /** Nothing more is ready, and the body waits. */
  drained?(): void;
}

export class Body implements Transport {
  readonly #source: Source;
  readonly #connection: Connection;
  readonly #sink: Sink;
  #cancelled = false;
  #over = false;
  #taking = false;
  /**
   * Whether a chunk is being handed on. A stream with several waiting reads asks for the next chunk
   * from within that.
   */
  #handing = false;
  /** The reason and the reconnection time of a body that is about to end. */
  #last: { reason: CloseReason; retryMilliseconds: number; since: number } | undefined;
  /** Ends the body, unless its source has something first. */
  #soon: ReturnType<typeof setTimeout> | undefined;
  /** Answers the pull that waits for a chunk. */
  #pulled: (() => void) | undefined;

  /**
   * The request, until the response ends. Its signal follows another one by a weak reference to the
   * request, so that without the request it is never aborted (Node 20, 22 and 26).
   */
  holds: object | null | undefined;

  /**
   * @param sink Holds the body. Beside it only a source holds the body, while the body waits.
   * @param sourceFor Opens the source, which may end the body at once.
   */
  constructor(connection: Connection, sink: Sink, sourceFor: (body: Body) => Source) {
    this.#connection = connection;
    this.#sink = sink;
    this.#source = sourceFor(this);
  }

  get isWaiting(): boolean {
    return this.#pulled !== undefined;
  }

  waitingSince(): number | undefined {
    return this.#source.waitingSince() ?? this.#last?.since;
  }

  beat(): void {
    this.#source.beat?.();
    if (this.#enqueue(this.#source.note())) this.#endPull();
  }

  finish(reason: CloseReason, retryMilliseconds: number): void {
    if (this.#over || this.#last) return;
    this.#last = { reason, retryMilliseconds, since: performance.now() };
    // Messages of this turn go first.
    this.woken();
  }

  end(reason: CloseReason): void {
    void this.#source.end(reason);
  }

  /** There may be something to take. */
  woken(): void {
    if (this.#pulled === undefined) this.#source.look?.();
    else if (this.#offer()) this.#endPull();
    else this.#sink.drained?.();
  }

  /** The source has ended. */
  ended(): void {
    this.#over = true;
    this.holds = undefined;
    if (!this.#cancelled) this.#sink.close(this.#connection.reason);
    this.#endPull();
  }

  /** The source has failed. */
  failed(error: unknown): void {
    this.#over = true;
    this.holds = undefined;
    if (!this.#cancelled) this.#sink.error(error);
    this.#endPull();
  }

  /**
   * Hands on one chunk, or the end. Returns whether it has; `answered` is called otherwise as soon
   * as it has.
   */
  pull(answered: () => void): boolean {
    if (this.#handing) {
      // After that call, which otherwise would end this pull in place of the one that it answers.
      queueMicrotask(() => this.pull(answered) && answered());
      return false;
    }
    if (this.#offer()) return true;
    this.#source.wait(this);
    this.#pulled = answered;
    this.#connection.waits();
    this.#sink.drained?.();
    return false;
  }

  /** The sink has got rid of a part of what it was given. */
  progressed(): void {
    this.#connection.sent();
  }

  /** The sink no longer takes bytes, and is not closed. */
  cancel(reason: CloseReason): Promise<void> | void {
    this.#cancelled = true;
    return this.#source.end(reason);
  }

  /** Ends the pull that waits. */
  #endPull(): void {
    const pulled = this.#pulled;
    if (pulled === undefined) return;
    this.#pulled = undefined;
    this.#source.idle();
    pulled();
  }

  /** Hands on what is ready. Returns whether there was something, the end included. */
  #offer(): boolean {
    // A callback that sees a message may wake the body: what is ready then comes behind it.
    if (this.#taking) return false;
    this.#taking = true;
    const chunk = this.#source.take();
    this.#taking = false;
    // A callback may have ended the body while the chunk was made: there is nobody left to hand it
    // to.
    if (chunk === ENDED || this.#over) return true;
    if (chunk === WAIT) return this.#source.isAsked ? this.#finishSoon() : this.#finish();
    if (!this.#enqueue(chunk)) return true;
    this.#source.delivered();
    if (this.#last === undefined) return true;
    clearTimeout(this.#soon);
    if (!this.#source.hasMore()) this.#finish();
    return true;
  }

  /** Ends the body soon if it is to end, unless its source has something first. */
  #finishSoon(): false {
    clearTimeout(this.#soon);
    if (this.#last !== undefined) this.#soon = setTimeout(() => this.isWaiting && this.#finish(), 0);
    return false;
  }

  /** Ends the body if it is to end. Returns whether it is. */
  #finish(): boolean {
    const last = this.#last;
    if (last === undefined) return false;
    this.#last = undefined;
    if (!this.#over && this.#enqueue(this.#source.note(last.retryMilliseconds))) void this.#source.end(last.reason);
    return true;
  }

  /** Returns whether the bytes were taken; the body has ended otherwise. */
  #enqueue(bytes: Uint8Array): boolean {
    this.#handing = true;
    try {
      this.#sink.enqueue(bytes);
      this.#connection.sent();
      return true;
    } catch {
      // The stream was errored from outside, or its runtime has let go of it.
      void this.cancel('failed');
      return false;
    } finally {
      this.#handing = false;
    }
  }
}
