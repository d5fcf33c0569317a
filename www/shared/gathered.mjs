// Gathered: a stream of bytes whose chunks are what is ready, taken together once per turn.
//
// For Cloudflare's runtime (workerd of April 2026). When a client leaves while the next chunk is
// ready at once, the stream is never cancelled and the request's signal never aborted: the listener
// would stay. Tried; with a turn between chunks both happen at the second write. A channel's own
// chunks hold everything ready. A subclass's own iterator (gate.mjs) yields blocks one by one,
// which are gathered here.

/** A stream that is always ready is handed on in pieces of this many chunks. */
const MOST_GATHERED = 1000;

/** @param {ReadableStream<Uint8Array>} stream @returns {ReadableStream<Uint8Array>} */
export function gathered(stream) {
  const reader = stream.getReader();
  let next = reader.read();
  // A failure is met where it is awaited.
  next.catch(() => {});
  return new ReadableStream(
    {
      async pull(controller) {
        /** @type {Uint8Array[]} */
        const chunks = [];
        for (let result = await next; ; ) {
          if (result.done) return controller.close();
          chunks.push(result.value);
          next = reader.read();
          next.catch(() => {});
          const ready = await Promise.race([next, turn()]);
          if (ready === undefined || ready.done || chunks.length === MOST_GATHERED) break;
          result = ready;
        }
        controller.enqueue(joined(chunks));
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** @returns {Promise<undefined>} */
const turn = () => new Promise((resolve) => setTimeout(resolve, 0, undefined));

/** @param {Uint8Array[]} chunks */
function joined(chunks) {
  const all = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
