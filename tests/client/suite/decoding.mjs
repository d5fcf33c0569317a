// The decoder: a table of bytes, a comparison with a decoder that was written from the standard
// alone, and its bounds.

import { EventStreamDecoder as Model } from '../../js/suite/lib/decoder.mjs';
import { Random } from '../../js/suite/lib/random.mjs';
import { assert } from '../../js/suite/lib/support.mjs';
// The decoder of the Rust crate is tested with the same streams.
import TABLE from './event-streams.json' with { type: 'json' };

export const bytesOf = (text) => (typeof text === 'string' ? new TextEncoder().encode(text) : Uint8Array.from(text));
export const short = (events) => events.map(({ type, data, lastEventId }) => [type, data, lastEventId].join('|'));
export const message = (...datas) => datas.map((data) => `message|${data}|`);

/** Texts of which streams are made. */
const PARTS = [
  'event: a\n',
  'event\n',
  'data: x\n',
  'data\n',
  'data:\n',
  'data:  y\n',
  'id: 1\n',
  'id\n',
  'id: a\0b\n',
  'retry: 10\n',
  'retry: -1\n',
  'retry:\n',
  ': c\n',
  ':\n',
  '\n',
  '\n\n',
  '\r\n',
  '\r',
  'data: é😀\r',
  'data: \u2028\r\n',
  '\ufeff',
  'nonsense: 1\n',
  ' data: z\n',
  'dat',
  'a: ',
  'data: end',
  '\xff',
];

