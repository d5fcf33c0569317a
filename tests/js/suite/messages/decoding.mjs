// The decoder that the other tests trust, against the examples and the rules of the HTML standard.

import { decode, EventStreamDecoder } from '../lib/decoder.mjs';
import { assert } from '../lib/support.mjs';

export default function register(_eric, test) {
  const short = ({ events }) => events.map(({ type, data, lastEventId }) => [type, data, lastEventId]);

  // https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
  const EXAMPLES = [
    ['the stock ticker of the standard', 'data: YHOO\ndata: +2\ndata: 10\n\n', [['message', 'YHOO\n+2\n10', '']]],
    [
      'the four blocks of the standard',
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n',
      [
        ['message', 'first event', '1'],
        ['message', 'second event', ''],
      ],
    ],
    [
      'two events of the standard, the last block of which is incomplete',
      'data\n\ndata\ndata\n\ndata:',
      [
        ['message', '', ''],
        ['message', '\n', ''],
      ],
    ],
    [
      'two identical events of the standard',
      'data:test\n\ndata: test\n\n',
      [
        ['message', 'test', ''],
        ['message', 'test', ''],
      ],
    ],
    ['one space behind the colon is stripped', 'data:  x\n\n', [['message', ' x', '']]],
    ['the event type is that of the last event field', 'event: a\nevent: b\ndata: x\n\n', [['b', 'x', '']]],
    [
      'an event without data is not dispatched, and its type is forgotten',
      'event: a\n\ndata: x\n\n',
      [['message', 'x', '']],
    ],
    ['an id without data is remembered', 'id: 1\n\ndata: x\n\n', [['message', 'x', '1']]],
    [
      'an id lasts until another one',
      'id: 1\ndata: x\n\ndata: y\n\n',
      [
        ['message', 'x', '1'],
        ['message', 'y', '1'],
      ],
    ],
    [
      'an id with NUL is ignored',
      'id: 1\ndata: x\n\nid: a\0b\ndata: y\n\n',
      [
        ['message', 'x', '1'],
        ['message', 'y', '1'],
      ],
    ],
    ['a byte order mark is stripped at the start', '\ufeffdata: x\n\n', [['message', 'x', '']]],
    ['and at the start alone', 'data: \ufeffx\n\n', [['message', '\ufeffx', '']]],
    ['lines end with CR', 'data: x\rdata: y\r\r', [['message', 'x\ny', '']]],
    ['lines end with CRLF', 'data: x\r\ndata: y\r\n\r\n', [['message', 'x\ny', '']]],
    ['field names are compared as they are', 'Data: x\n data: y\n\n', []],
  ];
  for (const [sentence, stream, events] of EXAMPLES) {
    test(sentence, () => assert.deepEqual(short(decode(stream)), events));
    test(`${sentence}, byte by byte`, () => {
      const decoder = new EventStreamDecoder();
      for (const byte of new TextEncoder().encode(stream)) decoder.push(Uint8Array.of(byte));
      assert.deepEqual(short(decoder.end()), events);
    });
  }

  test('a reconnection time is digits alone', () => {
    const decoder = decode('retry: 10\nretry: 1x\nretry: -1\nretry:\n\n');
    assert.strictEqual(decoder.reconnectionTime, 10);
    assert.strictEqual(decoder.retries, 1);
    assert.strictEqual(decoder.ignored.length, 3);
  });

  test('lines that a client ignores are noted', () => {
    assert.deepEqual(decode(': comment\nfoo: bar\nfoo\ndata: x\n\n').ignored, [': comment', 'foo: bar', 'foo']);
  });
}
