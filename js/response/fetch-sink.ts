// A body as that of a `Response`, for fetch handlers.

import type { Answer } from './answer.js';
import type { Body, Sink } from './body.js';

/** Answers with a `Response`. */
export const toResponse: Answer<Response> = (status, headers, body) =>
  new Response((typeof body === 'function' ? streamOf(body) : body) as Uint8Array<ArrayBuffer>, { status, headers });

const nothing = (): void => {};

function streamOf(open: (sink: Sink) => Body): ReadableStream<Uint8Array> {
  let sink: Sink;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void (sink = controller),
      // Is called once for each read that finds nothing. A promise that ends with the chunk would
      // tell the stream nothing more.
      pull: () => void body.pull(nothing),
      cancel: () => body.cancel('cancelled'),
    },
    // Nothing is kept in the stream itself: a chunk is made when somebody reads, of all that is
    // ready by then.
    { highWaterMark: 0 },
  );
  // Not in `start`: what is thrown there does not reach us on workerd.
  const body = open(sink!);
  return stream;
}
