// The bytes on the wire, compared one by one.

import { BodyReader, withoutIds, written } from '../lib/body.mjs';
import { EventStreamDecoder } from '../lib/decoder.mjs';
import { Random } from '../lib/random.mjs';
import { assert, dataOf, promptly } from '../lib/support.mjs';

export default function register({ SSEChannel }, test) {
  /** @param {unknown[]} payloads */
  const blocksOf = async (...payloads) =>
    withoutIds(
      (
        await written(
          new SSEChannel(),
          payloads.map((payload) => ({ type: 'a', payload })),
        )
      ).text,
    );

  const PAYLOADS = [
    ['a string is its own data', 'hello', 'data: hello\n'],
    ['a string that looks like JSON is its own data', '{"x":1}', 'data: {"x":1}\n'],
    ['none is an empty but present data field', undefined, 'data:\n'],
    ['an empty string is an empty but present data field', '', 'data:\n'],
    ['null is its JSON text', null, 'data: null\n'],
    ['a number is its JSON text', 12.5, 'data: 12.5\n'],
    ['zero is its JSON text', 0, 'data: 0\n'],
    ['true is its JSON text', true, 'data: true\n'],
    ['false is its JSON text', false, 'data: false\n'],
    ['an object is its JSON text', { a: 1, b: [null, 'x'] }, 'data: {"a":1,"b":[null,"x"]}\n'],
    ['an array is its JSON text', [1, 'two'], 'data: [1,"two"]\n'],
    ['an empty object is its JSON text', {}, 'data: {}\n'],
    ['a text inside JSON is escaped by JSON', { text: 'one\r\ntwo' }, 'data: {"text":"one\\r\\ntwo"}\n'],
    ['data is split at LF', 'one\ntwo', 'data: one\ndata: two\n'],
    ['data is split at CR', 'one\rtwo', 'data: one\ndata: two\n'],
    ['data is split at CRLF, which is one end of line', 'one\r\ntwo', 'data: one\ndata: two\n'],
    ['data is split at LF CR, which are two', 'one\n\rtwo', 'data: one\ndata:\ndata: two\n'],
    ['data is split at CR CR LF, which are two', 'one\r\r\ntwo', 'data: one\ndata:\ndata: two\n'],
    ['a leading end of line is kept', '\none', 'data:\ndata: one\n'],
    ['a trailing end of line is kept', 'one\n', 'data: one\ndata:\n'],
    ['a CRLF alone is two empty lines', '\r\n', 'data:\ndata:\n'],
    ['nothing else is an end of line', 'a\u2028b\u2029c\u0085d\ve\ff', 'data: a\u2028b\u2029c\u0085d\ve\ff\n'],
    ['leading and trailing spaces are kept', '  a  ', 'data:   a  \n'],
    ['a colon is kept', ':a: b', 'data: :a: b\n'],
    ['NUL is kept', 'a\0b', 'data: a\0b\n'],
    ['a byte order mark is kept', '\ufeffa', 'data: \ufeffa\n'],
    ['characters beyond ASCII are UTF-8', 'é€😀', 'data: é€😀\n'],
    ['a lone surrogate in a string is the replacement character', 'a\ud800b\udc00', 'data: a\ufffdb\ufffd\n'],
    ['a lone surrogate in JSON is escaped', ['\ud800'], 'data: ["\\ud800"]\n'],
  ];
  for (const [sentence, payload, data] of PAYLOADS) {
    test(sentence, async () => assert.strictEqual(await blocksOf(payload), `event: a\n${data}\n`));
  }

  test('a lone surrogate in an event type is the replacement character', async () => {
    const { decoder } = await written(new SSEChannel(), [{ type: 'a\ud800b', payload: 1 }]);
    assert.deepEqual(
      decoder.events.map(({ type, data }) => [type, data]),
      [['a\ufffdb', '1']],
    );
  });

  test('lone surrogates at the ends of two texts do not join', async () => {
    const { decoder } = await written(new SSEChannel(), [
      { type: 'a', payload: 'x\ud83d' },
      { type: 'a', payload: '\ude00y' },
    ]);
    assert.deepEqual(dataOf(decoder.events), ['x\ufffd', '\ufffdy']);
  });

  test('a block is event, id and data, in this order, and an empty line', async () => {
    const { text } = await written(new SSEChannel(), [{ type: 'a', payload: 'x' }, { type: 'b' }]);
    assert.match(text, /^event: a\nid: [0-9a-f]+-1\ndata: x\n\nevent: b\nid: [0-9a-f]+-2\ndata:\n\n$/);
  });

  test('the closing is a block without an id, and with an empty data field', async () => {
    const channel = new SSEChannel();
    const response = channel.response();
    channel.close();
    assert.match(
      await promptly(response.text()),
      /^retry: 15000\nevent: _eric_position\nid: \S+-0\ndata:\n\nevent: _eric_channel_closed\ndata:\n\n$/,
    );
  });

  const RETRIES = [
    [undefined, 15000],
    [0, 0],
    [-0, 0],
    [1, 1],
    [2 ** 31, 2 ** 31],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ];
  for (const [option, milliseconds] of RETRIES) {
    test(`a reconnection time of ${Object.is(option, -0) ? '-0' : option} is written as ${milliseconds}`, async () => {
      const channel = new SSEChannel({ retryTimeoutMilliseconds: option });
      assert.strictEqual(channel.retryTimeoutMilliseconds, option ?? 15_000);
      const response = channel.response();
      channel.close();
      assert.isTrue(
        (await promptly(response.text())).startsWith(`retry: ${milliseconds}\nevent: _eric_position\nid: `),
      );
    });
  }

  test('the bytes are UTF-8 without a byte order mark', async () => {
    const channel = new SSEChannel();
    const response = channel.response();
    channel.broadcast({ type: 'é', payload: '😀' });
    channel.close();
    const bytes = new Uint8Array(await promptly(response.arrayBuffer()));
    assert.strictEqual(bytes[0], 'r'.charCodeAt(0));
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    assert.include(text, 'event: é\n');
    assert.include(text, 'data: 😀\n');
  });

  test('a message of a megabyte arrives whole', async () => {
    const payload = 'é\n'.repeat(350_000);
    const { decoder } = await written(new SSEChannel(), [{ type: 'a', payload }]);
    assert.isTrue(decoder.events[0].data === payload);
  });

  test('no message leaves anything on the wire that a client would ignore', async () => {
    const random = new Random(3);
    const messages = Array.from({ length: 200 }, () => ({ type: random.line(6), payload: random.json() }));
    const { decoder } = await written(new SSEChannel(), messages);
    assert.deepEqual(decoder.ignored, []);
    assert.strictEqual(decoder.events.length, 200);
  });

  const asData = (payload) =>
    payload === undefined ? '' : typeof payload === 'string' ? payload : JSON.stringify(payload);

  for (let seed = 1; seed <= 40; seed++) {
    test(`a client gets what was sent, whatever Unicode it is and wherever the bytes are cut, with seed ${seed}`, async () => {
      const random = new Random(seed);
      const messages = Array.from({ length: 1 + random.below(20) }, () => ({
        type: random.line(8),
        payload: random.pick([() => random.text(40), () => random.json(), () => undefined])(),
      }));
      const channel = new SSEChannel();
      const reader = new BodyReader(channel.response());
      for (const message of messages) channel.broadcast(message);
      channel.close();
      await reader.rest();
      const { events } = recut(random, reader.chunks);
      const closing = events.pop();
      assert.deepEqual([closing.type, closing.data], ['_eric_channel_closed', '']);
      assert.deepEqual(
        events.map(({ type, data }) => ({ type, data })),
        messages.map(({ type, payload }) => ({ type, data: asData(payload).replace(/\r\n?/g, '\n') })),
      );
      assert.strictEqual(
        new Set(events.map(({ lastEventId }) => lastEventId)).size,
        messages.length,
        'each has an id of its own',
      );
      assert.deepEqual(reader.decoder.ignored, []);
      // Except for line ends, JSON decodes to the value that was sent.
      messages.forEach(({ payload }, index) => {
        if (payload !== undefined && typeof payload !== 'string')
          assert.deepEqual(JSON.parse(events[index].data), payload);
      });
    });
  }

  /** Decodes chunks that are cut anew, also inside of characters and pairs of CR and LF. */
  function recut(random, chunks) {
    const decoder = new EventStreamDecoder();
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        const end = at + 1 + random.below(7);
        decoder.push(chunk.subarray(at, end));
        at = end;
      }
    }
    return decoder.end();
  }
}
