// SocketSource: the source of a response whose bytes come through a WebSocket from an object.

import type { CloseReason } from '../../channel/ending.js';
import type { Body, Source } from '../../response/body.js';
import { lastIdIn } from '../../response/last-id-in.js';
import type { Connection } from '../../response/liveness.js';
import { joined } from '../../util/bytes.js';
import { ENDED, WAIT } from '../../wasm/core.js';
import { note } from '../../wasm/event-text.js';
import { retryMilliseconds, TRIES } from '../objects.js';
import { ALIVE, closeQuietly, STREAM_ENDED } from '../socket-protocol.js';

/** A WebSocket that was open for this long counts as a success. */
const LASTING_MILLISECONDS = 10_000;

/** A WebSocket without an answer for this long is lost. */
const ANSWER_MILLISECONDS = 5_000;

export interface SocketSourceOptions {
  ask: (id: string | undefined) => Promise<Response>;
  queueBytes: number;
  quietMilliseconds: number;
  lastEventId: string | undefined;
}

/** The source of a response whose bytes come through a WebSocket. */
export class SocketSource implements Source {
  readonly #body: Body;
  readonly #connection: Connection;
  readonly #ask: (id: string | undefined) => Promise<Response>;
  readonly #queueBytes: number;
  readonly #quietMilliseconds: number;
  #socket: WebSocket | undefined;
  #joinedAt = 0;
  /** When something came through the WebSocket last. */
  #cameAt = 0;
  /** Since when the WebSocket was asked whether it is alive and has not answered. */
  #askedAt: number | undefined;
  /** Whether this WebSocket has ever answered. */
  #hasAnswered = false;
  /** Whether one is to answer: the object may be one that has other answers, or has become one. */
  #answers = false;
  /** Whole blocks that came and were not taken yet. */
  #queue: Uint8Array[] = [];
  #bytes = 0;
  /** The most bytes of these. Unlimited during a replay, which does not count until it is taken. */
  #room = Infinity;
  #since: number | undefined;
  /** The newest id that came; the client's before. */
  #lastEventId: string | undefined;
  /** Why the object has ended the stream. */
  #last: CloseReason | undefined;
  #over = false;
  /** How many attempts to join again were made since the last progress. */
  #tried = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** Is called when the source has ended. */
  onEnd: (() => void) | undefined;

  constructor(
    body: Body,
    connection: Connection,
    { ask, queueBytes, quietMilliseconds, lastEventId }: SocketSourceOptions,
  ) {
    this.#body = body;
    this.#connection = connection;
    this.#ask = ask;
    this.#queueBytes = queueBytes;
    this.#quietMilliseconds = quietMilliseconds;
    this.#lastEventId = lastEventId;
  }

  listen(socket: WebSocket): void {
    if (this.#over) {
      // The client has left meanwhile.
      socket.accept();
      return closeQuietly(socket, 1000);
    }
    this.#socket = socket;
    this.#joinedAt = performance.now();
    this.#room = Infinity;
    // Otherwise it may be a Blob, which can only be read asynchronously.
    socket.binaryType = 'arraybuffer';
    socket.accept();
    socket.addEventListener('message', ({ data }) => {
      if (socket !== this.#socket) return;
      this.#cameAt = performance.now();
      this.#askedAt = undefined;
      if (data === ALIVE) this.#answers = this.#hasAnswered = true;
      else if (data instanceof ArrayBuffer) this.#came(new Uint8Array(data));
      else if (data) this.#moved(new TextEncoder().encode(data));
      else this.#room = this.#bytes + this.#queueBytes;
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (socket !== this.#socket) return;
      if (code === STREAM_ENDED) this.#finish(reason as CloseReason);
      else this.#lost();
    });
    socket.addEventListener('error', () => socket === this.#socket && this.#lost());
    this.#hasAnswered = false;
    this.#askedAt = undefined;
    if (this.#quietMilliseconds < Infinity) this.#askAlive(socket);
  }

  /** A WebSocket may be lost without a word. */
  beat(): void {
    const socket = this.#socket;
    if (!socket || !this.#answers) return;
    const now = performance.now();
    if (this.#askedAt === undefined) {
      if (now - this.#cameAt >= this.#quietMilliseconds) this.#askAlive(socket);
    } else if (now - this.#askedAt >= ANSWER_MILLISECONDS) {
      this.#answers = this.#hasAnswered;
      this.#lost();
      closeQuietly(socket, 1000);
    }
  }

  #askAlive(socket: WebSocket): void {
    this.#askedAt = performance.now();
    try {
      socket.send(ALIVE);
    } catch {
      // The socket is lost: no answer will come.
    }
  }

  take(): ReturnType<Source['take']> {
    if (this.#over) return ENDED;
    if (this.#queue.length === 0) {
      if (this.#last === undefined) return WAIT;
      this.end(this.#last);
      return ENDED;
    }
    // In one chunk: the runtime notices a client that has left only if nothing else is ready at
    // once.
    const chunk = joined(this.#queue, this.#bytes);
    this.#queue = [];
    this.#bytes = 0;
    if (this.#room !== Infinity) this.#room = this.#queueBytes;
    this.#since = undefined;
    return chunk;
  }

  wait(): void {}

  idle(): void {}

  delivered(): void {}

  waitingSince(): number | undefined {
    return this.#since;
  }

  note(retryMilliseconds?: number): Uint8Array {
    return note(retryMilliseconds);
  }

  hasMore(): boolean {
    return this.#queue.length > 0;
  }

  get isAsked(): boolean {
    return false;
  }

  end(reason: CloseReason): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#again);
    this.onEnd?.();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) closeQuietly(socket, 1000);
    this.#connection.ended(reason);
    this.#body.ended();
  }

  /** Passes on a block whose event id is all that it carries, unless the client has that id. */
  #moved(bytes: Uint8Array): void {
    if (lastIdIn(bytes) !== this.#lastEventId) this.#came(bytes);
  }

  #came(bytes: Uint8Array): void {
    const id = lastIdIn(bytes) ?? this.#lastEventId;
    // The first block of a stream has the id that was asked for: it is no progress.
    if (id !== this.#lastEventId) this.#tried = 0;
    this.#lastEventId = id;
    this.#queue.push(bytes);
    this.#bytes += bytes.length;
    this.#since ??= performance.now();
    this.#body.woken();
    // A single message above the bound is let through when nothing else waits.
    if (this.#bytes > this.#room && this.#queue.length > 1) this.end('full');
  }

  /** The stream ends after the bytes that came. */
  #finish(reason: CloseReason): void {
    this.#last = reason;
    this.#socket = undefined;
    this.#body.woken();
  }

  #lost(): void {
    if (this.#socket && performance.now() - this.#joinedAt > LASTING_MILLISECONDS) this.#tried = 0;
    this.#socket = undefined;
    if (this.#tried === TRIES) return this.#finish('failed');
    this.#again = setTimeout(() => void this.#join(), retryMilliseconds(this.#tried++));
  }

  async #join(): Promise<void> {
    try {
      const { webSocket, status, body } = await this.#ask(this.#lastEventId);
      if (webSocket) return this.listen(webSocket);
      void body?.cancel();
      if (this.#over) return;
      // The reconnecting client receives the same answer.
      if (status < 500) return this.#finish('removed');
    } catch {
      // The object or its runtime is restarting.
    }
    if (!this.#over) this.#lost();
  }
}
