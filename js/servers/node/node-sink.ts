// NodeSink: the bytes of a body go to a response of Node, as fast as its socket takes them.

import type { CloseReason } from '../../channel/ending.js';
import type { Body, Sink } from '../../response/body.js';
import type { ResponseOptions } from '../../response/options.js';
import { tell } from '../../response/status.js';
import { setQuietTimeout } from '../../util/timers.js';
import { closeConnection } from './connection.js';
import type { NodeRequest, NodeResponse } from './http-types.js';

/** Members that only some responses have. */
interface Sometimes {
  /** HTTP/1. */
  destroyed?: boolean;
  /** Of middleware that compresses: sends what it holds back. */
  flush?: () => void;
}

const STALL_SECONDS = 60;

/**
 * A longer chunk is written in parts of this size, each after the one before it has left the
 * process. A socket says nothing of its progress within a write, so a client that reads a large
 * message slowly would seem to be stalled.
 */
const PART_BYTES = 256 * 1024;

const { Buffer } = globalThis as unknown as {
  Buffer?: { from(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array };
};

const buffers = new WeakMap<Uint8Array, Uint8Array>();

/**
 * Node makes a `Buffer` of any other bytes for each response anew. Clients share the buffer, as
 * they share the bytes, and as long as these are held.
 */
function bufferOf(bytes: Uint8Array): Uint8Array {
  let buffer = Buffer ? buffers.get(bytes) : bytes;
  if (!buffer) buffers.set(bytes, (buffer = Buffer!.from(bytes.buffer, bytes.byteOffset, bytes.length)));
  return buffer;
}

/** Sends status and headers, on top of those that a framework has set. */
export function sendHead(request: NodeRequest, response: NodeResponse, status: number, headers: Headers): void {
  // It was set for another body.
  response.removeHeader('Content-Length');
  if (headers.has('Connection')) closeConnection(request, response);
  headers.forEach((value, name) => {
    if (name === 'vary') add(response, 'Vary', [value]);
    else if (name !== 'set-cookie' && name !== 'connection') response.setHeader(name, value);
  });
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) add(response, 'Set-Cookie', cookies);
  response.writeHead(status);
}

/** Adds values to a header that others may have set. */
function add(response: NodeResponse, name: string, values: string[]): void {
  response.setHeader(name, [...[response.getHeader(name) ?? []].flat().map(String), ...values]);
}

/** The response holds its sink, which listens to the response's events. */
export class NodeSink implements Sink {
  readonly #request: NodeRequest;
  readonly #response: NodeResponse & Sometimes;
  readonly #options: ResponseOptions | undefined;
  readonly #body: Body;
  #started = false;
  /** The parts that are still to be written. */
  readonly #parts: Uint8Array[] = [];
  /** The socket takes nothing more until it says so. */
  #isFull = false;
  /** The body has ended, or nobody takes it any more. */
  #over = false;
  /** The reason of a body that has ended and whose end is not written yet. */
  #ending: CloseReason | undefined;
  /** Runs while the client takes the end of its response. */
  #patience: ReturnType<typeof setTimeout> | undefined;

  /** @throws what `open` throws. */
  constructor(
    request: NodeRequest,
    response: NodeResponse,
    open: (sink: Sink) => Body,
    options: ResponseOptions | undefined,
  ) {
    this.#request = request;
    this.#response = response;
    this.#options = options;
    this.#body = open(this);
    response.on('close', () => this.leave('cancelled'));
    response.on('error', () => this.leave('failed'));
    response.on('drain', () => {
      this.#isFull = false;
      if (this.#over) this.#wait();
      else this.#body.progressed();
      this.#pump();
    });
  }

  /** Sends the headers, and whatever comes. */
  start(headers: Headers): void {
    const { destroyed, stream } = this.#response;
    // It was closed before this call, and emits no further event.
    if (destroyed || stream?.destroyed) return this.leave('cancelled');
    if (this.#over && this.#ending === undefined) return;
    sendHead(this.#request, this.#response, 200, headers);
    this.#started = true;
    this.#pump();
  }

  /** The client no longer takes bytes. Does nothing when they have ended. */
  leave(reason: CloseReason): void {
    clearTimeout(this.#patience);
    if (this.#over) return;
    this.#over = true;
    void this.#leave(reason);
  }

  enqueue(bytes: Uint8Array): void {
    const buffer = bufferOf(bytes);
    try {
      if (this.#parts.length === 0 && buffer.length <= PART_BYTES) return this.#write(buffer);
      for (let at = 0; at < buffer.length; at += PART_BYTES) this.#parts.push(buffer.subarray(at, at + PART_BYTES));
      this.#flush();
    } catch (error) {
      // The body ends by that error, and does not call the sink again.
      this.error();
      throw error;
    }
  }

  close(reason: CloseReason = 'finished'): void {
    if (this.#over) return;
    this.#over = true;
    this.#ending = reason;
    if (this.#started) this.#pump();
  }

  error(): void {
    if (this.#over) return;
    this.#over = true;
    this.#response.destroy();
  }

  #write(part: Uint8Array): void {
    this.#isFull = !this.#response.write(part);
    this.#response.flush?.();
  }

  #flush(): void {
    while (!this.#isFull && this.#parts.length > 0) this.#write(this.#parts.shift()!);
  }

  /** Sends what is ready, as far as the socket takes it. */
  readonly #pump = (): void => {
    // A client that has read nothing for so long does not read the end either.
    if (this.#ending === 'stalled') return void this.#response.destroy();
    try {
      this.#flush();
    } catch {
      this.#response.destroy();
      return this.leave('failed');
    }
    if (this.#parts.length > 0) return this.#ending && this.#wait();
    if (this.#ending) return this.#end(this.#ending);
    while (!this.#over && !this.#isFull) if (!this.#body.pull(this.#pump)) return;
  };

  #end(reason: CloseReason): void {
    this.#ending = undefined;
    if (reason === 'drained' || reason === 'closed') closeConnection(this.#request, this.#response);
    this.#response.on('finish', () => clearTimeout(this.#patience));
    this.#wait();
    this.#response.end();
  }

  /**
   * Destroys the socket unless the client takes the rest of its response, or a part of it, in time.
   */
  #wait(): void {
    clearTimeout(this.#patience);
    const seconds = this.#options?.stallSeconds ?? STALL_SECONDS;
    if (seconds === 0) return;
    // A process need not stay for a peer that may be gone.
    this.#patience = setQuietTimeout(() => this.#response.destroy(), seconds * 1000);
  }

  async #leave(reason: CloseReason): Promise<void> {
    try {
      await this.#body.cancel(reason);
    } catch (error) {
      // Thrown by the iterator of a subclass at its end.
      tell(error, this.#options?.onError, 'a stream could not be ended');
    }
  }
}
