// The decoder: a table of bytes, a comparison with a decoder that was written from the standard
// alone, and its bounds.

import { EventStreamDecoder as Model } from '../../js/suite/lib/decoder.mjs';
import { Random } from '../../js/suite/lib/random.mjs';
import { assert } from '../../js/suite/lib/support.mjs';

export const bytesOf = (text) => (typeof text === 'string' ? new TextEncoder().encode(text) : Uint8Array.from(text));
export const short = (events) => events.map(({ type, data, lastEventId }) => [type, data, lastEventId].join('|'));
export const message = (...datas) => datas.map((data) => `message|${data}|`);

/** Names of streams, their bytes, their events, and their last event ID unless it is empty. */
const TABLE = [
  ['nothing', '', []],
  ['one event', 'data: a\n\n', message('a')],
  ['lines that end with CR', 'data: a\rdata: b\r\r', message('a\nb')],
  ['lines that end with CRLF', 'data: a\r\ndata: b\r\n\r\n', message('a\nb')],
  ['line ends that are mixed', 'data: a\rdata: b\n\r\ndata: c\n\r', message('a\nb', 'c')],
  ['a byte order mark', '\ufeffdata: a\n\n', message('a')],
  [
    'two byte order marks, the second of which is a part of the field name',
    '\ufeff\ufeffdata: a\n\ndata: b\n\n',
    message('b'),
  ],
  ['a byte order mark later', 'data: a\n\n\ufeffdata: b\n\ndata: \ufeffc\n\n', message('a', '\ufeffc')],
  ['a byte order mark that is cut off', [0xef, 0xbb, 0x0a, ...bytesOf('data: a\n\n')], message('a')],
  ['a comment', ': a\n\ndata: b\n:\n:::\n\n', message('b')],
  ['data without a colon', 'data\n\ndata\ndata\n\ndata:test\n\n', message('', '\n', 'test')],
  ['data that is empty', 'data:\n\ndata: \n\n', message('', '')],
  ['an empty first line of data', 'data:\ndata: a\n\n', message('\na')],
  ['one space behind the colon', 'data:  a\ndata:\tb\ndata:c\n\n', message(' a\n\tb\nc')],
  ['a colon in the value', 'data: a: b\ndata::\n\n', message('a: b\n:')],
  ['an event that is cut off', 'data: a\n\ndata: b\n', message('a')],
  ['an event whose last line is cut off', 'data: a\n\ndata: b', message('a')],
  ['an event type', 'event: a\ndata: b\n\ndata: c\n\n', ['a|b|', 'message|c|']],
  ['two event types, of which the last one counts', 'event: a\nevent: b\ndata: c\n\n', ['b|c|']],
  ['an empty event type', 'event: a\nevent:\ndata: b\n\n', message('b')],
  ['an event type without data', 'event: a\n\ndata: b\n\n', message('b')],
  ['an id', 'id: 1\ndata: a\n\ndata: b\n\n', ['message|a|1', 'message|b|1'], '1'],
  ['an id without data', 'id: 1\n\ndata: a\n\n', ['message|a|1'], '1'],
  [
    'an id that is reset',
    'id: 1\ndata: a\n\nid\ndata: b\n\nid:\ndata: c\n\n',
    ['message|a|1', 'message|b|', 'message|c|'],
  ],
  ['an id with NUL', 'id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n', ['message|a|1', 'message|b|1'], '1'],
  ['an id of digits, which stays a text', 'id: 007\ndata: a\n\n', ['message|a|007'], '007'],
  ['an id of a block that is cut off', 'id: 1\ndata: a\n\nid: 2\ndata: b\n', ['message|a|1'], '1'],
  ['NUL in data', 'data: a\0b\n\n', message('a\0b')],
  ['field names in capitals, or behind a space', 'Data: a\nDATA: b\n data: c\n data\n\n', []],
  [
    'field names that begin like others',
    'datax: a\nd: b\nda\nidx: 1\ni\neventx: c\nevents\nretrys: 3\nr\nret: 4\n\n',
    [],
  ],
  ['a field name with a space', 'data : a\ndata: b\n\n', message('b')],
  ['unknown fields', 'foo: a\nfoo\ndata: b\n\n', message('b')],
  ['text beyond ASCII', 'event: é\nid: ü\ndata: 日本語 😀\u2028\u0085\n\n', ['é|日本語 😀\u2028\u0085|ü'], 'ü'],
  ['bytes that are no UTF-8', [...bytesOf('data: '), 0xff, 0xe2, 0x82, 0x0a, 0x0a], message('\ufffd\ufffd')],
  [
    'a character that a line end cuts',
    [...bytesOf('data: '), 0xf0, 0x9f, 0x0a, 0x98, 0x80, 0x0a, 0x0a],
    message('\ufffd'),
  ],
];

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

  for (const [what, stream, events, lastEventId = ''] of TABLE) {
    test(`decodes ${what}, in any two parts, in single bytes and with empty parts`, () => {
      const bytes = bytesOf(stream);
      const ways = [[bytes], [...bytes].map((byte) => Uint8Array.of(byte))];
      for (let at = 0; at <= bytes.length; at++)
        ways.push([bytes.subarray(0, at), new Uint8Array(0), bytes.subarray(at)]);
      for (const way of ways) {
        const decoded = decode(way);
        assert.deepEqual(
          [decoded.events, decoded.lastEventId],
          [events, lastEventId],
          `in parts of ${way.map((part) => part.length)}`,
        );
      }
    });
  }

  for (const [line, expected] of [
    ['retry: 10', 10],
    ['retry:0', 0],
    ['retry: 007', 7],
    ['retry', undefined],
    ['retry:', undefined],
    ['retry: 1x', undefined],
    ['retry: -1', undefined],
    ['retry: 1.5', undefined],
    ['retry:  1', undefined],
    ['retry: ١', undefined],
  ])
    test(`a line ${line} sets the reconnection time to ${expected}`, () =>
      assert.strictEqual(decode([bytesOf(`${line}\n`)]).reconnectionTime, expected));

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
