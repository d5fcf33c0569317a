// The interface of an EventSource.

import { assert, until } from '../../js/suite/lib/support.mjs';
import { events, serverOf, stream } from '../lib/fake-server.mjs';
import { URL as ADDRESS, FAST, status } from '../lib/opened.mjs';

export default function register({ EventSource }, test) {
  const open = (server, options = {}) => new EventSource(ADDRESS, { fetch: server.fetch, ...FAST, ...options });

  test('an EventSource dispatches events by their types', async () => {
    const one = stream('retry: 10\nid: 1\ndata: a\n\nevent: n\ndata: b\n\nevent: open\ndata: c\n\n');
    const source = open(serverOf(() => one.response));
    assert.deepEqual([source.readyState, source.url, source.withCredentials], [0, ADDRESS, false]);
    const got = [];
    const note = (event) => got.push([event.type, event.data, event.lastEventId, event.origin]);
    source.onopen = (event) => got.push(event.data ? 'message open' : 'open');
    source.onmessage = note;
    source.addEventListener('n', note);
    await until(() => got.length >= 4);
    const { origin } = new URL(ADDRESS);
    assert.deepEqual(got, ['open', ['message', 'a', '1', origin], ['n', 'b', '1', origin], 'message open']);
    assert.strictEqual(source.readyState, source.OPEN);
    source.close();
    assert.strictEqual(source.readyState, EventSource.CLOSED);
    await until(() => one.seen.cancelled);
  });

  test('an EventSource reconnects with the id, after an error event', async () => {
    const server = serverOf(events('id: 1\ndata: a\n\n'), status(503), events('data: b\n\n'), status(204));
    const source = open(server);
    const seen = [];
    source.onmessage = ({ data }) => seen.push(data);
    source.onerror = ({ error }) => seen.push([source.readyState, error?.status]);
    await until(() => source.readyState === 2);
    assert.deepEqual(seen, ['a', [0, undefined], [0, 503], 'b', [0, undefined], [2, undefined]]);
    assert.deepEqual(
      server.requests.map(({ headers }) => headers.get('Last-Event-ID')),
      [null, '1', '1', '1'],
    );
  });

  test('an EventSource that is refused is closed, and its error says why', async () => {
    const source = open(serverOf(status(404)));
    const error = await new Promise((resolve) => source.addEventListener('error', resolve));
    assert.deepEqual([source.readyState, error.error.status], [2, 404]);
  });

  test('an EventSource that is closed by a handler dispatches nothing more', async () => {
    const source = open(serverOf(events('data: a\n\ndata: b\n\n')), { headers: { Authorization: 'x' } });
    const got = [];
    source.onerror = () => got.push('error');
    source.onmessage = ({ data }) => {
      got.push(data);
      source.close();
    };
    await until(() => got.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(got, ['a']);
  });

  test('the constants are those of the standard', () => {
    assert.deepEqual([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED], [0, 1, 2]);
    assert.strictEqual(EventSource.name, 'EventSource');
  });
}
