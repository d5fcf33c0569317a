// Options: wrong types and impossible values are refused where they enter, by name.

import { assert, thrownBy } from '../lib/support.mjs';

export default function register(eric, test) {
  const { ChannelContainer, MessageQueueListener, SSEChannel } = eric;
  class Plain extends eric.AbstractChannel {}

  const channel = () => new SSEChannel();
  const registered = () => {
    const one = channel();
    return [one, one.addListener()];
  };

  /** Calls that take options, by what is wrong with these: `name` stands in the text. */
  const WRONG = [
    ['SSEChannel', (options) => new SSEChannel(options)],
    ["a channel of a class of one's own", (options) => new Plain(options)],
    ['MessageQueueListener', (options) => new MessageQueueListener(options)],
    ['ChannelContainer.add', (options) => new ChannelContainer().add(options)],
    ['watch', (options) => channel().watch(options)],
    ['response', (options) => channel().response(undefined, options)],
    [
      'messageStream',
      (options) => {
        const [one, listener] = registered();
        return one.messageStream(listener, options);
      },
    ],
  ];
  for (const [what, call] of WRONG) {
    test(`the options of ${what} are an object, or left out`, () => {
      for (const options of [null, 5, 'x', true, 1n, Symbol('x'), () => {}, Promise.resolve({})]) {
        const error = thrownBy(() => call(options));
        assert.instanceOf(error, TypeError);
        assert.match(error.message, /^options must be an object, not /);
      }
      assert.doesNotThrow(() => call(undefined));
      assert.doesNotThrow(() => call({}));
    });
  }

  const NO_STRINGS = [null, 5, true, {}, [], Symbol('x'), 1n, () => {}, Object('id')];
  const NO_NUMBERS = [null, '5', true, {}, [], Symbol('x'), 5n, () => {}, Object(5)];
  const NO_FUNCTIONS = [null, 5, 'x', true, {}, []];
  const NO_SIGNALS = [5, 'x', true, {}, [], () => {}, new EventTarget(), new AbortController()];

  const TABLE = [
    [
      'id',
      'SSEChannel',
      (id) => new SSEChannel({ id }),
      NO_STRINGS,
      ['', 'a\nb', 'a\rb', 'a\0b'],
      ['x', ' ', 'é😀', 'x'.repeat(10_000)],
    ],
    ['id', 'ChannelContainer.add', (id) => new ChannelContainer().add({ id }), NO_STRINGS, ['', 'a\nb'], ['x']],
    [
      'id',
      'MessageQueueListener',
      (id) => new MessageQueueListener({ id }),
      NO_STRINGS,
      ['', 'a\nb', 'a\rb', 'a\0b'],
      ['x', ' ', 'é😀'],
    ],
    [
      'streamDelaySeconds',
      'SSEChannel',
      (streamDelaySeconds) => new SSEChannel({ streamDelaySeconds }),
      NO_NUMBERS,
      [-1, -0.001, NaN, Infinity, -Infinity, 1e300, 2 ** 31],
      [0, 0.001, 1, 86_400, 2_000_000],
    ],
    [
      'retryTimeoutMilliseconds',
      'SSEChannel',
      (retryTimeoutMilliseconds) => new SSEChannel({ retryTimeoutMilliseconds }),
      NO_NUMBERS,
      [-1, 0.5, NaN, Infinity, -Infinity, 1e300, 2 ** 53],
      [0, 1, 15_000, 2 ** 40],
    ],
    [
      'onMessage',
      'MessageQueueListener',
      (onMessage) => new MessageQueueListener({ onMessage }),
      NO_FUNCTIONS,
      [],
      [() => {}],
    ],
    ['onError', 'watch', (onError) => channel().watch({ onError }), NO_FUNCTIONS, [], [() => {}]],
    ['onError', 'response', (onError) => channel().response(null, { onError }), NO_FUNCTIONS, [], [() => {}]],
    ['signal', 'watch', (signal) => channel().watch({ signal }), NO_SIGNALS, [], [null, new AbortController().signal]],
    [
      'signal',
      'response',
      (signal) => channel().response(null, { signal }),
      NO_SIGNALS,
      [],
      [null, new AbortController().signal],
    ],
    [
      'signal',
      'the request of a response',
      (signal) => channel().response({ method: 'GET', signal }),
      NO_SIGNALS,
      [],
      [null, undefined, new AbortController().signal],
    ],
  ];
  for (const [option, of, call, wrongTypes, outOfRange, good] of TABLE) {
    test(`${option} of ${of}: a wrong type is a TypeError that names it`, () => {
      for (const value of wrongTypes) {
        const error = thrownBy(() => call(value));
        assert.instanceOf(error, TypeError, String(value));
        assert.include(error.message, `${option} must `);
      }
    });
    if (outOfRange.length > 0) {
      test(`${option} of ${of}: an impossible value is a RangeError that names it`, () => {
        for (const value of outOfRange) {
          const error = thrownBy(() => call(value));
          assert.instanceOf(error, RangeError, String(value));
          assert.include(error.message, `${option} must `);
        }
      });
    }
    test(`${option} of ${of}: anything else is taken, and may be left out`, () => {
      for (const value of [undefined, ...good]) assert.doesNotThrow(() => call(value));
    });
  }

  test('a value that is no request is refused', () => {
    // One of node:http has its headers as an object.
    for (const request of [5, 'GET', true, Symbol('x'), { method: 'GET', headers: { accept: 'text/event-stream' } }]) {
      const error = thrownBy(() => channel().response(request));
      assert.instanceOf(error, TypeError);
      assert.match(error.message, /^request must be /);
    }
  });

  test('headers that are no headers are refused', () => {
    const one = channel();
    for (const headers of [5, 'X: y', [['X']], [[]], Symbol('x')])
      assert.instanceOf(
        thrownBy(() => one.response(null, { headers })),
        TypeError,
      );
    assert.strictEqual(one.listenerCount, 0);
  });

  test('a text shown in a refusal is cut', () => {
    assert.isBelow(thrownBy(() => new SSEChannel({ streamDelaySeconds: 'x'.repeat(100_000) })).message.length, 300);
  });

  test('a refused channel or listener is not half made', () => {
    const container = new ChannelContainer();
    thrownBy(() => container.add({ id: 5 }));
    thrownBy(() => container.add({ id: 'x', streamDelaySeconds: -1 }));
    assert.deepEqual(container.ids(), []);
    assert.strictEqual(container.add({ id: 'x' }).id, 'x');
  });

  test('options that are not known are ignored', () => {
    assert.doesNotThrow(() => new SSEChannel({ unknown: 1 }));
    assert.doesNotThrow(() => channel().watch({ unknown: 1 }));
  });

  test('options are read once, when they are handed in', () => {
    const options = { id: 'before', retryTimeoutMilliseconds: 1, streamDelaySeconds: 0 };
    const one = new SSEChannel(options);
    Object.assign(options, { id: 'after', retryTimeoutMilliseconds: 2, streamDelaySeconds: 3 });
    assert.deepEqual([one.id, one.retryTimeoutMilliseconds, one.streamDelaySeconds], ['before', 1, 0]);
  });
}
