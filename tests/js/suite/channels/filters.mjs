// Filters, lists of event types, and broadcasts that leave somebody out.

import { BodyReader } from '../lib/body.mjs';
import { Random } from '../lib/random.mjs';
import {
  assert,
  assertEnds,
  consoleErrorsOf,
  dataOf,
  promptly,
  ready,
  settle,
  thrownBy,
  until,
} from '../lib/support.mjs';

export default function register({ AbstractChannel, InvalidMessageFormat, MessageQueueListener, SSEChannel }, test) {
  const send = (channel, ...types) => types.forEach((type, index) => channel.broadcast({ type, payload: index + 1 }));

  /** The ways to hand in a filter, each with a way to read what is delivered. */
  const WAYS = {
    response(channel, options) {
      const reader = new BodyReader(channel.response(null, options));
      return {
        async types() {
          void reader.read();
          await settle();
          return reader.decoder.events.map(({ type }) => type);
        },
        end: () => reader.cancel(),
      };
    },
    watch(channel, options) {
      const stream = channel.watch(options);
      const all = [];
      return {
        types: async () => (all.push(...(await ready(stream)).map(({ event }) => event)), all),
        end: () => stream.return(),
      };
    },
    registerListener(channel, { listener = new MessageQueueListener(), ...options }) {
      channel.registerListener(listener, options);
      listener.startSync();
      return {
        async types() {
          const types = [];
          for (;;) {
            try {
              types.push(channel.deliverNext(listener.id).type);
            } catch (error) {
              if (error.code === 'ERIC_NO_MESSAGES') return types;
            }
          }
        },
        end: () => channel.removeListener(listener.id),
      };
    },
  };

  for (const [way, open] of Object.entries(WAYS)) {
    test(`${way}: a filter says what is delivered, and is asked once per message, ahead of onMessage`, async () => {
      const channel = new SSEChannel();
      const seen = [];
      const listener = new MessageQueueListener({ onMessage: ({ type }) => void seen.push(`onMessage ${type}`) });
      const filter = ({ type }) => (seen.push(`filter ${type}`), type !== 'b');
      const { types, end } = open(channel, { listener, filter });
      send(channel, 'a', 'b', 'c');
      assert.deepEqual(await types(), ['a', 'c']);
      assert.deepEqual(seen, ['filter a', 'onMessage a', 'filter b', 'filter c', 'onMessage c']);
      assert.strictEqual(listener.stats().refused.filter, 1);
      await end();
    });

    test(`${way}: the list of event types and the filter both have to agree, and the filter is asked only about those of the list`, async () => {
      const channel = new SSEChannel();
      const asked = [];
      const { types, end } = open(channel, {
        events: ['a*', 'x'],
        filter: ({ type }) => (asked.push(type), type !== 'a2'),
      });
      send(channel, 'a', 'a1', 'a2', 'b', 'x', 'xa');
      assert.deepEqual(await types(), ['a', 'a1', 'x']);
      assert.deepEqual(asked, ['a', 'a1', 'a2', 'x']);
      await end();
    });

    test(`${way}: a filter that throws: the message is not delivered, the error reported, and the next one comes`, async () => {
      const channel = new SSEChannel();
      const failure = new Error('of the filter');
      const reports = [];
      const filter = ({ type }) => {
        if (type === 'b') throw failure;
        return true;
      };
      let types;
      const calls = await consoleErrorsOf(async () => {
        const opened = open(channel, { filter, onError: (error) => void reports.push(error) });
        send(channel, 'a', 'b', 'c');
        types = await opened.types();
        await opened.end();
      });
      assert.deepEqual(types, ['a', 'c']);
      assert.deepEqual(
        [...reports, ...calls.flat()].filter((value) => value === failure),
        [failure],
      );
    });

    test(`${way}: any truthy answer delivers`, async () => {
      const channel = new SSEChannel();
      const answers = [true, false, 1, 0, 'x', '', {}, null, [], undefined, Symbol('x'), NaN, 1n, 0n];
      const { types, end } = open(channel, { filter: ({ payload }) => answers[payload - 1] });
      send(channel, ...answers.map((_, index) => `t${index}`));
      assert.deepEqual(await types(), ['t0', 't2', 't4', 't6', 't8', 't10', 't12']);
      await end();
    });

    test(`${way}: a filter that wants nothing ends nothing`, async () => {
      const channel = new SSEChannel();
      const { types, end } = open(channel, { filter: () => false });
      send(channel, ...Array(2000).fill('a'));
      assert.deepEqual(await types(), []);
      await end();
      assert.strictEqual(channel.stats().refused.filter, way === 'response' ? channel.stats().refused.filter : 2000);
    });
  }

  test('a filter that is async cannot refuse a message; its rejection is reported', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({
      filter: async () => {
        throw new Error('of an async filter');
      },
    });
    channel.broadcast({ type: 'a', payload: 1 });
    const calls = await consoleErrorsOf(async () => assert.deepEqual(dataOf(await ready(stream)), [1]));
    assert.strictEqual(calls.length, 1);
    await stream.return();
  });

  const PATTERNS = [
    [[], []],
    [['*'], ['a', 'b', 'ab', 'aXb', 'a.b', '*', 'é', 'abab']],
    [['**'], ['a', 'b', 'ab', 'aXb', 'a.b', '*', 'é', 'abab']],
    [['a'], ['a']],
    [
      ['a', 'é'],
      ['a', 'é'],
    ],
    [['a*'], ['a', 'ab', 'aXb', 'a.b', 'abab']],
    [['*b'], ['b', 'ab', 'aXb', 'a.b', 'abab']],
    [['a*b'], ['ab', 'aXb', 'a.b', 'abab']],
    [['a*b*b'], ['abab']],
    [['ab*ab'], ['abab']],
    [['aba*bab'], []],
    [['a.b'], ['a.b']],
    [['a?b', '[a]', 'a|b', '^a$', '.*', '(a)'], ['a.b'].filter(() => false)],
    [['*X*'], ['aXb']],
    [['*a*a*'], ['abab']],
    [[''], []],
    [
      ['a', 'a', 'a*'],
      ['a', 'ab', 'aXb', 'a.b', 'abab'],
    ],
    [['A'], []],
  ];
  const ALL = ['a', 'b', 'ab', 'aXb', 'a.b', '*', 'é', 'abab'];
  for (const [events, expected] of PATTERNS) {
    test(`events ${JSON.stringify(events)}: ${JSON.stringify(expected)} of the types are delivered`, async () => {
      const channel = new SSEChannel();
      const stream = channel.watch({ events });
      send(channel, ...ALL);
      assert.deepEqual(
        (await ready(stream)).map(({ event }) => event),
        expected,
      );
      await stream.return();
    });
  }

  test('random patterns match as a regular expression of them would', async () => {
    const random = new Random(5);
    const text = (most) =>
      Array.from({ length: random.below(most + 1) }, () => random.pick(['a', 'b', '.', 'é'])).join('');
    for (let round = 0; round < 300; round++) {
      const pattern = Array.from({ length: 1 + random.below(4) }, () => text(2)).join('*');
      const types = Array.from({ length: 10 }, () => text(6) || 'a');
      const expression = new RegExp(
        `^${pattern
          .split('*')
          .map((part) => part.replace(/\./g, '\\.'))
          .join('.*')}$`,
        's',
      );
      const channel = new SSEChannel();
      const stream = channel.watch({ events: [pattern] });
      send(channel, ...types);
      assert.deepEqual(
        (await ready(stream)).map(({ event }) => event),
        types.filter((type) => expression.test(type)),
        pattern,
      );
      await stream.return();
    }
  });

  test('a pattern of a client costs no more than its length', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ events: [`${'*a'.repeat(5000)}*b`] });
    channel.broadcast({ type: 'a'.repeat(10_000), payload: 1 });
    channel.broadcast({ type: `${'a'.repeat(10_000)}b`, payload: 2 });
    assert.deepEqual(dataOf(await ready(stream)), [2]);
    await stream.return();
  });

  test('the list is read when it is handed in', async () => {
    const channel = new SSEChannel();
    const events = ['a'];
    const stream = channel.watch({ events });
    events.push('b');
    send(channel, 'a', 'b');
    assert.deepEqual(
      (await ready(stream)).map(({ event }) => event),
      ['a'],
    );
    await stream.return();
  });

  test('the end of a channel passes any filter', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ filter: () => false, events: [] });
    const reader = new BodyReader(channel.response(null, { events: [] }));
    send(channel, 'a');
    channel.close();
    assert.deepEqual(
      (await ready(stream)).map(({ event }) => event),
      ['_eric_channel_closed'],
    );
    await assertEnds(stream);
    assert.deepEqual(
      (await reader.rest()).decoder.events.map(({ type }) => type),
      ['_eric_channel_closed'],
    );
  });

  test('a filtered message does not reach adapt', async () => {
    const adapted = [];
    const channel = new (class extends AbstractChannel {
      adapt(message) {
        adapted.push(message.type);
        return message;
      }
    })();
    const stream = channel.watch({ events: ['a'] });
    send(channel, 'a', 'b');
    assert.strictEqual((await ready(stream)).length, 1);
    assert.deepEqual(adapted, ['a']);
    await stream.return();
  });

  test('the responses of a filter are not those of others', async () => {
    const channel = new SSEChannel();
    const readers = [{}, { events: ['a'] }, { filter: ({ payload }) => payload > 1 }, {}].map(
      (options) => new BodyReader(channel.response(null, options)),
    );
    for (const reader of readers) await reader.chunk();
    send(channel, 'a', 'b', 'a');
    for (const reader of readers) await reader.chunk();
    assert.deepEqual(
      readers.map(({ decoder }) => dataOf(decoder.events)),
      [
        ['1', '2', '3'],
        ['1', '3'],
        ['2', '3'],
        ['1', '2', '3'],
      ],
    );
    for (const reader of readers) await reader.cancel();
  });

  test('a filter may send, remove, stop, close and open', async () => {
    const acts = {
      send: ({ channel, first }) => first && channel.broadcast({ type: 'more' }),
      dispatch: ({ channel, first, listener }) => first && channel.dispatch(listener.id, { type: 'more' }),
      remove: ({ channel, listener }) => channel.getListener(listener.id) && channel.removeListener(listener.id),
      stop: ({ listener }) => listener.stopSync(),
      close: ({ channel }) => channel.close(),
      gone: ({ channel }) => channel.gone(),
      drain: ({ channel }) => void channel.drain({ seconds: 0 }),
      open: ({ channel }) => void channel.watch().return(),
      respond: ({ channel }) => void new BodyReader(channel.response()).cancel(),
      deliver: ({ channel, listener }) => channel.deliverNext(listener.id),
      stats: ({ channel, listener }) => [channel.stats(), listener.stats()],
      throw: () => {
        throw new Error('of the filter');
      },
    };
    for (const [name, act] of Object.entries(acts)) {
      for (const way of ['watch', 'response']) {
        const channel = new SSEChannel();
        const listener = new MessageQueueListener();
        let first = true;
        const filter = () => {
          const was = first;
          first = false;
          act({ channel, listener, first: was });
          return true;
        };
        const bystander = channel.watch();
        await consoleErrorsOf(async () => {
          const opened = WAYS[way](channel, { listener, filter });
          await opened.types();
          send(channel, 'a', 'b', 'c');
          await opened.types();
          await opened.end();
        });
        await settle();
        assert.isAtLeast((await ready(bystander)).length, 3, `${name} from within the filter of a ${way}`);
        channel.close();
        await bystander.return();
        await until(() => channel.listenerCount === 0, `the end of the listeners after ${name}`);
      }
    }
  });

  // ---- except

  const EXCEPT = {
    'an id': (a) => a.id,
    'a listener': (a) => a,
    'a list of ids': (a, b) => [a.id, b.id],
    'a list of listeners': (a, b) => [a, b],
    'a list of both': (a, b) => [a, b.id],
    'a list with duplicates': (a, b) => [a, a.id, b, a, b.id],
    'a list with ids of nobody': (_a, b) => ['nobody', '__proto__', b.id, 'constructor'],
    'an empty list': () => [],
    'an id of nobody': () => 'nobody',
    'a listener of elsewhere': () => new MessageQueueListener(),
    nobody: () => undefined,
  };
  for (const [what, except] of Object.entries(EXCEPT)) {
    test(`except ${what}: the named listener does not get it, and all others do`, async () => {
      const channel = new SSEChannel();
      const streams = [1, 2, 3].map(() => channel.watch());
      const [a, b, c] = streams.map(({ listener }) => listener);
      const left = except(a, b);
      const ids = new Set([left ?? []].flat().map((one) => one.id ?? one));
      channel.broadcast({ type: 'n', payload: 1 });
      channel.broadcast({ type: 'n', payload: 2 }, { except: left });
      channel.broadcast({ type: 'n', payload: 3 });
      for (const [index, listener] of [a, b, c].entries()) {
        assert.deepEqual(dataOf(await ready(streams[index])), ids.has(listener.id) ? [1, 3] : [1, 2, 3]);
        assert.strictEqual(listener.stats().delivered, ids.has(listener.id) ? 2 : 3);
      }
      for (const stream of streams) await stream.return();
    });
  }

  test('except: everybody may be left out', async () => {
    const channel = new SSEChannel();
    const streams = [1, 2, 3].map(() => channel.watch());
    channel.broadcast({ type: 'n', payload: 1 }, { except: channel.listeners() });
    channel.broadcast({ type: 'n', payload: 2 });
    for (const stream of streams) assert.deepEqual(dataOf(await ready(stream)), [2]);
    for (const stream of streams) await stream.return();
  });

  test('except: a huge list is taken', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    const ids = Array.from({ length: 100_000 }, (_, index) => `nobody-${index}`);
    channel.broadcast({ type: 'n', payload: 1 }, { except: ids });
    channel.broadcast({ type: 'n', payload: 2 }, { except: [...ids, stream.listener] });
    assert.deepEqual(dataOf(await ready(stream)), [1]);
    await stream.return();
  });

  test('except: what is left out is no more read on the wire, and not counted as waiting', async () => {
    const channel = new SSEChannel();
    const left = new BodyReader(channel.response(null, { listener: 'left' }));
    const other = new BodyReader(channel.response());
    for (const reader of [left, other]) await reader.chunk();
    const waiting = left.read();
    channel.broadcast({ type: 'n', payload: 1 }, { except: 'left' });
    assert.include(await promptly(other.read()), 'data: 1\n');
    assert.strictEqual(channel.getListener('left').stats().queued, 0);
    channel.broadcast({ type: 'n', payload: 2 });
    assert.include(await promptly(waiting), 'data: 2\n');
    assert.deepEqual(dataOf(left.decoder.events), ['2']);
    await left.cancel();
    await other.cancel();
  });

  test('except: wrong types are refused, by name, and nobody gets anything', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    for (const except of [
      null,
      5,
      true,
      1n,
      Symbol('x'),
      () => {},
      {},
      { id: 5 },
      { id: stream.listener.id },
      [null],
      [5],
      [undefined],
      [[stream.listener]],
      new Set([stream.listener]),
    ]) {
      const error = thrownBy(() => channel.broadcast({ type: 'n' }, { except }));
      assert.instanceOf(error, TypeError, typeof except);
      assert.include(error.message, 'except must ');
    }
    for (const options of [null, 5, 'x', true]) {
      assert.match(thrownBy(() => channel.broadcast({ type: 'n' }, options)).message, /^options must be an object/);
    }
    assert.deepEqual(await ready(stream), []);
    await stream.return();
  });

  test('except: a payload whose own code replaces a listener does not pass its exception on', async () => {
    const channel = new SSEChannel();
    const left = channel.addListener();
    let newcomer;
    const payload = {
      toJSON() {
        channel.removeListener(left.id);
        newcomer ??= channel.watch();
        return 'x';
      },
    };
    channel.broadcast({ type: 'n', payload }, { except: left });
    assert.strictEqual((await ready(newcomer)).length, 1);
    await newcomer.return();
  });

  test('except: a message that is refused leaves everybody as they were', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    assert.throws(
      () => channel.broadcast({ type: 'n', payload: 1n }, { except: stream.listener }),
      InvalidMessageFormat,
    );
    channel.broadcast({ type: 'n', payload: 2 });
    assert.deepEqual(dataOf(await ready(stream)), [2]);
    await stream.return();
  });

  for (let seed = 1; seed <= 20; seed++) {
    test(`random broadcasts that leave some out reach the others in order, with seed ${seed}`, async () => {
      const random = new Random(seed);
      const channel = new SSEChannel();
      const readers = Array.from({ length: 4 }, (_, index) => {
        const even = index === 3 ? { filter: ({ payload }) => payload % 2 === 0 } : {};
        const stream = index < 2 ? channel.watch(even) : undefined;
        const body = stream ? undefined : new BodyReader(channel.response(null, { listener: `r${index}`, ...even }));
        return {
          id: stream?.listener.id ?? `r${index}`,
          stream,
          body,
          wants: (payload) => index !== 3 || payload % 2 === 0,
          expected: [],
          got: [],
        };
      });
      for (let payload = 1; payload <= 120; payload++) {
        const left = readers.filter(() => random.chance(30));
        if (random.chance(25)) {
          const one = random.pick(readers);
          channel.dispatch(one.id, { type: 'n', payload });
          if (one.wants(payload)) one.expected.push(payload);
        } else {
          channel.broadcast({ type: 'n', payload }, { except: left.map(({ id }) => id) });
          for (const reader of readers)
            if (!left.includes(reader) && reader.wants(payload)) reader.expected.push(payload);
        }
        if (random.chance(20))
          await Promise.all(
            readers.map(async (reader) => reader.stream && reader.got.push(...dataOf(await ready(reader.stream)))),
          );
      }
      channel.close();
      for (const { stream, body, expected, got } of readers) {
        if (stream) for (const { event, data } of await ready(stream)) if (event === 'n') got.push(data);
        if (body)
          for (const { type, data } of (await body.rest()).decoder.events) if (type === 'n') got.push(Number(data));
        assert.deepEqual(got, expected);
      }
    });
  }
}
