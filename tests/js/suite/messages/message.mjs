// Message: an event type and a payload; serialised once, when sent.

import { BodyReader, withoutIds, written } from '../lib/body.mjs';
import { assert, assertException, promptly, thrownBy } from '../lib/support.mjs';

export default function register({ InvalidMessageFormat, Message, MessageQueueListener, SSEChannel }, test) {
  /** A channel with a running listener. */
  function scene() {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    return { channel, listener, next: () => channel.deliverNext(listener.id) };
  }

  test('a message has the type and the payload that it was made with', () => {
    const payload = { symbol: 'ABC' };
    const message = new Message('price', payload);
    assert.strictEqual(message.type, 'price');
    assert.strictEqual(message.payload, payload);
  });

  test('a message that was given no payload has none', () => {
    assert.isUndefined(new Message('tick').payload);
  });

  test('wherever a Message is taken, { type, payload } is taken as well', () => {
    const { channel, listener, next } = scene();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.dispatch(listener.id, { type: 'b', payload: 2 });
    channel.broadcast({ type: 'c' });
    const messages = [next(), next(), next()];
    assert.deepEqual(
      messages.map(({ type, payload }) => [type, payload]),
      [
        ['a', 1],
        ['b', 2],
        ['c', undefined],
      ],
    );
    for (const message of messages) assert.instanceOf(message, Message);
  });

  test('a subclass of Message is a message', () => {
    class Price extends Message {
      constructor(value) {
        super('price', value);
      }
    }
    const { channel, next } = scene();
    const price = new Price(12.5);
    channel.broadcast(price);
    assert.strictEqual(next(), price);
  });

  test('a reader in this process gets the value that was sent, not a copy', async () => {
    const { channel, next } = scene();
    const stream = channel.watch();
    const payload = { list: [1] };
    const message = new Message('value', payload);
    channel.broadcast(message);
    assert.strictEqual(next(), message);
    assert.strictEqual((await promptly(stream.next())).value.data, payload);
    await stream.return();
  });

  test('a payload that is changed after it was sent goes out on the wire as it was', async () => {
    const { channel, next } = scene();
    const payload = { list: [1] };
    const reader = new BodyReader(channel.response());
    channel.broadcast({ type: 'value', payload });
    payload.list.push(2);
    payload.more = true;
    const [event] = await reader.events(1);
    assert.strictEqual(event.data, '{"list":[1]}');
    // In this process it is the value itself, with its changes.
    assert.deepEqual(next().payload, { list: [1, 2], more: true });
    await reader.cancel();
  });

  test('a payload is serialised once, when it is sent, however many listeners read it', async () => {
    const { channel } = scene();
    const readers = [1, 2, 3].map(() => new BodyReader(channel.response()));
    let calls = 0;
    channel.broadcast({ type: 'counted', payload: { toJSON: () => ++calls } });
    assert.strictEqual(calls, 1);
    for (const reader of readers) {
      assert.strictEqual((await reader.events(1))[0].data, '1');
      await reader.cancel();
    }
    assert.strictEqual(calls, 1);
  });

  test('a Message whose type was overwritten is checked again when it is sent', () => {
    const { channel } = scene();
    const message = new Message('tick');
    /** @type {any} */ (message).type = 'tick\ndata: forged';
    assertException(
      thrownBy(() => channel.broadcast(message)),
      InvalidMessageFormat,
      'ERIC_INVALID_MESSAGE',
    );
  });

  const cycle = {};
  cycle.self = cycle;
  const REFUSED = {
    'a cycle': cycle,
    'a BigInt': 1n,
    'a BigInt inside': { deep: [1n] },
    'a function': () => {},
    'a function inside': { deep: [{ callback() {} }] },
    'a function in an array': [() => {}],
    'a symbol': Symbol('x'),
    'a symbol inside': { symbol: Symbol.iterator },
    'a toJSON that gives nothing': { toJSON() {} },
    'a toJSON that gives a function': { toJSON: () => () => {} },
    'a Map': new Map([['a', 1]]),
    'a Set inside': { deep: [new Set([1])] },
    'an Error': new Error('lost'),
    'a Promise': Promise.resolve(1),
    'an ArrayBuffer': new ArrayBuffer(8),
    'an Error with a property of its own, as those of the file system': Object.assign(new Error('lost'), {
      code: 'ENOENT',
    }),
    'an Error inside': { ok: false, error: Object.assign(new TypeError('lost'), { status: 400 }) },
    'an AggregateError': new AggregateError([new Error('lost')], 'all of them'),
    'a Map with a property of its own': Object.assign(new Map([['a', 1]]), { note: 1 }),
    'a RegExp': /lost/,
  };
  test('an object is carried as its own properties, of which there may be none', async () => {
    const { channel, listener } = scene();
    const empty = [
      {},
      Object.create(null),
      Object.create(Object.create(null)),
      [],
      new Date(0),
      Object(5),
      Object(true),
      { a: {} },
      new Uint8Array(0),
      new Uint8Array(2),
      new (class Options {})(),
      new (class WithPrivateField {
        #hidden = 1;
        get shown() {
          return this.#hidden;
        }
      })(),
      { filters: new (class Filters {})() },
      new (class Tagged {
        value = 1;
        get [Symbol.toStringTag]() {
          return 'Tagged';
        }
      })(),
    ];
    for (const payload of empty) channel.broadcast({ type: 'a', payload });
    listener.startSync();
    for (const payload of empty) assert.strictEqual(channel.deliverNext(listener.id).payload, payload);
  });

  for (const [what, payload] of Object.entries(REFUSED)) {
    test(`a payload that JSON cannot carry is refused when it is sent: ${what}`, () => {
      const { channel, listener } = scene();
      const send = {
        broadcast: () => channel.broadcast({ type: 'a', payload }),
        'broadcast of a Message': () => channel.broadcast(new Message('a', payload)),
        dispatch: () => channel.dispatch(listener.id, { type: 'a', payload }),
      };
      for (const [how, call] of Object.entries(send)) {
        assertException(thrownBy(call), InvalidMessageFormat, 'ERIC_INVALID_MESSAGE', how);
      }
      assert.strictEqual(thrownBy(() => channel.deliverNext(listener.id)).reason, 'empty', 'nothing was queued');
    });
  }

  test('the error of a toJSON or a getter is the cause of the refusal', () => {
    const { channel } = scene();
    const cause = new Error('no');
    const fail = () => {
      throw cause;
    };
    for (const payload of [{ toJSON: fail }, Object.defineProperty({}, 'x', { get: fail, enumerable: true })]) {
      const error = thrownBy(() => channel.broadcast({ type: 'a', payload }));
      assertException(error, InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
      assert.strictEqual(error.cause, cause);
    }
  });

  test('a payload nested too deeply is refused like any other that JSON cannot carry', () => {
    const { channel } = scene();
    for (let depth = 1000; depth <= 2 ** 20; depth *= 2) {
      let payload = [];
      for (let level = 0; level < depth; level++) payload = [payload];
      try {
        channel.broadcast({ type: 'deep', payload });
      } catch (error) {
        assertException(error, InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
      }
    }
  });

  test('values that JSON writes in its own way are sent in that way', async () => {
    const channel = new SSEChannel();
    const payloads = [new Date(0), NaN, [undefined, Infinity], { left: undefined, out: 1 }, Object(1), -0];
    const { decoder } = await written(
      channel,
      payloads.map((payload) => ({ type: 'a', payload })),
    );
    assert.deepEqual(
      decoder.events.map(({ data }) => data),
      payloads.map((payload) => JSON.stringify(payload)),
    );
  });

  test('an event type that would break a line, or is empty, is refused by the constructor', () => {
    for (const type of ['', 'a\nb', 'a\rb', 'a\r\nb', 'a\0b', '\n', 'x\ndata: forged\n\nevent: y']) {
      assertException(
        thrownBy(() => new Message(type)),
        InvalidMessageFormat,
        'ERIC_INVALID_MESSAGE',
      );
    }
  });

  test('any other text is an event type', async () => {
    const types = [
      'a',
      ' a ',
      ':',
      'a:b',
      'data',
      'é',
      '😀',
      '\u2028',
      '\ufeff',
      'x'.repeat(10_000),
      '__proto__',
      'constructor',
    ];
    const { decoder } = await written(
      new SSEChannel(),
      types.map((type) => ({ type })),
    );
    assert.deepEqual(
      decoder.events.map(({ type }) => type),
      types,
    );
  });

  const NOT_MESSAGES = {
    undefined: undefined,
    null: null,
    'a string': 'tick',
    'a number': 5,
    'a boolean': true,
    'an array': [],
    'an empty object': {},
    'a function': () => {},
  };
  const NOT_TYPES = {
    undefined: undefined,
    null: null,
    'a number': 5,
    'an object': {},
    'a String object': Object('tick'),
    'a symbol': Symbol('x'),
  };
  const shapes = [
    ...Object.entries(NOT_MESSAGES),
    ...Object.entries(NOT_TYPES).map(([what, type]) => [`an object whose type is ${what}`, { type, payload: 1 }]),
  ];
  for (const [what, message] of shapes) {
    test(`a value that is no message is refused: ${what}`, () => {
      const { channel, listener } = scene();
      for (const call of [() => channel.broadcast(message), () => channel.dispatch(listener.id, message)]) {
        assertException(thrownBy(call), InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
      }
    });
  }

  test('more event types than are remembered are all checked', async () => {
    const channel = new SSEChannel();
    const types = Array.from({ length: 3000 }, (_, number) => `type-${number}`);
    for (const type of [...types, ...types]) new Message(type);
    const { text } = await written(channel, [{ type: types[0] }]);
    assert.strictEqual(withoutIds(text), 'event: type-0\ndata:\n\n');
    assertException(
      thrownBy(() => new Message('type-1\n')),
      InvalidMessageFormat,
      'ERIC_INVALID_MESSAGE',
    );
  });

  test('onMessage is shown the very message that a reader gets', () => {
    const seen = [];
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({ onMessage: (message) => void seen.push(message) });
    channel.registerListener(listener);
    listener.startSync();
    channel.broadcast({ type: 'a', payload: 1 });
    assert.strictEqual(channel.deliverNext(listener.id), seen[0]);
  });
}
