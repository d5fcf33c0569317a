// Signs of life, and what a channel tells its clients.

import { assert, sleep, until } from '../../js/suite/lib/support.mjs';
import { events, serverOf, stream } from '../lib/fake-server.mjs';

const URL = 'http://server.example/events';
const FAST = { retryMilliseconds: 1, maxRetryMilliseconds: 1 };

export default function register({ connect, InvalidEventError }, test) {
  /** Returns how long a connection is kept whose first response falls silent behind some text. */
  const keptFor = async (text, options, before = async () => {}) => {
    const one = stream(text);
    const server = serverOf(
      () => one.response,
      events('data: 2\n\n'),
      () => new Response(null, { status: 204 }),
    );
    const states = [];
    const connection = connect(URL, {
      fetch: server.fetch,
      ...FAST,
      onState: (change) => states.push(change),
      ...options,
    });
    await until(() => connection.state === 'open');
    await before(one);
    const start = performance.now();
    const got = [];
    for await (const { data } of connection) got.push(data);
    const milliseconds = performance.now() - start;
    assert.isTrue(one.seen.cancelled);
    assert.deepEqual(got.at(-1), 2);
    return { milliseconds, error: states.find(({ state }) => state === 'waiting').error };
  };

  test('a connection without a sign of life is given up after two and a half heartbeats', async () => {
    const { milliseconds, error } = await keptFor('data: 1\n\n', { heartbeatSeconds: 0.2 });
    assert.isAtLeast(milliseconds, 450);
    assert.isAtMost(milliseconds, 1500);
    assert.match(error.message, /^the connection was silent for \d seconds$/);
  });

  test('the server may say how long its heartbeats take', async () => {
    const { milliseconds } = await keptFor(': heartbeat: 0.2\n\n', {});
    assert.isAtLeast(milliseconds, 450);
    assert.isAtMost(milliseconds, 1500);
  });

  test('three comments in a row say it as well', async () => {
    const { milliseconds } = await keptFor('data: 1\n\n', {}, async (one) => {
      for (let count = 0; count < 3; count++) {
        if (count > 0) await sleep(1100);
        one.send(':\n\n');
      }
    });
    assert.isAtLeast(milliseconds, 2600);
    assert.isAtMost(milliseconds, 5000);
  });

  for (const [what, options, sends] of [
    ['signs of life keep it', { heartbeatSeconds: 0.1 }, ':\n\n'],
    ['and so do parts of an event', { heartbeatSeconds: 0.1 }, 'data'],
    ['a heartbeat of 0 is none', { heartbeatSeconds: 0 }, ''],
    ['and one that nobody has said', {}, ''],
  ])
    test(what, async () => {
      const one = stream('data: 1\n\n');
      const connection = connect(URL, { fetch: serverOf(() => one.response).fetch, ...options });
      await connection.next();
      for (let count = 0; count < 10; count++) {
        await sleep(60);
        if (sends) one.send(sends);
      }
      assert.strictEqual(connection.state, 'open');
      connection.close();
    });

  test('a loop that is behind is not taken for a dead connection', async () => {
    const one = stream();
    for (let count = 0; count < 20; count++) one.send(`data: ${count}\n\n`);
    const connection = connect(URL, {
      fetch: serverOf(() => one.response).fetch,
      heartbeatSeconds: 0.05,
      queue: { events: 5 },
    });
    await sleep(400);
    assert.strictEqual(connection.state, 'open');
    assert.strictEqual((await connection.next()).value.data, 0);
    connection.close();
  });

  test('a gap is an event, and an id alone is not one', async () => {
    const gap = { reason: 'epoch', from: 'a-1', to: 'b-0' };
    const text = `event: _eric_position\nid: a-1\ndata\n\nevent: _eric_gap\nid: b-0\ndata: ${JSON.stringify(gap)}\n\n`;
    const server = serverOf(events(text), () => new Response(null, { status: 204 }));
    const connection = connect(URL, { fetch: server.fetch, ...FAST, parse: 'text' });
    const got = [];
    for await (const event of connection) got.push(event);
    assert.deepEqual(got, [{ type: '_eric_gap', data: gap, lastEventId: 'b-0' }]);
    assert.strictEqual(server.requests[1].headers.get('Last-Event-ID'), 'b-0');
  });

  test('a channel that is closed ends it, behind its last event', async () => {
    const server = serverOf(events('id: 1\ndata: 1\n\nevent: _eric_channel_closed\ndata\n\ndata: 2\n\n'));
    const connection = connect(URL, { fetch: server.fetch, ...FAST });
    const got = [];
    for await (const { data } of connection) got.push(data);
    assert.deepEqual([got, await connection.ended], [[1], { reason: 'closed' }]);
    assert.lengthOf(server.requests, 1);
  });

  test('a drained client reconnects at the time that the server has set', async () => {
    const connection = connect(URL, { fetch: serverOf(events('retry: 15000\nid: 1\ndata: 1\n\n')).fetch, ...FAST });
    await connection.next();
    connection.close();
    const one = stream('retry: 15000\n\ndata: 1\n\n');
    const states = [];
    const sent = connect(URL, { fetch: serverOf(() => one.response).fetch, onState: (change) => states.push(change) });
    await sent.next();
    one.send('retry: 1234\n\n');
    one.end();
    await until(() => sent.state === 'waiting');
    assert.deepEqual(states.at(-1), { state: 'waiting', delayMilliseconds: 1234, error: undefined });
    sent.close();
  });

  /** A schema of whole numbers, as a library of Standard Schema makes one. */
  const numbers = (answer = (result) => result) => ({
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        answer(Number.isInteger(value) ? { value: value * 10 } : { issues: [{ message: 'no whole number' }] }),
    },
  });
  for (const [what, answer] of [
    ['at once', (result) => result],
    ['later', async (result) => result],
  ])
    test(`events are validated ${what}; an invalid one is reported and passed over`, async () => {
      const text = 'event: n\ndata: 1\n\nevent: n\nid: 5\ndata: x\n\nevent: other\ndata: x\n\nevent: n\ndata: 3\n\n';
      const invalid = [];
      const connection = connect(URL, {
        fetch: serverOf(events(text), () => new Response(null, { status: 204 })).fetch,
        ...FAST,
        schemas: { n: numbers(answer) },
        onInvalid: (error) => invalid.push(error),
      });
      const got = [];
      for await (const { data } of connection) got.push(data);
      assert.deepEqual(got, [10, 'x', 30]);
      assert.lengthOf(invalid, 1);
      const [error] = invalid;
      assert.instanceOf(error, InvalidEventError);
      assert.deepEqual(
        [error.name, error.code, error.type, error.data, error.lastEventId],
        ['InvalidEventError', 'ERIC_INVALID_EVENT', 'n', 'x', '5'],
      );
      assert.strictEqual(error.message, 'an event of the type n is invalid: no whole number');
    });

  test('a parse that throws makes an event invalid', async () => {
    const invalid = [];
    const connection = connect(URL, {
      fetch: serverOf(events('data: {\n\ndata: 1\n\n'), () => new Response(null, { status: 204 })).fetch,
      ...FAST,
      parse: (data) => JSON.parse(data),
      onInvalid: (error) => invalid.push(error),
    });
    const got = [];
    for await (const { data } of connection) got.push(data);
    assert.deepEqual(got, [1]);
    assert.instanceOf(invalid[0].cause, SyntaxError);
  });

  test('a callback that throws ends nothing', async () => {
    const { error } = console;
    const said = [];
    console.error = (...args) => void said.push(args);
    try {
      const onState = () => {
        throw new Error('mine');
      };
      const connection = connect(URL, {
        fetch: serverOf(events('data: 1\n\n'), () => new Response(null, { status: 204 })).fetch,
        ...FAST,
        onState,
      });
      assert.strictEqual((await connection.next()).value.data, 1);
      assert.deepEqual(await connection.ended, { reason: 'gone' });
    } finally {
      console.error = error;
    }
    assert.isAbove(said.length, 2);
  });
}
