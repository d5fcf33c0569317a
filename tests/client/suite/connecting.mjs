// A connection: what the loop gets, and its retries.

import { assert, sleep, until } from '../../js/suite/lib/support.mjs';
import { events, serverOf, stream } from '../lib/fake-server.mjs';
import { all, gone, openerOf, status } from '../lib/opened.mjs';

export default function register({ connect, ResponseError, ConnectionError }, test) {
  const open = openerOf(connect);

  test('the loop gets the events, and each attempt has the id of the last one', async () => {
    const server = serverOf(
      events('id: 1\ndata: 1\n\n'),
      events('data: 2\n\nid: 3\ndata: 3\n\nid: 4\ndata: cut'),
      gone,
    );
    const connection = open(server);
    assert.deepEqual(await all(connection), { got: [1, 2, 3], end: { reason: 'gone' } });
    assert.deepEqual(
      server.requests.map(({ headers }) => headers.get('Last-Event-ID')),
      [null, '1', '3'],
    );
    assert.deepEqual(server.requests.map(({ method, headers }) => [method, headers.get('Accept')])[0], [
      'GET',
      'text/event-stream',
    ]);
    assert.strictEqual(connection.lastEventId, '3');
    assert.strictEqual(connection.state, 'ended');
    assert.deepEqual(
      connection.states.map(({ state }) => state),
      ['connecting', 'open', 'waiting', 'connecting', 'open', 'waiting', 'connecting', 'ended'],
    );
  });

  test('it continues after the id that it is given, and sends one beyond ASCII as UTF-8', async () => {
    const server = serverOf(gone);
    await open(server, { lastEventId: 'é-1' }).ended;
    assert.strictEqual(server.requests[0].headers.get('Last-Event-ID'), 'Ã©-1');
  });

  test('data is what a channel has sent: JSON, text, or nothing; or as `parse` says', async () => {
    const text = 'data: {"a":[1]}\n\ndata: hello\n\ndata\n\ndata: "12"\n\n';
    assert.deepEqual((await all(open(serverOf(events(text), gone)))).got, [{ a: [1] }, 'hello', undefined, '12']);
    assert.deepEqual((await all(open(serverOf(events(text), gone), { parse: 'text' }))).got, [
      '{"a":[1]}',
      'hello',
      '',
      '"12"',
    ]);
    const parse = (data, type) => `${type} ${data.length}`;
    assert.deepEqual((await all(open(serverOf(events('event: n\ndata: abc\n\n'), gone), { parse }))).got, ['n 3']);
  });

  for (const code of [408, 425, 429, 500, 502, 503, 504]) {
    test(`status ${code} is retried`, async () => {
      const server = serverOf(
        status(code),
        status(code, { 'Content-Type': 'text/event-stream' }, 'data: no\n\n'),
        events('data: 1\n\n'),
        gone,
      );
      const connection = open(server);
      assert.deepEqual((await all(connection)).got, [1]);
      const [waiting] = connection.states.filter(({ state }) => state === 'waiting');
      assert.deepEqual([waiting.error.name, waiting.error.status], ['ResponseError', code]);
    });
  }

  for (const code of [400, 404, 405, 410, 201, 301]) {
    test(`status ${code} without an event stream ends it, with status, headers and the first KiB`, async () => {
      const server = serverOf(status(code, { 'X-Why': 'so', 'Content-Type': 'text/html' }, 'é'.repeat(2000)));
      const { got, end } = await all(open(server));
      assert.lengthOf(server.requests, 1);
      assert.strictEqual(end.reason, 'failed');
      assert.deepEqual(got, [end.error]);
      assert.instanceOf(end.error, ResponseError);
      assert.deepEqual(
        [end.error.code, end.error.status, end.error.headers.get('X-Why'), end.error.body],
        ['ERIC_RESPONSE', code, 'so', 'é'.repeat(512)],
      );
    });
  }

  test('another content type ends it, and nothing of it is an event', async () => {
    const { got } = await all(open(serverOf(status(200, { 'Content-Type': 'text/plain' }, 'data: 1\n\n'))));
    assert.match(got[0].message, /^a response of the type text\/plain is no event stream$/);
  });

  test('a network error is retried', async () => {
    const connection = open(serverOf(new TypeError('no network'), events('data: 1\n\n'), gone));
    assert.deepEqual((await all(connection)).got, [1]);
    const { error } = connection.states.find(({ state }) => state === 'waiting');
    assert.instanceOf(error, ConnectionError);
    assert.strictEqual(error.cause.message, 'no network');
  });

  test('a response that breaks off is resumed, without what was cut', async () => {
    const [one, two] = [stream('id: 1\ndata: 1\n\nid: 2\ndata: 2'), stream('id: 2\ndata: 2\n\n')];
    const server = serverOf(
      () => one.response,
      () => two.response,
    );
    const connection = open(server);
    assert.strictEqual((await connection.next()).value.data, 1);
    one.break();
    assert.strictEqual((await connection.next()).value.data, 2);
    assert.strictEqual(server.requests[1].headers.get('Last-Event-ID'), '1');
    connection.close();
    await until(() => two.seen.cancelled);
    assert.deepEqual(await connection.ended, { reason: 'left' });
  });

  test('the retries in a row are limited, and the last error is then thrown', async () => {
    const server = serverOf(status(503));
    const { end } = await all(open(server, { maxRetries: 3 }));
    assert.lengthOf(server.requests, 4);
    assert.strictEqual(end.error.status, 503);
  });

  for (const [form, value] of [
    ['seconds', () => '2'],
    ['a date', () => new Date(Date.now() + 3000).toUTCString()],
  ]) {
    test(`Retry-After in ${form} is the least delay`, async () => {
      const connection = open(serverOf(() => status(503, { 'Retry-After': value() })()));
      await until(() => connection.state === 'waiting');
      const { delayMilliseconds } = connection.states.at(-1);
      connection.close();
      assert.isAtLeast(delayMilliseconds, 1900);
      assert.isAtMost(delayMilliseconds, 3200);
      assert.deepEqual(await connection.ended, { reason: 'left' });
    });
  }

  test('delays are at random from 0 to a reconnection time that doubles, up to a cap', async () => {
    const { random } = Math;
    const delays = async (value) => {
      Math.random = () => value;
      try {
        const connection = open(serverOf(events('retry: 100\n\n'), status(500)), {
          maxRetries: 7,
          maxRetryMilliseconds: 1000,
        });
        const { states } = connection;
        // A timer of the platform is not waited for.
        while (states.filter(({ state }) => state === 'waiting').length < 7 && connection.state !== 'ended') {
          if (connection.state === 'waiting') connection.reconnect();
          await sleep(0);
        }
        connection.close();
        return states
          .filter(({ state }) => state === 'waiting')
          .map(({ delayMilliseconds }) => Math.round(delayMilliseconds));
      } finally {
        Math.random = random;
      }
    };
    // The first one is the time that the response has ended with.
    assert.deepEqual((await delays(1)).slice(0, 6), [100, 100, 200, 400, 800, 1000]);
    assert.deepEqual((await delays(0.5)).slice(0, 6), [100, 50, 100, 200, 400, 500]);
    assert.deepEqual((await delays(0)).slice(1, 6), [0, 0, 0, 0, 0]);
  });

  test('a reconnection time of 0 makes no storm', async () => {
    const server = serverOf(() => events('retry: 0\n\n'));
    const connection = open(server);
    await sleep(350);
    connection.close();
    assert.isBelow(server.requests.length, 30);
  });
}
