// The body of a response whose channel's subclass decides what a stream yields.

import { encodeEvent, encodePrelude } from '../pkg/eric_sse.js';
import type { BodyOptions } from './body.js';
import { InvalidMessageFormat } from './errors.js';
import { ForeignStream } from './owned.js';
import { toText } from './payload.js';
import { reporter } from './report.js';
import type { Seat } from './seat.js';
import { MessageStream } from './stream.js';

export interface AdaptedBodyOptions extends BodyOptions {
  seat: Seat;
  retryMilliseconds: number;
}

/** A chunk ends with the block that takes it past this many bytes, as the core's own do. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Encodes what a stream yields, `{ event, data, id }`. All that is ready goes into one chunk, where the stream is the channel's
 * own and can be asked for that; of any other iterator one block.
 */
export function adaptedBodyOf(stream: AsyncIterator<unknown>, options: AdaptedBodyOptions): ReadableStream<Uint8Array> {
  const { seat, leave, signals, retryMilliseconds } = options;
  const tell = reporter(seat.listener.id, options.onError);
  // It heeds all the signals, of which a channel's own stream takes one.
  const events = new ForeignStream(stream, seat, leave, signals);

  function block(item: unknown): Uint8Array {
    try {
      return encode(item);
    } catch (error) {
      tell(error);
      return NOTHING;
    }
  }

  async function chunk(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { done, value } = await events.next();
      if (done) return undefined;
      const blocks = [block(value)];
      let bytes = blocks[0]!.length;
      while (bytes <= CHUNK_BYTES && stream instanceof MessageStream) {
        const more = stream.nextNow();
        if (more === undefined || more.done) break;
        bytes += blocks[blocks.push(block(more.value)) - 1]!.length;
      }
      if (bytes > 0) return joined(blocks, bytes);
    }
  }

  let started = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!started && !seat.left) {
          started = true;
          controller.enqueue(encodePrelude(retryMilliseconds));
          return;
        }
        const bytes = await chunk();
        if (bytes) controller.enqueue(bytes);
        else controller.close();
      },
      async cancel() {
        await events.return();
      },
    },
    { highWaterMark: 0 },
  );
}

const NOTHING = new Uint8Array();

function joined(blocks: Uint8Array[], bytes: number): Uint8Array {
  if (blocks.length === 1) return blocks[0]!;
  const chunk = new Uint8Array(bytes);
  let at = 0;
  for (const block of blocks) {
    chunk.set(block, at);
    at += block.length;
  }
  return chunk;
}

function encode(item: unknown): Uint8Array {
  const { event, data, id } = Object(item) as { event?: unknown; data?: unknown; id?: unknown };
  if (typeof event !== 'string') throw new InvalidMessageFormat('an event stream has objects { event, data, id }, whose event is a string');
  if (id != null && typeof id !== 'string') throw new InvalidMessageFormat('the id of an event is a string');
  return encodeEvent(event, toText(data) ?? '', id ?? undefined);
}
