// Faults: failures of a network and of clients.

import { type ResponseLike, TestClient } from './client.js';

/**
 * Cuts a response's bytes into pieces, as a network may, in the middle of a character as well.
 *
 * @param sizes How many bytes a piece has, one size after another and again from the first; one by
 * default.
 */
export function split(response: Response, sizes: number | readonly number[] = 1): Response {
  const all = typeof sizes === 'number' ? [sizes] : sizes;
  if (all.length === 0 || !all.every((size) => Number.isInteger(size) && size > 0))
    throw new RangeError('sizes must be whole numbers from 1 on');
  let piece = 0;
  return through(response, function* (chunk) {
    for (let at = 0; at < chunk.length; ) {
      const size = all[piece++ % all.length]!;
      yield chunk.subarray(at, (at += size));
    }
  });
}

/**
 * Breaks a response's connection after a number of bytes: the reader receives an error, the sender
 * a cancelled body.
 */
export function broken(response: Response, afterBytes: number): Response {
  let left = afterBytes;
  return through(response, function* (chunk) {
    if (left > 0) yield chunk.subarray(0, left);
    if ((left -= chunk.length) < 0) throw new TypeError(`the connection broke after ${afterBytes} bytes`);
  });
}

/**
 * A peer that stops reading without leaving. It stalls while bytes are ready, and otherwise looks
 * half open.
 *
 * @param afterEvents How many events it reads first.
 * @returns the client, which continues when it is read again.
 */
export async function halfOpen(response: ResponseLike, afterEvents = 0): Promise<TestClient> {
  const client = new TestClient(response);
  await client.take(afterEvents);
  return client;
}

/** A response whose body is another one's, piece by piece, pulled no faster than it is read. */
function through(response: Response, pieces: (chunk: Uint8Array) => Iterable<Uint8Array>): Response {
  if (!response.body) return response;
  const reader = response.body.getReader();
  let waiting: Iterator<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          try {
            const piece = waiting?.next();
            if (piece && !piece.done) {
              if (piece.value.length > 0) return controller.enqueue(piece.value);
              continue;
            }
          } catch (error) {
            await reader.cancel(error);
            throw error;
          }
          const { done, value } = await reader.read();
          if (done) return controller.close();
          waiting = pieces(value)[Symbol.iterator]();
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
