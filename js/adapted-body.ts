// The body of a response whose channel's subclass decides what a stream yields.

import { encodeEvent, encodePrelude } from '../pkg/eric_sse.js';
import type { BodyOptions } from './body.js';
import { InvalidMessageFormat } from './errors.js';
import { ForeignStream } from './owned.js';
import { toText } from './payload.js';
import { reporter } from './report.js';
import type { Seat } from './seat.js';

export interface AdaptedBodyOptions extends BodyOptions {
  seat: Seat;
  retryMilliseconds: number;
}

/** Encodes what a stream yields, `{ event, data, id }`, one block per chunk. */
export function adaptedBodyOf(stream: AsyncIterator<unknown>, options: AdaptedBodyOptions): ReadableStream<Uint8Array> {
  const { seat, leave, signals, retryMilliseconds } = options;
  const tell = reporter(seat.listener.id, options.onError);
  // It heeds all the signals, of which a channel's own stream takes one.
  const events = new ForeignStream(stream, seat, leave, signals);
  let started = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!started) {
          started = true;
          controller.enqueue(encodePrelude(retryMilliseconds));
          return;
        }
        for (;;) {
          const { done, value } = await events.next();
          if (done) return controller.close();
          try {
            return controller.enqueue(encode(value));
          } catch (error) {
            tell(error);
          }
        }
      },
      async cancel() {
        await events.return();
      },
    },
    { highWaterMark: 0 },
  );
}

function encode(item: unknown): Uint8Array {
  const { event, data, id } = Object(item) as { event?: unknown; data?: unknown; id?: unknown };
  if (typeof event !== 'string') throw new InvalidMessageFormat('an event stream has objects { event, data, id }, whose event is a string');
  if (id != null && typeof id !== 'string') throw new InvalidMessageFormat('the id of an event is a string');
  return encodeEvent(event, toText(data) ?? '', id ?? undefined);
}
