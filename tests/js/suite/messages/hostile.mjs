// Hostile values in every option, and in everything that goes near the wire or the core.

import { BodyReader } from '../lib/body.mjs';
import { Random } from '../lib/random.mjs';
import { assert, consoleErrorsOf, dataOf, promptly, ready, settle, thrownBy, until } from '../lib/support.mjs';

export default function register(eric, test) {
  const { AbstractChannel, ChannelContainer, MessageQueueListener, SSEChannel } = eric;
  class Plain extends AbstractChannel {}

  const NUMBERS = [
    NaN,
    -0,
    0,
    1,
    0.5,
    1.5,
    -1,
    -0.5,
    Infinity,
    -Infinity,
    1e308,
    -1e308,
    Number.MIN_VALUE,
    Number.EPSILON,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    2 ** 53 - 1,
    2 ** 63,
    2 ** 64,
    1e21,
  ];
  const NO_NUMBERS = [
    null,
    '5',
    '',
    true,
    {},
    [],
    [5],
    Symbol('x'),
    5n,
    () => {},
    Object(5),
    new Date(0),
    { valueOf: () => 5 },
    { toString: () => '5' },
  ];
  const NO_STRINGS = [null, 5, true, {}, [], ['x'], Symbol('x'), 5n, () => {}, Object('x'), { toString: () => 'x' }];
  const NO_FUNCTIONS = [null, 5, 'x', true, {}, [], Symbol('x')];
  const NO_OBJECTS = [null, 5, 'x', true, Symbol('x'), 5n, () => {}];

  /**
   * Runs something with a channel that has a listener, which has to be all that it has afterwards.
   */
  const WITH = {
    'a new SSEChannel': (options) => void new SSEChannel(options),
    "a new channel of a class of one's own": (options) => void new Plain(options),
    'ChannelContainer.add': (options) => void new ChannelContainer().add(options),
    response(options, channel) {
      const given = options?.resumeSeconds === undefined ? options : { listener: 'x', ...options };
      void channel.response(null, given).body.cancel();
      // A resumable listener stays.
      for (const { id } of channel.listeners().slice(1)) channel.removeListener(id);
    },
    watch: (options, channel) => void channel.watch(options).return(),
    registerListener(options, channel) {
      const listener = new MessageQueueListener();
      channel.registerListener(listener, options);
      channel.removeListener(listener.id);
    },
    addListener: (options, channel) => channel.removeListener(channel.addListener(undefined, options).id),
    broadcast: (options, channel) => channel.broadcast({ type: 'n', payload: 1 }, options),
    async drain(options, channel) {
      await channel.drain(options);
    },
    async 'ChannelContainer.drain'(options, channel) {
      const container = new ChannelContainer();
      container.register(channel);
      await container.drain(options);
    },
  };
  const CHANNELS = ['a new SSEChannel', "a new channel of a class of one's own", 'ChannelContainer.add'];
  const LISTENERS = ['response', 'watch', 'registerListener', 'addListener'];
  const DRAINS = ['drain', 'ChannelContainer.drain'];
  const LONGEST = 2_147_483.647;
  const upTo =
    (most, least = 0) =>
    (value) =>
      value >= least && value <= most;

  /** Options by path, the calls that take them, wrong types, values in range. */
  const OPTIONS = [
    ['history', CHANNELS, NO_OBJECTS],
    ['history.messages', CHANNELS, NO_NUMBERS, upTo(Infinity)],
    ['history.bytes', CHANNELS, NO_NUMBERS, upTo(Infinity)],
    ['history.seconds', CHANNELS, NO_NUMBERS, upTo(Infinity)],
    ['queue', LISTENERS, NO_OBJECTS],
    ['queue.messages', LISTENERS, NO_NUMBERS, upTo(Infinity, 1)],
    ['queue.bytes', LISTENERS, NO_NUMBERS, upTo(Infinity)],
    [
      'queue.overflow',
      LISTENERS,
      NO_STRINGS,
      (value) => ['drop-oldest', 'disconnect', 'refuse'].includes(value),
      ['', 'drop', 'Refuse', 'refuse ', 'x'.repeat(10_000), '__proto__', 'toString', 'refuse'],
    ],
    ['filter', LISTENERS, NO_FUNCTIONS],
    [
      'events',
      LISTENERS,
      [null, 5, 'x', true, {}, [5], [null], ['a', undefined], [['a']], new Set(['a']), () => {}, { length: 0 }],
    ],
    [
      'lastEventId',
      LISTENERS,
      NO_STRINGS,
      () => true,
      ['', 'x', 'a\nb', 'a\rb', 'a\0b', '\ud800', 'x'.repeat(1024 * 1024)],
    ],
    ['heartbeatSeconds', ['response'], NO_NUMBERS, upTo(LONGEST)],
    ['stallSeconds', ['response'], NO_NUMBERS, upTo(LONGEST)],
    ['maxDurationSeconds', ['response'], NO_NUMBERS, upTo(LONGEST)],
    ['resumeSeconds', ['response'], NO_NUMBERS, upTo(LONGEST)],
    ['onClose', ['response'], NO_FUNCTIONS],
    ['onError', ['response', 'watch'], NO_FUNCTIONS],
    [
      'listener',
      ['response'],
      [null, 5, true, {}, [], ['x'], Symbol('x'), () => {}, Object('x')],
      (value) => value !== '' && !/[\n\r\0]/.test(value),
      ['', 'a\nb', 'a\rb', 'a\0b', 'x'],
    ],
    ['except', ['broadcast'], [null, 5, true, {}, [5], [null], Symbol('x'), () => {}]],
    ['seconds', DRAINS, NO_NUMBERS, upTo(LONGEST)],
    ['retryMilliseconds', DRAINS, NO_NUMBERS, upTo(Number.MAX_SAFE_INTEGER)],
  ];
  const nested = (path, value) => path.split('.').reduceRight((inner, key) => ({ [key]: inner }), value);

  /** Returns the error that a call throws or is rejected with. */
  async function failureOf(call) {
    try {
      await call();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  for (const [path, calls, wrongTypes, isLegal, values = NUMBERS] of OPTIONS) {
    for (const call of calls) {
      test(`${path} of ${call}: wrong types are TypeErrors, wrong values RangeErrors, by name, and nothing is left behind`, async () => {
        const channel = new SSEChannel();
        const other = channel.addListener();
        const attempt = (value) =>
          failureOf(() => WITH[call](nested(path, value), DRAINS.includes(call) ? new SSEChannel() : channel));
        const state = () => {
          const { broadcasts, listeners, ended, queued } = channel.stats();
          return { broadcasts, listeners, ended, queued };
        };
        const before = state();
        for (const value of wrongTypes) {
          const error = await attempt(value);
          assert.instanceOf(error, TypeError, typeof value);
          assert.include(error.message, `${path} must `);
          assert.isBelow(error.message.length, 300);
        }
        for (const value of isLegal ? values : []) {
          if (isLegal(value)) continue;
          const error = await attempt(value);
          assert.instanceOf(error, RangeError, String(value).slice(0, 80));
          assert.include(error.message, `${path} must `);
          assert.isBelow(error.message.length, 300);
        }
        assert.deepEqual(state(), before);
        // A drain takes its full time: long ones are only begun elsewhere.
        if (!DRAINS.includes(call)) {
          for (const value of isLegal ? values : [])
            if (isLegal(value)) assert.isUndefined(await attempt(value), String(value).slice(0, 80));
          assert.isUndefined(await attempt(undefined));
        }
        await settle();
        assert.deepEqual(channel.listeners(), [other]);
      });
    }
  }

  for (const [call, run] of Object.entries(WITH)) {
    test(`the options of ${call} are an object, or left out`, async () => {
      for (const options of NO_OBJECTS) {
        const error = await failureOf(() => run(options, new SSEChannel()));
        assert.instanceOf(error, TypeError);
        assert.match(error.message, /^options must be an object/);
      }
      for (const options of [undefined, {}, [], Object.create(null)]) {
        if (!DRAINS.includes(call)) assert.isUndefined(await failureOf(() => run(options, new SSEChannel())));
      }
    });
  }

  test('options whose getters throw pass that on, and leave no listener behind', () => {
    const failure = new Error('of a getter');
    const channel = new SSEChannel();
    for (const name of [
      'queue',
      'filter',
      'events',
      'lastEventId',
      'heartbeatSeconds',
      'onClose',
      'resumeSeconds',
      'listener',
      'headers',
      'signal',
      'onError',
    ]) {
      const options = Object.defineProperty({}, name, {
        get() {
          throw failure;
        },
      });
      assert.strictEqual(
        thrownBy(() => channel.response(null, options)),
        failure,
        name,
      );
    }
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a thousand refusals leave a channel as it was, and working', async () => {
    const channel = new SSEChannel();
    const random = new Random(1);
    const refused = OPTIONS.filter(([, calls]) => calls.includes('response'));
    for (let round = 0; round < 1000; round++) {
      const [path, , wrongTypes] = random.pick(refused.filter(([, , types]) => types.length > 0));
      assert.instanceOf(
        thrownBy(() => channel.response(null, nested(path, random.pick(wrongTypes)))),
        TypeError,
      );
    }
    assert.strictEqual(channel.listenerCount, 0);
    assert.deepEqual(channel.stats().ended, {});
    const reader = new BodyReader(channel.response());
    channel.broadcast({ type: 'n', payload: 1 });
    assert.deepEqual(dataOf(await reader.events(1)), ['1']);
    await reader.cancel();
  });

  test('a thousand refused sends leave a channel as it was, and working', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    const wrong = [
      null,
      undefined,
      5,
      'x',
      {},
      { type: 5 },
      { type: '' },
      { type: 'a\nb' },
      { type: 'a', payload: 1n },
      { type: 'a', payload: () => {} },
    ];
    for (let round = 0; round < 1000; round++) {
      const message = wrong[round % wrong.length];
      assert.strictEqual(thrownBy(() => channel.broadcast(message, { except: 'x' })).code, 'ERIC_INVALID_MESSAGE');
      assert.strictEqual(thrownBy(() => channel.dispatch(stream.listener.id, message)).code, 'ERIC_INVALID_MESSAGE');
    }
    channel.broadcast({ type: 'n', payload: 1 });
    assert.deepEqual(dataOf(await ready(stream)), [1]);
    await stream.return();
  });

  /** Of a message with a type of one byte and one byte of data. */
  const WEIGHT = 256 + 2;
  const bounds = NUMBERS.filter((value) => value >= 0);
  test('any bound that is taken is kept: histories', async () => {
    for (const messages of bounds) {
      for (const bytes of [0, WEIGHT, 2 ** 53, Infinity, 1e308]) {
        for (const seconds of [0, Number.MIN_VALUE, 60, 1e308, Infinity]) {
          const channel = new SSEChannel({ history: { messages, bytes, seconds } });
          const before = channel.lastEventId;
          for (let payload = 1; payload <= 3; payload++) channel.broadcast({ type: 'n', payload });
          const kept = channel.stats().history.messages;
          assert.isAtMost(kept, Math.min(3, messages, bytes / WEIGHT));
          if (seconds >= 60)
            assert.strictEqual(
              kept,
              Math.floor(Math.min(3, messages, bytes / WEIGHT)),
              `${messages} messages, ${bytes} bytes`,
            );
          const stream = channel.watch({ lastEventId: before });
          const items = await ready(stream);
          const missed = items[0]?.event === '_eric_gap' ? items.shift().data.missed : 0;
          assert.strictEqual(missed + items.length, 3);
          await stream.return();
        }
      }
    }
  });

  test('any bound that is taken is kept: queues', async () => {
    for (const overflow of ['drop-oldest', 'disconnect', 'refuse']) {
      for (const messages of bounds.filter((value) => value >= 1)) {
        for (const bytes of [-0, Number.MIN_VALUE, 2 * WEIGHT, 2 ** 53, 2 ** 64, 1e308, Infinity]) {
          const channel = new SSEChannel();
          const stream = channel.watch({ queue: { messages, bytes, overflow } });
          let refused = 0;
          for (let payload = 1; payload <= 4; payload++) {
            try {
              if (payload % 2) channel.broadcast({ type: 'n', payload });
              else channel.dispatch(stream.listener.id, { type: 'n', payload });
            } catch (error) {
              assert.include(['ERIC_QUEUE_FULL', 'ERIC_INVALID_LISTENER'], error.code);
              refused++;
            }
          }
          const most = Math.floor(Math.min(4, messages, Math.max(1, bytes / WEIGHT)));
          const shown = `${overflow}, ${messages} messages, ${bytes} bytes`;
          const { queued } = stream.listener.stats();
          if (overflow === 'disconnect') assert.strictEqual(channel.listenerCount, most < 4 ? 0 : 1, shown);
          else assert.strictEqual(queued, most, shown);
          if (overflow === 'refuse') assert.strictEqual(refused, 4 - most, shown);
          await stream.return();
        }
      }
    }
  });

  test('any reconnection time that a drain takes stands on the wire in digits', async () => {
    for (const retryMilliseconds of NUMBERS.filter(upTo(Number.MAX_SAFE_INTEGER))) {
      const channel = new SSEChannel();
      const reader = new BodyReader(channel.response());
      await reader.chunk();
      await promptly(Promise.all([channel.drain({ seconds: 0, retryMilliseconds }), reader.rest()]));
      assert.match(reader.text, /\n\nretry: \d+\n\n$/);
      assert.deepEqual(reader.decoder.ignored, []);
      assert.isAtLeast(reader.decoder.reconnectionTime, 500);
    }
  });

  test('nothing of an event that adapt makes can break out of its line', async () => {
    const evil = ['a\nb', 'a\rb', 'a\r\nb', 'a\0b', '\n', 'x\n\ndata: evil'];
    const items = [
      ...evil.map((event) => ({ event, data: 'x' })),
      ...evil.map((id) => ({ event: 'a', id, data: 'x' })),
      ...NO_STRINGS.map((event) => ({ event, data: 'x' })),
      ...NO_STRINGS.filter((id) => id !== null).map((id) => ({ event: 'a', id, data: 'x' })),
      { event: 'a', data: 1n },
      { event: 'a', data: () => {} },
      { event: 'a', data: Symbol('x') },
    ];
    const channel = new (class extends SSEChannel {
      adapt(message) {
        return message.payload < items.length
          ? items[message.payload]
          : { event: 'good', data: 'x', id: 'good', retry: 'evil\n\ndata: evil' };
      }
    })();
    const errors = [];
    const reader = new BodyReader(channel.response(null, { onError: (error) => void errors.push(error.code) }));
    for (let payload = 0; payload <= items.length; payload++) channel.broadcast({ type: 'n', payload });
    await reader.events(1);
    assert.strictEqual(reader.text, 'retry: 15000\n\nevent: good\nid: good\ndata: x\n\n');
    assert.deepEqual(
      errors,
      items.map(() => 'ERIC_INVALID_MESSAGE'),
    );
    await reader.cancel();
  });

  test('a retry of an event that adapt makes is not written, whatever it is', async () => {
    const retries = [
      '5',
      5,
      -1,
      NaN,
      null,
      {},
      { toString: () => '1\n\ndata: evil' },
      '5\n\ndata: evil',
      Symbol('x'),
      1n,
      Infinity,
    ];
    const channel = new (class extends SSEChannel {
      adapt(message) {
        return { event: 'a', data: 'x', retry: retries[message.payload] };
      }
    })();
    const reader = new BodyReader(channel.response());
    for (const index of retries.keys()) channel.broadcast({ type: 'n', payload: index });
    await reader.events(retries.length);
    assert.strictEqual(reader.text, `retry: 15000\n\n${'event: a\ndata: x\n\n'.repeat(retries.length)}`);
    await reader.cancel();
  });

  test('types of a megabyte, with lone surrogates in them, arrive whole', async () => {
    const channel = new SSEChannel();
    const reader = new BodyReader(channel.response(null, { queue: { bytes: Infinity }, events: ['*\ud800*', 'x*'] }));
    const types = ['x'.repeat(1024 * 1024), 'y\ud800z', `x${'é'.repeat(500_000)}`];
    for (const type of types) channel.broadcast({ type, payload: 'p' });
    const events = await reader.events(3);
    assert.isTrue(events.every(({ type }, index) => type === types[index].replace('\ud800', '\ufffd')));
    await reader.cancel();
  });

  test("types of the project's own, sent by a user, appear in errors by their ids at most", async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    channel.broadcast({ type: '_eric_gap', payload: { reason: 'mine' } });
    const [event] = await ready(stream);
    assert.deepEqual([event.event, event.data], ['_eric_gap', { reason: 'mine' }]);
    await stream.return();
  });

  test('requests of strange shapes are taken or refused, and leave nothing behind', async () => {
    const channel = new SSEChannel();
    const requests = [
      {},
      [],
      { url: '' },
      { url: '?' },
      { url: '#' },
      { url: '?#' },
      { url: '#?lastEventId=x' },
      { url: '?lastEventId' },
      { url: '?lastEventId=%' },
      { url: '?lastEventId=%FF%FE' },
      { url: '?lastEventId=a&lastEventId=b' },
      { url: `?${'a=b&'.repeat(10_000)}` },
      { url: 5 },
      { headers: {} },
      { headers: { get: 5 } },
      { headers: { get: () => 5 } },
      { headers: { get: () => ({}) } },
      { headers: { get: () => undefined } },
      {
        headers: {
          get() {
            throw new Error('of get');
          },
        },
      },
      { headers: null, url: null },
      { method: 5 },
      { method: 'POST' },
      { signal: {} },
    ];
    for (const request of requests) {
      const error = await failureOf(async () => new BodyReader(channel.response(request)).cancel());
      assert.isFalse(String(error?.message).includes('unreachable'));
    }
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('no callback can bring the core down, by any call from any place', async () => {
    const acts = [
      ({ channel }) => channel.broadcast({ type: 'n', payload: 0 }),
      ({ channel }) => channel.broadcast({ type: 'n', payload: 0 }, { except: channel.listeners() }),
      ({ channel }) => channel.dispatch('x', { type: 'n', payload: 0 }),
      ({ channel }) => channel.removeListener('x'),
      ({ channel }) => channel.listeners().forEach(({ id }) => channel.removeListener(id)),
      ({ channel }) => channel.getListener('x').stopSync(),
      ({ channel }) => channel.getListener('x').startSync(),
      ({ channel }) => channel.deliverNext('x'),
      ({ channel }) => channel.close(),
      ({ channel }) => channel.gone(),
      ({ channel }) => void channel.drain({ seconds: 0.001 }),
      ({ channel }) => channel.stats(),
      ({ channel }) => channel.listeners().map((listener) => listener.stats()),
      ({ channel }) => void channel.response(null, { listener: 'x', resumeSeconds: 0.01 }).body?.cancel(),
      ({ channel }) => void channel.response(null, { lastEventId: 'x' }).body?.cancel(),
      ({ channel }) => void channel.watch({ lastEventId: channel.lastEventId }).return(),
      ({ reader }) => void reader?.cancel(),
      ({ reader }) => void reader?.read().catch(() => {}),
      () => {
        throw new Error('of a callback');
      },
    ];
    const seen = new Set();
    await consoleErrorsOf(async () => {
      for (let seed = 1; seed <= 150; seed++) {
        const random = new Random(seed);
        const channel = new SSEChannel({ history: { messages: random.below(5) } });
        const scene = { channel, reader: undefined };
        let budget = 30;
        const callback = () => {
          if (budget-- <= 0 || random.chance(30)) return true;
          try {
            random.pick(acts)(scene);
          } catch (error) {
            seen.add(error.constructor.name);
            if (error instanceof WebAssembly.RuntimeError || /unreachable|recursive use|borrow/.test(error.message))
              throw error;
            if (random.chance(50)) throw error;
          }
          return true;
        };
        for (let round = 0; round < 4; round++) {
          const listener = new MessageQueueListener({ id: 'x', onMessage: callback });
          const options = {
            filter: callback,
            onClose: callback,
            onError(error) {
              seen.add(error.constructor.name);
              callback();
            },
            queue: { messages: 1 + random.below(3), overflow: random.pick(['drop-oldest', 'disconnect', 'refuse']) },
            resumeSeconds: random.pick([0, 0.01]),
            lastEventId: random.pick([undefined, channel.lastEventId, 'x']),
          };
          try {
            const response = channel.response(null, { ...options, listener: random.chance(50) ? listener : 'x' });
            // A deleted channel has no body.
            if (response.body) scene.reader = new BodyReader(response);
          } catch (error) {
            seen.add(error.constructor.name);
            assert.include(['InvalidListenerException', 'InvalidChannelException', 'Error'], error.constructor.name);
          }
          for (let sends = 0; sends < 6; sends++) {
            try {
              channel.broadcast({ type: 'n', payload: { toJSON: () => (callback(), sends) } });
            } catch (error) {
              seen.add(error.constructor.name);
            }
            if (random.chance(50)) void scene.reader?.read().catch(() => {});
            if (random.chance(50)) await settle();
          }
        }
        budget = 0;
        channel.close();
        for (const { id } of channel.listeners()) channel.removeListener(id);
        assert.strictEqual(channel.listenerCount, 0, `seed ${seed}`);
        for (const key of Object.keys(channel.stats().ended)) assert.match(key, /^[a-z]+$/);
      }
    });
    assert.notInclude([...seen], 'RuntimeError');
    const fresh = new SSEChannel();
    const stream = fresh.watch();
    fresh.broadcast({ type: 'n', payload: 'alive' });
    assert.deepEqual(dataOf(await ready(stream)), ['alive']);
    await stream.return();
  });

  test('responses that come and go by the thousand leave nothing behind', async () => {
    const channel = new SSEChannel();
    for (let round = 0; round < 1000; round++) {
      const response = channel.response(null, {
        lastEventId: channel.lastEventId,
        listener: `${round}`,
        resumeSeconds: round % 2 ? 0.01 : 0,
        maxDurationSeconds: 60,
      });
      void response.body.cancel();
      if (round % 100 === 0) channel.broadcast({ type: 'n', payload: round });
    }
    await until(() => channel.listenerCount === 0, 'the end of all listeners');
    assert.deepEqual(channel.stats().ended, { cancelled: 1000 });
  });
}
