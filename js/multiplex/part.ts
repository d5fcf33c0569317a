// Part: one channel of a multiplexed response. Its body is that of a response of the channel alone,
// and this is the sink of it.

import type { CloseReason } from '../channel/ending.js';
import type { Body, Sink } from '../response/body.js';

const utf8 = /* @__PURE__ */ new TextEncoder();

/** Returns the block of an event without data. */
const emptyEvent = (type: string): Uint8Array => utf8.encode(`event: ${type}\ndata:\n\n`);

const CLOSED = /* @__PURE__ */ emptyEvent('_eric_channel_closed');
const REFUSED = /* @__PURE__ */ emptyEvent('_eric_channel_refused');

export class Part implements Sink {
  readonly name: string;
  /** `undefined` for a channel that is not open. */
  body: Body | undefined;
  /** Bytes that were not taken yet, of at most one pull. */
  chunks: Uint8Array[] = [];
  /** Since when there are chunks, in milliseconds of `performance.now()`. */
  since: number | undefined;
  /** Why it has ended; `undefined` while it has not. */
  reason: CloseReason | undefined;
  /** The error that has ended it. */
  failure: unknown;
  /** Whether the body was asked for bytes and has not answered. */
  isAsked = false;
  /** Called when it ends. */
  onEnd: (() => void) | undefined;
  #newest: Uint8Array | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Makes a part that says that its channel is closed or may not be read. */
  static ended(name: string, isRefused: boolean): Part {
    const part = new Part(name);
    part.enqueue(isRefused ? REFUSED : CLOSED);
    part.reason = 'closed';
    return part;
  }

  /** Asks the body for bytes, unless it is asked already or there are some. */
  ask(answered: () => void): void {
    if (this.isAsked || this.reason || this.chunks.length > 0) return;
    this.isAsked = true;
    const isAnswered = this.body!.pull(() => {
      this.isAsked = false;
      answered();
    });
    if (isAnswered) this.isAsked = false;
  }

  enqueue(bytes: Uint8Array): void {
    this.since ??= performance.now();
    this.chunks.push(bytes);
    this.#newest = bytes;
  }

  take(): Uint8Array[] {
    const taken = this.chunks;
    this.chunks = [];
    this.since = undefined;
    return taken;
  }

  close(reason: CloseReason = 'finished'): void {
    // A subclass may leave out the event, or send another one.
    if (reason === 'closed' && !endsWith(this.#newest, CLOSED)) this.enqueue(CLOSED);
    this.#end(reason);
  }

  error(error: unknown): void {
    this.failure = error;
    this.#end('failed');
  }

  /** Ends the body. */
  cancel(reason: CloseReason): Promise<void> | void {
    return this.reason ? undefined : this.body?.cancel(reason);
  }

  #end(reason: CloseReason): void {
    this.reason = reason;
    this.onEnd?.();
  }
}

function endsWith(bytes: Uint8Array | undefined, end: Uint8Array): boolean {
  const start = (bytes?.length ?? 0) - end.length;
  return start >= 0 && end.every((byte, at) => bytes![start + at] === byte);
}
