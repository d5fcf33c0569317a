// How a connection is left, and what it keeps meanwhile.

import { assert, sleep, until } from '../../js/suite/lib/support.mjs';
import { events, serverOf, silence, stream } from '../lib/fake-server.mjs';
import { all, gone, openerOf, status, URL } from '../lib/opened.mjs';

export default function register({ connect, EventTooLargeError }, test) {
  const open = openerOf(connect);

  test('a signal that was aborted before: no request', async () => {
    const server = serverOf(events('data: 1\n\n'));
    assert.deepEqual(await all(open(server, { signal: AbortSignal.abort() })), { got: [], end: { reason: 'aborted' } });
    await sleep(5);
    assert.lengthOf(server.requests, 0);
  });

  test('a connection that is closed at once sends no request', async () => {
    const server = serverOf(events('data: 1\n\n'));
    const connection = open(server);
    connection.close();
    assert.deepEqual(await all(connection), { got: [], end: { reason: 'left' } });
    assert.lengthOf(server.requests, 0);
  });

  test('a signal that is aborted before the response comes', async () => {
    const controller = new AbortController();
    const connection = open(serverOf(silence), { signal: controller.signal });
    const ending = all(connection);
    await sleep(5);
    controller.abort();
    assert.deepEqual(await ending, { got: [], end: { reason: 'aborted' } });
  });

  test('a signal that is aborted while events wait: they are discarded, and the body is cancelled', async () => {
    const controller = new AbortController();
    const one = stream('data: 1\n\ndata: 2\n\ndata: 3\n\n');
    const connection = open(
      serverOf(() => one.response),
      { signal: controller.signal },
    );
    const got = [];
    for await (const { data } of connection) {
      got.push(data);
      controller.abort();
    }
    assert.deepEqual([got, await connection.ended], [[1], { reason: 'aborted' }]);
    await until(() => one.seen.cancelled);
    controller.abort();
    assert.deepEqual(await connection.next(), { done: true, value: undefined });
  });

  test('a signal that is aborted while it waits to retry', async () => {
    const controller = new AbortController();
    const connection = open(serverOf(status(503)), {
      signal: controller.signal,
      retryMilliseconds: 100_000,
      maxRetryMilliseconds: 1e6,
    });
    await until(() => connection.state === 'waiting');
    controller.abort();
    assert.deepEqual(await connection.ended, { reason: 'aborted' });
  });

  test('a signal is listened to no longer than the connection lasts', async () => {
    const controller = new AbortController();
    let listening = 0;
    const { signal } = controller;
    for (const [name, change] of [
      ['addEventListener', 1],
      ['removeEventListener', -1],
    ]) {
      const original = signal[name];
      signal[name] = (...args) => ((listening += change), original.apply(signal, args));
    }
    await open(serverOf(gone), { signal }).ended;
    await sleep(0);
    assert.strictEqual(listening, 0);
  });

  test('leaving the loop ends the connection', async () => {
    const one = stream('data: 1\n\n');
    const connection = open(serverOf(() => one.response));
    for await (const event of connection) if (event) break;
    assert.deepEqual(await connection.ended, { reason: 'left' });
    await until(() => one.seen.cancelled);
  });

  test('a new request is made when it is asked for, with the id', async () => {
    const [one, two] = [stream('id: 1\ndata: 1\n\n'), stream('data: 2\n\n')];
    let room = 'a';
    const server = serverOf(
      () => one.response,
      () => two.response,
    );
    const connection = open(server, {}, () => `${URL}?room=${room}`);
    await connection.next();
    room = 'b';
    connection.reconnect();
    assert.strictEqual((await connection.next()).value.data, 2);
    assert.deepEqual(
      server.requests.map(({ url, headers }) => [url, headers.get('Last-Event-ID')]),
      [
        [`${URL}?room=a`, null],
        [`${URL}?room=b`, '1'],
      ],
    );
    await until(() => one.seen.cancelled);
    connection.close();
  });

  test('a request that is not answered is given up', async () => {
    const connection = open(serverOf(silence, events('data: 1\n\n'), gone), { connectSeconds: 0.05 });
    assert.deepEqual((await all(connection)).got, [1]);
    assert.match(
      connection.states.find(({ state }) => state === 'waiting').error.message,
      /^no response came within 0.05 seconds$/,
    );
  });

  test('it reads no more than the loop may be behind', async () => {
    const one = stream();
    const connection = open(
      serverOf(() => one.response),
      { queue: { events: 10 } },
    );
    for (let count = 0; count < 100; count++) one.send(`data: ${count}\n\n`);
    await sleep(20);
    assert.isBelow(one.seen.pulls, 15);
    for (let count = 0; count < 100; count++) assert.strictEqual((await connection.next()).value.data, count);
    connection.close();
  });

  test('and no more bytes', async () => {
    const one = stream();
    const connection = open(
      serverOf(() => one.response),
      { queue: { bytes: 1000 } },
    );
    for (let count = 0; count < 100; count++) one.send(`data: "${'x'.repeat(300)}"\n\n`);
    await sleep(20);
    assert.isBelow(one.seen.pulls, 8);
    for (let count = 0; count < 100; count++) await connection.next();
    connection.close();
  });

  test('an event that is too large ends it', async () => {
    const one = stream(`data: 1\n\ndata: ${'x'.repeat(500)}`);
    const connection = open(
      serverOf(() => one.response),
      { maxEventBytes: 100 },
    );
    one.send('x');
    const { got } = await all(connection);
    assert.strictEqual(got[0], 1);
    assert.instanceOf(got[1], EventTooLargeError);
    await until(() => one.seen.cancelled);
  });

  test('options that are invalid are refused, by name', () => {
    for (const [options, Class, name] of [
      [{ reconnect: 'sometimes' }, RangeError, 'reconnect'],
      [{ retryMilliseconds: -1 }, RangeError, 'retryMilliseconds'],
      [{ maxRetries: 'x' }, TypeError, 'maxRetries'],
      [{ signal: 1 }, TypeError, 'signal'],
      [{ fetch: 1 }, TypeError, 'fetch'],
      [{ resume: 1 }, TypeError, 'resume'],
      [{ lastEventId: 1 }, TypeError, 'lastEventId'],
      [{ queue: { events: -1 } }, RangeError, 'queue.events'],
      [{ heartbeatSeconds: -1 }, RangeError, 'heartbeatSeconds'],
    ])
      assert.throws(() => connect(URL, options), Class, name);
  });
}
