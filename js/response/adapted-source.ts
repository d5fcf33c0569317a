// The source of a response whose channel's subclass decides what a stream yields.

import type { CustomStream } from '../channel/custom-stream.js';
import type { CloseReason } from '../channel/ending.js';
import { MessageStream } from '../channel/message-stream.js';
import type { Subscription } from '../channel/subscription.js';
import { InvalidMessageFormat } from '../model/errors.js';
import { checkEventId, checkType } from '../model/event-fields.js';
import { toText } from '../model/payload.js';
import { joined } from '../util/bytes.js';
import { WAIT } from '../wasm/core.js';
import { ChunkWriter, note } from '../wasm/event-text.js';
import type { Body, Source } from './body.js';

/** A chunk ends with the block that takes it past this many bytes, as the core's own do. */
const CHUNK_BYTES = 256 * 1024;

/** How many blocks of a subclass's iterator go ahead of the end of a response. */
const MOST_LAST_BLOCKS = 1024;

export interface AdaptedOptions {
  subscription: Subscription;
  /** The subclass's replacement of `messageStream`. */
  stream: AsyncIterator<unknown>;
  /** The same, ended with its listener. */
  events: CustomStream<unknown>;
  retryMilliseconds: number;
  report: (error: unknown) => void;
}

/**
 * Encodes what a stream yields, `{ event, data, id }`. All that is ready goes into one chunk, where
 * the stream is the channel's own and can be asked for that; of any other iterator one block.
 */
export class AdaptedSource implements Source {
  readonly #body: Body;
  readonly #options: AdaptedOptions;
  #started = false;
  #asked = false;
  #lastBlocks = 0;
  /** The answer to the last question, until it is taken. */
  #ready: Uint8Array | undefined;
  #readySince = performance.now();

  constructor(body: Body, options: AdaptedOptions) {
    this.#body = body;
    this.#options = options;
  }

  take(): ReturnType<Source['take']> {
    if (!this.#started && !this.#options.events.over) {
      this.#started = true;
      return this.note(this.#options.retryMilliseconds);
    }
    if (this.#ready === undefined) {
      void this.#ask();
      return WAIT;
    }
    const ready = this.#ready;
    this.#ready = undefined;
    return ready;
  }

  wait(): void {}
  idle(): void {}
  delivered(): void {}

  waitingSince(): number | undefined {
    return this.#started && this.#ready === undefined ? this.#options.subscription.waitingSince() : this.#readySince;
  }

  /**
   * Only the subclass's iterator knows whether it has more. An endless one is cut after a number of
   * blocks.
   */
  hasMore(): boolean {
    if (this.#options.stream instanceof MessageStream) return this.#options.subscription.waitingSince() !== undefined;
    return this.#lastBlocks++ < MOST_LAST_BLOCKS;
  }

  /** Without an event id: only the subclass knows which id its client should resume from. */
  note(retryMilliseconds?: number): Uint8Array {
    return note(retryMilliseconds);
  }

  get isAsked(): boolean {
    return this.#asked;
  }

  /** @throws the error that the iterator throws at its end, if the body was cancelled. */
  async end(reason: CloseReason): Promise<void> {
    try {
      await this.#options.events.end(reason);
    } catch (error) {
      if (reason === 'cancelled') throw error;
      this.#options.report(error);
    }
  }

  async #ask(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    try {
      const chunk = await this.#chunk();
      if (chunk === undefined) return this.#body.ended();
      this.#ready = chunk;
      this.#readySince = performance.now();
    } catch (error) {
      return this.#body.failed(error);
    } finally {
      this.#asked = false;
    }
    this.#body.woken();
  }

  async #chunk(): Promise<Uint8Array | undefined> {
    const { stream, events } = this.#options;
    for (;;) {
      const { done, value } = await events.next();
      if (done) return undefined;
      const blocks = [this.#block(value)];
      let bytes = blocks[0]!.length;
      while (bytes <= CHUNK_BYTES && stream instanceof MessageStream) {
        const more = stream.nextNow();
        if (more === WAIT || more.done) break;
        bytes += blocks[blocks.push(this.#block(more.value)) - 1]!.length;
      }
      if (bytes > 0) return joined(blocks, bytes);
    }
  }

  #block(item: unknown): Uint8Array {
    try {
      return encode(item);
    } catch (error) {
      this.#options.report(error);
      return NOTHING;
    }
  }
}

const NOTHING = new Uint8Array();

function encode(item: unknown): Uint8Array {
  const { event, data, id } = Object(item) as { event?: unknown; data?: unknown; id?: unknown };
  if (typeof event !== 'string')
    throw new InvalidMessageFormat('adapt() must return { event, data, id } with a string `event`');
  if (id != null && typeof id !== 'string') throw new InvalidMessageFormat('the id of an event is a string');
  checkType(event);
  if (id != null) checkEventId(id);
  const writer = new ChunkWriter();
  writer.event(event, id ?? undefined, toText(data) ?? '');
  return writer.finish();
}
