// A connection to several channels: what its requests name, and what the loop gets of each.

import { assert, until } from '../../js/suite/lib/support.mjs';
import { events, serverOf, stream } from '../lib/fake-server.mjs';
import { gone } from '../lib/opened.mjs';

const URL_OF = 'http://server.example/events?token=1';
const FAST = { retryMilliseconds: 1, maxRetryMilliseconds: 1 };

/** The channels that a request names, and the id that it continues after. */
const asked = ({ url, headers }) => [
  new URL(url).searchParams.getAll('channel').join('|'),
  headers.get('Last-Event-ID'),
];

export default function register({ connectChannels, ConnectionError }, test) {
  const open = ({ fetch }, channels, options) => {
    const connection = connectChannels(URL_OF, { channels, fetch, ...FAST, ...options });
    const got = [];
    const done = (async () => {
      for await (const { channel, type, data } of connection) got.push([channel, type, data]);
    })();
    return { connection, got, done };
  };

  test('each event has its channel, and each request names the channels and their positions', async () => {
    const server = serverOf(
      events('event: n\nid: a@x-1,b%2Cc@y-0\ndata: 1\n\nevent: n\nid: b%2Cc@y-1,a@x-1\ndata: 2\n\n'),
      gone,
    );
    const { connection, got, done } = open(server, ['a', 'b,c']);
    await done;
    assert.deepEqual(got, [
      ['a', 'n', 1],
      ['b,c', 'n', 2],
    ]);
    assert.deepEqual(server.requests.map(asked), [
      ['a|b,c', null],
      ['a|b,c', 'b%2Cc@y-1,a@x-1'],
    ]);
    assert.strictEqual(new URL(server.requests[0].url).searchParams.get('token'), '1');
    assert.strictEqual(connection.lastEventId, 'b%2Cc@y-1,a@x-1');
    assert.deepEqual(await connection.ended, { reason: 'gone' });
  });

  test('joining and leaving make one request in a turn, with the positions of what is read then', async () => {
    const first = stream('event: _eric_position\nid: a@x-1,b@y-1\ndata:\n\n');
    const second = stream();
    const server = serverOf(
      () => first.response,
      () => second.response,
    );
    const { connection, done } = open(server, ['a', 'b']);
    await until(() => connection.lastEventId !== '');
    connection.join('c', 'z-7');
    connection.join('d');
    connection.leave('b');
    assert.deepEqual(connection.channels, ['a', 'c', 'd']);
    await until(() => server.requests.length === 2);
    assert.deepEqual(asked(server.requests[1]), ['a|c|d', 'a@x-1,c@z-7']);
    assert.isTrue(first.seen.cancelled);
    connection.close();
    await done;
  });

  test('a channel that is closed or refused is not asked for again; the last one ends the connection', async () => {
    const ending = (type, name) => `event: ${type}\nid: ${name}@x-1\ndata:\n\n`;
    const server = serverOf(
      events(ending('_eric_channel_closed', 'a') + ending('_eric_channel_refused', 'b')),
      events(ending('_eric_channel_closed', 'c')),
    );
    const { connection, got, done } = open(server, ['a', 'b', 'c']);
    await done;
    assert.deepEqual(got, [
      ['a', '_eric_channel_closed', undefined],
      ['b', '_eric_channel_refused', undefined],
      ['c', '_eric_channel_closed', undefined],
    ]);
    assert.deepEqual(
      server.requests.map((request) => asked(request)[0]),
      ['a|b|c', 'c'],
    );
    assert.deepEqual(await connection.ended, { reason: 'closed' });
  });

  test('without a channel nothing is requested, and closing ends it all the same', async () => {
    const server = serverOf(gone);
    const { connection, done } = open(server, []);
    await until(() => connection.state === 'waiting');
    connection.close();
    await done;
    assert.deepEqual(await connection.ended, { reason: 'left' });
    assert.lengthOf(server.requests, 0);
  });

  test('a signal that was aborted before ends it without a request', async () => {
    const server = serverOf(gone);
    const controller = new AbortController();
    controller.abort();
    const { connection, done } = open(server, ['a'], { signal: controller.signal });
    await done;
    assert.deepEqual(await connection.ended, { reason: 'aborted' });
    assert.lengthOf(server.requests, 0);
  });

  test('a server that does not say the channels ends it with an error', async () => {
    const { connection, done } = open(serverOf(events('id: 1\ndata: 1\n\n')), ['a']);
    const error = await done.catch((reason) => reason);
    assert.instanceOf(error, ConnectionError);
    assert.strictEqual(error.message, 'the server does not say the channels of its events');
    assert.strictEqual((await connection.ended).reason, 'failed');
  });

  test('names that are invalid are refused', () => {
    for (const channels of [undefined, 'a', [''], [1], ['a\n']])
      assert.throws(() => connectChannels(URL_OF, { channels }), /channel/);
    const connection = connectChannels(URL_OF, { channels: [], fetch: gone });
    assert.throws(() => connection.join(''), RangeError);
    connection.close();
  });
}
