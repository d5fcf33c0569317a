// Outgoing: the bytes of a body go to a response of Node, as fast as its socket takes them.

import type { CloseReason } from '../../channel/ending.js';
import type { Body, Sink } from '../../response/body.js';
import type { ResponseOptions } from '../../response/respond.js';
import { tell } from '../../response/status.js';
import { setQuietTimeout } from '../../util/timers.js';
import type { NodeResponse } from './http-types.js';

/** What only some responses have. */
interface Sometimes {
  /** HTTP/1. */
  destroyed?: boolean;
  /** HTTP/2. */
  stream?: { destroyed?: boolean };
  /** Of middleware that compresses: sends what it holds back. */
  flush?: () => void;
}

const STALL_SECONDS = 60;

const { Buffer } = globalThis as unknown as {
  Buffer?: { from(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array };
};

let lastBytes: Uint8Array;
let lastBuffer: Uint8Array;

/** Node makes a `Buffer` of what is written, for each response anew, unless it is one: clients share theirs as they do the bytes. */
function bufferOf(bytes: Uint8Array): Uint8Array {
  if (!Buffer) return bytes;
  if (bytes === lastBytes) return lastBuffer;
  lastBytes = bytes;
  return (lastBuffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** Sends status and headers, on top of what a framework has set. */
export function sendHead(response: NodeResponse, status: number, headers: Headers): void {
  // What somebody has set before us is not about this body.
  response.removeHeader('Content-Length');
  headers.forEach((value, name) => {
    if (name !== 'set-cookie') response.setHeader(name, value);
  });
  const cookies = headers.getSetCookie();
  // That of a session has been set by others.
  if (cookies.length > 0)
    response.setHeader('Set-Cookie', [...[response.getHeader('Set-Cookie') ?? []].flat().map(String), ...cookies]);
  response.writeHead(status);
}

/** Is held by the response, whose events it listens to. */
export class Outgoing implements Sink {
  readonly #response: NodeResponse & Sometimes;
  readonly #options: ResponseOptions | undefined;
  readonly #body: Body;
  #started = false;
  /** The socket takes nothing more until it says so. */
  #isFull = false;
  /** The body has ended, or nobody takes it any more. */
  #over = false;
  /** The reason of a body that has ended before anything was sent. */
  #endedBefore: CloseReason | undefined;

  /** @throws what `open` throws. */
  constructor(response: NodeResponse, open: (sink: Sink) => Body, options: ResponseOptions | undefined) {
    this.#response = response;
    this.#options = options;
    this.#body = open(this);
    response.on('close', () => this.leave('cancelled'));
    response.on('error', () => this.leave('failed'));
    response.on('drain', () => {
      this.#isFull = false;
      this.#pump();
    });
  }

  /** Sends the headers, and whatever comes. */
  start(headers: Headers): void {
    const { destroyed, stream } = this.#response;
    // It was closed before we were asked, and says so no more.
    if (destroyed || stream?.destroyed) return this.leave('cancelled');
    if (this.#over && this.#endedBefore === undefined) return;
    sendHead(this.#response, 200, headers);
    this.#started = true;
    if (this.#endedBefore !== undefined) return this.#end(this.#endedBefore);
    this.#pump();
  }

  /** Nobody takes the bytes any more. Does nothing when they have ended. */
  leave(reason: CloseReason): void {
    if (this.#over) return;
    this.#over = true;
    void this.#leave(reason);
  }

  enqueue(bytes: Uint8Array): void {
    try {
      this.#isFull = !this.#response.write(bufferOf(bytes));
      this.#response.flush?.();
    } catch (error) {
      // The body has ended by that, and does not say so to who has thrown.
      this.error();
      throw error;
    }
  }

  close(reason: CloseReason = 'finished'): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#started) this.#end(reason);
    else this.#endedBefore = reason;
  }

  error(): void {
    if (this.#over) return;
    this.#over = true;
    this.#response.destroy();
  }

  /** Sends what is ready, as far as the socket takes it. */
  readonly #pump = (): void => {
    while (!this.#over && !this.#isFull) if (!this.#body.pull(this.#pump)) return;
  };

  #end(reason: CloseReason): void {
    // Who has read nothing for so long does not read the end either.
    if (reason === 'stalled') return void this.#response.destroy();
    this.#response.end();
    const seconds = this.#options?.stallSeconds ?? STALL_SECONDS;
    if (seconds === 0) return;
    // A process need not stay for a peer that may be gone.
    const timer = setQuietTimeout(() => this.#response.destroy(), seconds * 1000);
    for (const event of ['finish', 'close']) this.#response.on(event, () => clearTimeout(timer));
  }

  async #leave(reason: CloseReason): Promise<void> {
    try {
      await this.#body.cancel(reason);
    } catch (error) {
      // What a subclass's iterator throws at its end.
      tell(error, this.#options?.onError, 'a stream could not be ended');
    }
  }
}
