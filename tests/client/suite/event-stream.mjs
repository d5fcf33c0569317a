// The decoder as an iterator and as a pair of streams.

import { assert } from '../../js/suite/lib/support.mjs';
import { bytesOf, message, short } from './decoding.mjs';

export default function register({ EventTooLargeError, EventStream, EventStreamDecoderStream }, test) {
  /** A stream of bytes, and whether it was cancelled. */
  const streamOf = (text, { ends = true } = {}) => {
    const seen = { cancelled: false, pulls: 0 };
    const bytes = bytesOf(text);
    let at = 0;
    const stream = new ReadableStream(
      {
        pull(controller) {
          seen.pulls++;
          if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += 7)));
          else if (ends) controller.close();
          else return new Promise(() => {});
        },
        cancel: () => void (seen.cancelled = true),
      },
      { highWaterMark: 0 },
    );
    return { stream, seen };
  };

  test('a stream of bytes is iterated over', async () => {
    const events = EventStream.fromReadableStream(streamOf('retry: 9\nid: 1\ndata: a\n\ndata: b\n\ndata: c').stream);
    const got = [];
    for await (const event of events) got.push(event);
    assert.deepEqual(short(got), ['message|a|1', 'message|b|1']);
    assert.deepEqual([events.lastEventId, events.reconnectionTime], ['1', 9]);
  });

  test('nothing is read before the loop asks, and leaving it cancels the stream', async () => {
    const { stream, seen } = streamOf('data: a\n\n'.repeat(100), { ends: false });
    const events = EventStream.fromReadableStream(stream);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.strictEqual(seen.pulls, 0);
    for await (const event of events) if (event) break;
    assert.isBelow(seen.pulls, 4);
    assert.isTrue(seen.cancelled);
  });

  test('return() ends a call of next() that waits', async () => {
    const { stream, seen } = streamOf('', { ends: false });
    const events = EventStream.fromReadableStream(stream);
    const waiting = events.next();
    await events.return();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.isTrue(seen.cancelled);
  });

  test('an event that is too large fails the loop and cancels the stream', async () => {
    const { stream, seen } = streamOf(`data: a\n\ndata: ${'x'.repeat(1000)}`, { ends: false });
    const got = [];
    const error = await (async () => {
      for await (const event of EventStream.fromReadableStream(stream, { maxEventBytes: 100 })) got.push(event);
    })().catch((thrown) => thrown);
    assert.deepEqual(short(got), message('a'));
    assert.instanceOf(error, EventTooLargeError);
    assert.isTrue(seen.cancelled);
  });

  test('a response is read, and one that is no event stream is refused', async () => {
    const response = (type, status = 200) => new Response('data: a\n\n', { status, headers: { 'Content-Type': type } });
    const got = [];
    for await (const event of EventStream.fromResponse(response('text/event-stream; charset=utf-8'))) got.push(event);
    assert.deepEqual(short(got), message('a'));
    assert.throws(
      () => EventStream.fromResponse(response('text/html')),
      TypeError,
      /type text\/html is no event stream/,
    );
    assert.throws(() => EventStream.fromResponse(response('text/event-stream', 500)), TypeError, /status 500/);
    assert.throws(() => EventStream.fromResponse(new Response(null, { status: 204 })), TypeError, /status 204/);
  });

  test('a stream of bytes is piped through', async () => {
    const decoder = new EventStreamDecoderStream();
    const reader = streamOf('retry: 9\nid: 1\ndata: a\n\ndata: b\n\n').stream.pipeThrough(decoder).getReader();
    const got = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      got.push(value);
    }
    assert.deepEqual(short(got), ['message|a|1', 'message|b|1']);
    assert.deepEqual([decoder.lastEventId, decoder.reconnectionTime], ['1', 9]);
  });
}
