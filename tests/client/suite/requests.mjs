// The requests of a connection: their headers and URLs, and which are sent again.

import { assert, sleep } from '../../js/suite/lib/support.mjs';
import { events, serverOf, stream } from '../lib/fake-server.mjs';
import { all, gone, openerOf, status, URL } from '../lib/opened.mjs';

export default function register({ connect }, test) {
  const open = openerOf(connect);

  test('headers are made for each attempt, and anew for a 401', async () => {
    const tokens = [];
    const headers = async ({ refused, retries, lastEventId }) => {
      tokens.push([refused, retries, lastEventId]);
      return { Authorization: `Bearer ${tokens.length}` };
    };
    const server = serverOf(
      events('id: 1\ndata: 1\n\n'),
      status(401),
      events('id: 2\ndata: 2\n\n'),
      status(403),
      status(403),
    );
    const { got, end } = await all(open(server, { headers }));
    assert.deepEqual(got.slice(0, 2), [1, 2]);
    assert.strictEqual(end.error.status, 403);
    assert.deepEqual(
      server.requests.map((request) => request.headers.get('Authorization')),
      [1, 2, 3, 4, 5].map((n) => `Bearer ${n}`),
    );
    assert.deepEqual(
      tokens.map(([refused]) => refused),
      [undefined, undefined, 401, undefined, 403],
    );
    assert.deepEqual(
      server.requests.map((request) => request.headers.get('Last-Event-ID')),
      [null, '1', '1', '2', '2'],
    );
  });

  test('without such a function 401 is the end', async () => {
    const server = serverOf(status(401));
    assert.strictEqual((await all(open(server, { headers: { Authorization: 'x' } }))).end.error.status, 401);
    assert.lengthOf(server.requests, 1);
  });

  test('an error of the function is that of the loop', async () => {
    const failure = new Error('no token');
    const headers = () => {
      throw failure;
    };
    assert.deepEqual((await all(open(serverOf(gone), { headers }))).end, { reason: 'failed', error: failure });
  });

  test('the URL is made for each attempt', async () => {
    const server = serverOf(events('id: 1\ndata: 1\n\n'), gone);
    await all(open(server, {}, ({ lastEventId }) => `${URL}?after=${lastEventId}`));
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      [`${URL}?after=`, `${URL}?after=1`],
    );
  });

  for (const [what, answers] of [
    ['a response that ends', [events('data: 1\n\n')]],
    [
      'a response that breaks off',
      [
        () => {
          const one = stream('data: 1\n\n');
          setTimeout(one.break, 20);
          return one.response;
        },
      ],
    ],
    ['status 503', [status(503, { 'Retry-After': '0' })]],
    ['status 401', [status(401)]],
    ['a network error', [new TypeError('no network')]],
  ]) {
    test(`a POST is sent once, whatever comes: ${what}`, async () => {
      const server = serverOf(...answers);
      const { end } = await all(open(server, { method: 'POST', body: 'x', headers: () => ({ a: 'b' }) }));
      await sleep(30);
      assert.deepEqual(
        server.requests.map(({ method, body }) => [method, body]),
        [['POST', 'x']],
      );
      assert.strictEqual(end.reason, what === 'a response that ends' ? 'finished' : 'failed');
    });
  }

  test('a POST is sent again when its caller says so: after an error, and not after the end', async () => {
    const broken = stream('id: 1\ndata: 1\n\n');
    setTimeout(broken.break, 10);
    const server = serverOf(() => broken.response, events('data: 2\n\n'));
    const { got, end } = await all(open(server, { method: 'POST', body: () => 'x', reconnect: 'on-error' }));
    assert.deepEqual([got, end], [[1, 2], { reason: 'finished' }]);
    assert.deepEqual(
      server.requests.map(({ method, body, headers }) => [method, body, headers.get('Last-Event-ID')]),
      [
        ['POST', 'x', null],
        ['POST', 'x', '1'],
      ],
    );
  });

  test('a run that a POST has begun is continued by a GET of another address', async () => {
    const broken = stream('id: 7\ndata: 1\n\n');
    setTimeout(broken.break, 10);
    const server = serverOf(() => broken.response, status(503), events('data: 2\n\n'));
    const resume = (lastEventId) => `${URL}/run?after=${lastEventId}`;
    const { got, end } = await all(open(server, { method: 'POST', body: 'x', resume }));
    assert.deepEqual([got, end], [[1, 2], { reason: 'finished' }]);
    assert.deepEqual(
      server.requests.map(({ method, url, body }) => [method, url, body]),
      [
        ['POST', URL, 'x'],
        ['GET', `${URL}/run?after=7`, undefined],
        ['GET', `${URL}/run?after=7`, undefined],
      ],
    );
  });

  test('a refused run is not resumed, nor one without an address', async () => {
    const refused = serverOf(status(503));
    const resume = () => undefined;
    assert.strictEqual((await all(open(refused, { method: 'POST', body: 'x', resume }))).end.error.status, 503);
    assert.lengthOf(refused.requests, 1);
    const cut = serverOf(new TypeError('no network'));
    assert.match((await all(open(cut, { method: 'POST', body: 'x', resume }))).end.error.message, /nothing to resume/);
    assert.lengthOf(cut.requests, 1);
  });
}
