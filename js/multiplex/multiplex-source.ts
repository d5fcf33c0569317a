// The source of a multiplexed response: takes chunks of several channels in turn, and gives each
// event the combined id.

import type { CloseReason } from '../channel/ending.js';
import { LONGEST_POSITION, printPart } from '../model/combined-id.js';
import type { Body, Source } from '../response/body.js';
import type { Connection } from '../response/liveness.js';
import { joined } from '../util/bytes.js';
import { ENDED, WAIT } from '../wasm/core.js';
import { note } from '../wasm/event-text.js';
import { leadingNote, type Rewriting, rewritten } from './blocks.js';
import type { Part } from './part.js';

/** A chunk ends with the part that takes it past this many bytes. */
const CHUNK_BYTES = 256 * 1024;
/** How many chunks go ahead of the end of a response, of channels that never run dry. */
const MOST_LAST_CHUNKS = 1024;
const utf8 = /* @__PURE__ */ new TextEncoder();

export interface MultiplexSourceOptions {
  connection: Connection;
  /** In the order of the request. */
  parts: Part[];
  /** The positions that the client has, by the names of their channels. */
  positions: Map<string, string>;
  positionEvents: boolean;
}

export class MultiplexSource implements Source {
  readonly #body: Body;
  readonly #connection: Connection;
  readonly #positionEvents: boolean;
  /** The parts of the combined id that the client has after what was handed on, by their names. */
  readonly #idParts = new Map<string, string>();
  /** The channels that have not ended, or whose last bytes were not taken. */
  #parts: Part[];
  /** The part that is the first to be asked. */
  #turn = 0;
  #started = false;
  /** The longest reconnection time of the channels, until the client has it. */
  #retryMilliseconds: number | undefined;
  /** Whether the client lacks the id of these positions. */
  #isUnsent = false;
  /** The part that ends the whole response. */
  #last: Part | undefined;
  #taking = false;
  #over = false;
  #lastChunks = 0;

  constructor(body: Body, { connection, parts, positions, positionEvents }: MultiplexSourceOptions) {
    this.#body = body;
    this.#connection = connection;
    this.#parts = parts;
    for (const [name, id] of positions) this.#idParts.set(name, printPart(name, id));
    this.#positionEvents = positionEvents;
    for (const part of parts) part.onEnd = () => body.woken();
  }