export default function register({ EventStreamDecoder, EventTooLargeError }, test) {
  /** Decodes chunks. The buffer of each is overwritten after it was pushed. */
  const decode = (chunks, options) => {
    const decoder = new EventStreamDecoder(options);
    const events = [];
    for (const chunk of chunks) {
      const lent = chunk.slice();
      events.push(...decoder.push(lent));
      lent.fill(0x41);
    }
    return { events: short(events), lastEventId: decoder.lastEventId, reconnectionTime: decoder.reconnectionTime };
  };

  for (const { name, stream, events, lastEventId, reconnectionTime } of TABLE) {
    test(`decodes ${name}, in any two parts, in single bytes and with empty parts`, () => {
      const bytes = Uint8Array.from(stream.flatMap((part) => [...bytesOf(part)]));
      const ways = [[bytes], [...bytes].map((byte) => Uint8Array.of(byte))];
      for (let at = 0; at <= bytes.length; at++)
        ways.push([bytes.subarray(0, at), new Uint8Array(0), bytes.subarray(at)]);
      const expected = { events: events.map((event) => event.join('|')), lastEventId, reconnectionTime };
      for (const way of ways) assert.deepEqual(decode(way), expected, `in parts of ${way.map((part) => part.length)}`);
    });
  }

  test('an event is there with the CR that ends it, and an LF that comes later ends nothing more', () => {
    const decoder = new EventStreamDecoder();
    assert.deepEqual(short(decoder.push(bytesOf('data: a\r\r'))), message('a'));
    assert.deepEqual(decoder.push(bytesOf('\ndata: b\r')), []);
    assert.deepEqual(decoder.push(bytesOf('\n')), []);
    assert.deepEqual(short(decoder.push(bytesOf('\r'))), message('b'));
  });

  test('a comment is reported with the text behind its colon', () => {
    const comments = [];
    decode([bytesOf(': a\n:b\n:\ndata: c\n\n')], { onComment: (comment) => comments.push(comment) });
    assert.deepEqual(comments, [' a', 'b', '']);
  });

  const SEED = 24301;
  test(`decodes random streams as the standard says, wherever the bytes are cut, with seed ${SEED}`, () => {
    const random = new Random(SEED);
    for (let round = 0; round < 4000; round++) {
      const text = Array.from({ length: random.below(25) }, () => random.pick(PARTS)).join('');
      const bytes = random.chance(80) ? bytesOf(text) : Uint8Array.from(text, (character) => character.charCodeAt(0));
      const most = random.pick([1, 3, 9, 60, 2000]);
      const chunks = [];
      for (let at = 0; at < bytes.length; ) chunks.push(bytes.subarray(at, (at += 1 + random.below(most))));
      const model = new Model();
      for (const chunk of chunks) model.push(chunk);
      // The model waits for the end to know a CR for a line end.
      model.end();
      const ours = decode(chunks);
      // It counts events that carry an id alone, which no stream here has.
      assert.deepEqual(
        ours,
        { events: short(model.events), lastEventId: model.lastEventId, reconnectionTime: model.reconnectionTime },
        JSON.stringify(text),
      );
    }
  });

  test('a long line in large and small parts is decoded as it is', () => {
    const random = new Random(7);
    const lines = Array.from({ length: 60 }, (_, count) => `${count} ${'x😀'.repeat(random.below(3000))}`);
    const bytes = bytesOf(lines.map((line) => `data: ${line}\r\n\r\n`).join(''));
    for (const size of [1, 63, 64, 65, 1023, 1025, 16_384, 100_000]) {
      const chunks = [];
      for (let at = 0; at < bytes.length; ) chunks.push(bytes.subarray(at, (at += size)));
      assert.deepEqual(decode(chunks).events, message(...lines), `in parts of ${size}`);
    }
  });

  test('a line of four times the bytes takes about four times as long, in single bytes', () => {
    const time = (length) => {
      const decoder = new EventStreamDecoder();
      const [byte, end] = [Uint8Array.of(0x78), bytesOf('\n\n')];
      const start = performance.now();
      decoder.push(bytesOf('data: '));
      for (let count = 0; count < length; count++) decoder.push(byte);
      assert.lengthOf(decoder.push(end)[0].data, length);
      return performance.now() - start;
    };
    time(100_000);
    const ratios = [1, 2, 3].map(() => time(1_000_000) / Math.max(time(250_000), 1));
    // Sixteen times, if it were quadratic.
    assert.isBelow(Math.min(...ratios), 10);
  });

  test('an event with more bytes than the bound is an error, whether in one line or in many', () => {
    for (const part of ['x'.repeat(100), `data: ${'x'.repeat(94)}\n`, 'data\n'.repeat(20)]) {
      const decoder = new EventStreamDecoder({ maxEventBytes: 1000 });
      let pushed = 0;
      const error = (() => {
        for (; pushed < 100_000; pushed += part.length) {
          try {
            decoder.push(bytesOf(part));
          } catch (thrown) {
            return thrown;
          }
        }
      })();
      assert.instanceOf(error, EventTooLargeError);
      assert.deepEqual(
        [error.name, error.code, error.message],
        ['EventTooLargeError', 'ERIC_EVENT_TOO_LARGE', 'an event of the stream has more than 1000 bytes'],
      );
      assert.isBelow(pushed, 6000);
      assert.throws(() => decoder.push(bytesOf('\n\ndata: a\n\n')), EventTooLargeError);
      decoder.reset();
      assert.deepEqual(short(decoder.push(bytesOf('data: a\n\n'))), message('a'));
    }
  });

  test('many events that are smaller than the bound are no error', () => {
    const decoder = new EventStreamDecoder({ maxEventBytes: 1000 });
    const part = bytesOf(`data: ${'x'.repeat(900)}\n\n`);
    for (let count = 0; count < 100; count++) assert.lengthOf(decoder.push(part), 1);
  });

  test('a decoder that is reset keeps the last event ID, as a client that reconnects does', () => {
    const decoder = new EventStreamDecoder();
    decoder.push(bytesOf('retry: 5\nid: 1\ndata: a\n\nid: 2\ndata: cut'));
    decoder.reset();
    assert.deepEqual(short(decoder.push(bytesOf('\ufeffdata: b\n\n'))), ['message|b|1']);
    assert.deepEqual([decoder.lastEventId, decoder.reconnectionTime], ['1', 5]);
  });
}