  take(): ReturnType<Source['take']> {
    if (this.#over) return ENDED;
    this.#taking = true;
    const chunk = this.#started || this.#start() ? this.#chunk() : undefined;
    this.#taking = false;
    if (chunk) return chunk;
    return this.#endIfOver() ? ENDED : WAIT;
  }

  wait(): void {}
  idle(): void {}

  delivered(): void {
    this.#endIfOver();
  }

  look(): void {
    // Unread messages are sent again when the client reconnects. The reconnection time of a drained
    // channel is not, so it waits for the reader.
    const broken = this.#taking || this.#over ? undefined : this.#parts.find(isBroken);
    if (broken && broken.reason !== 'drained') void this.#endWith(broken);
  }

  waitingSince(): number | undefined {
    const since = this.#parts.map((part) => part.since ?? Infinity);
    const least = Math.min(...since);
    return least === Infinity ? undefined : least;
  }

  hasMore(): boolean {
    if (this.#lastChunks++ >= MOST_LAST_CHUNKS) return false;
    for (const part of this.#parts) part.ask(this.#answered);
    return this.#parts.some(({ chunks }) => chunks.length > 0);
  }

  note(retryMilliseconds?: number): Uint8Array {
    return this.#noteOf(retryMilliseconds);
  }

  /** A subclass's iterator gives what is ready only behind this turn. */
  get isAsked(): boolean {
    return true;
  }

  end(reason: CloseReason): Promise<void> | void {
    if (this.#over) return undefined;
    this.#over = true;
    this.#connection.ended(reason);
    // First, because a part that ends asks for the next chunk.
    this.#body.ended();
    const ends = this.#parts.map((part) => part.cancel(reason));
    return ends.some(Boolean) ? Promise.all(ends).then(() => {}) : undefined;
  }

  /** Takes a chunk of each channel that has one, in turn. */
  #chunk(): Uint8Array | undefined {
    const blocks: Uint8Array[] = [];
    let length = 0;
    const add = (bytes: Uint8Array): void => void (blocks.push(bytes), (length += bytes.length));
    if (this.#retryMilliseconds !== undefined) add(this.#noteOf(this.#retryMilliseconds));
    const parts = this.#parts;
    for (let count = 0; count < parts.length && length < CHUNK_BYTES && !this.#last; count++) {
      const part = parts[this.#turn++ % parts.length]!;
      part.ask(this.#answered);
      this.#rewrite(part, add);
    }
    this.#parts = parts.filter((part) => part.chunks.length > 0 || !part.reason);
    if (this.#last && this.#retryMilliseconds !== undefined) add(this.#noteOf(this.#retryMilliseconds));
    if (length > 0) return joined(blocks, length);
    // A callback of one channel may have made another one ready.
    return this.#parts.some(({ chunks }) => chunks.length > 0) ? this.#chunk() : undefined;
  }

  readonly #answered = (): void => this.#body.woken();

  /**
   * Waits until every channel has said where it starts: from its first id on, the client has a
   * position in each.
   */
  #start(): boolean {
    for (const part of this.#parts) part.ask(this.#answered);
    if (this.#parts.some(({ chunks, reason }) => chunks.length === 0 && !reason)) return false;
    this.#started = true;
    for (const part of this.#parts) {
      const [text, rest] = (part.chunks[0] && leadingNote(part.chunks[0])) ?? [];
      if (text === undefined) continue;
      this.#readNote(part.name, text);
      if (rest!.length > 0) part.chunks[0] = rest!;
      else part.chunks.shift();
    }
    this.#isUnsent = true;
    return true;
  }

  #rewrite(part: Part, add: (bytes: Uint8Array) => void): void {
    const { name } = part;
    const empty = printPart(name, '');
    let others: string | undefined;
    const rewriting: Rewriting = {
      idField: (id) => {
        others ??= this.#othersThan(name);
        this.#isUnsent = false;
        const own = id === undefined ? (this.#idParts.get(name) ?? empty) : empty + encodeURIComponent(id);
        if (id !== undefined) this.#idParts.set(name, own);
        if (own.length > empty.length + LONGEST_POSITION)
          part.error(new RangeError(`the id of an event of the channel ${name} is longer than ${LONGEST_POSITION}`));
        return utf8.encode(`id: ${own}${others}\n`);
      },
      note: (text) => this.#readNote(name, text),
    };
    for (const chunk of part.take()) for (const bytes of rewritten(chunk, rewriting)) add(bytes);
    if (isBroken(part)) this.#last = part;
  }

  #othersThan(name: string): string {
    let others = '';
    for (const [other, part] of this.#idParts) if (other !== name) others += `,${part}`;
    return others;
  }

  /** Takes the position and the reconnection time from a block of a channel. */
  #readNote(name: string, text: string): void {
    const [, retry] = /^retry: (\d+)$/m.exec(text) ?? [];
    const [, id] = /^id: (.*)$/m.exec(text) ?? [];
    if (retry !== undefined) this.#retryMilliseconds = Math.max(this.#retryMilliseconds ?? 0, Number(retry));
    const part = id === undefined ? undefined : printPart(name, id);
    if (part === undefined || this.#idParts.get(name) === part) return;
    this.#idParts.set(name, part);
    this.#isUnsent = true;
  }

  #noteOf(retryMilliseconds?: number): Uint8Array {
    const id = this.#isUnsent && this.#idParts.size > 0 ? [...this.#idParts.values()].join(',') : undefined;
    this.#isUnsent = false;
    this.#retryMilliseconds = undefined;
    return note(retryMilliseconds, id, this.#positionEvents);
  }

  /** Ends the response when all channels are closed, or one of them has ended otherwise. */
  #endIfOver(): boolean {
    if (this.#last) void this.#endWith(this.#last);
    else if (this.#parts.length === 0) void this.end('closed');
    return this.#over;
  }

  /** A channel whose own response would end, other than by its closing, ends the whole. */
  #endWith({ reason, failure }: Part): Promise<void> | void {
    if (failure === undefined) return this.end(reason!);
    if (this.#over) return undefined;
    this.#over = true;
    this.#connection.ended('failed');
    this.#body.failed(failure);
    for (const part of this.#parts) void part.cancel('failed');
  }
}

const isBroken = ({ reason }: Part): boolean => reason !== undefined && reason !== 'closed';
