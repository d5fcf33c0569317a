// Which requests open an event stream, and which pages may read it.

import { BodyReader, PRELUDE } from '../lib/body.mjs';
import { assert, thrownBy } from '../lib/support.mjs';

const APP = 'https://app.example';

/**
 * A request, whose headers may be any: those of a `Request` must not name an origin in browsers.
 */
const asked = (method, headers = {}) => ({ method, signal: null, headers: new Headers(headers) });

const preflight = (from, names) =>
  asked('OPTIONS', {
    Origin: from,
    'Access-Control-Request-Method': 'GET',
    ...(names ? { 'Access-Control-Request-Headers': names } : {}),
  });

export default function register({ SSEChannel }, test) {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'TRACE', 'OPTIONS']) {
    test(`${method} opens no stream, and the answer names the methods that are allowed`, () => {
      const channel = new SSEChannel();
      const response = channel.response(asked(method));
      assert.strictEqual(response.status, method === 'OPTIONS' ? 204 : 405);
      assert.strictEqual(response.headers.get('Allow'), 'GET, HEAD, OPTIONS');
      assert.isNull(response.headers.get('Content-Type'));
      assert.isNull(response.body);
      assert.strictEqual(channel.listenerCount, 0);
    });
  }

  test('the option `methods` names the methods that open a stream', async () => {
    const channel = new SSEChannel();
    const options = { methods: ['GET', 'POST', 'QUERY'] };
    for (const method of options.methods) {
      const reader = new BodyReader(channel.response(asked(method), options));
      assert.match(await reader.chunk(), PRELUDE);
      await reader.cancel();
    }
    assert.strictEqual(channel.response(asked('PUT'), options).headers.get('Allow'), 'GET, POST, QUERY, HEAD, OPTIONS');
    assert.strictEqual(channel.response(asked('GET'), { methods: ['POST'] }).status, 405);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a closed channel refuses other methods, too', () => {
    const channel = new SSEChannel();
    channel.gone();
    assert.strictEqual(channel.response(asked('PUT')).status, 405);
    assert.strictEqual(channel.response(asked('OPTIONS')).status, 204);
  });

  test('without the option `cors` no header of CORS is sent', () => {
    const { headers } = new SSEChannel().response(preflight(APP));
    assert.deepEqual(
      [...headers.keys()].filter((name) => /^access-control|^vary/.test(name)),
      [],
    );
  });

  const ALLOWED = {
    'any origin': { origin: true },
    'any origin, as a star': { origin: '*' },
    'one origin': { origin: APP },
    'a list of origins': { origin: ['https://other.example', APP] },
    'origins by a function': { origin: (origin) => origin.endsWith('.example') },
  };
  for (const [what, cors] of Object.entries(ALLOWED)) {
    test(`cors, ${what}: the page may read the stream, and its preflight is answered`, async () => {
      const channel = new SSEChannel();
      const response = channel.response(asked('GET', { Origin: APP }), { cors, headers: { Vary: 'Cookie' } });
      assert.strictEqual(response.headers.get('Access-Control-Allow-Origin'), APP);
      assert.strictEqual(response.headers.get('Vary'), 'Cookie, Origin');
      assert.isNull(response.headers.get('Access-Control-Allow-Methods'));
      await response.body.cancel();
      const { status, headers } = channel.response(preflight(APP, 'authorization'), { cors });
      assert.strictEqual(status, 204);
      assert.strictEqual(headers.get('Access-Control-Allow-Origin'), APP);
      assert.strictEqual(headers.get('Access-Control-Allow-Methods'), 'GET, HEAD, OPTIONS');
      assert.strictEqual(headers.get('Access-Control-Allow-Headers'), 'Last-Event-ID, authorization');
      assert.isNull(headers.get('Access-Control-Allow-Credentials'));
      assert.strictEqual(headers.get('Vary'), 'Origin');
      assert.strictEqual(channel.listenerCount, 0);
    });
  }

  const REFUSED = {
    'another origin': { origin: 'https://other.example' },
    'an empty list': { origin: [] },
    'a function that refuses': { origin: () => false },
    'an async function, which cannot be waited for': { origin: async () => true },
    'a star, for requests with credentials': { origin: '*', credentials: true },
  };
  for (const [what, cors] of Object.entries(REFUSED)) {
    test(`cors, ${what}: the page may not read the answer`, async () => {
      const channel = new SSEChannel();
      for (const request of [asked('GET', { Origin: APP }), preflight(APP)]) {
        const response = channel.response(request, { cors });
        assert.isNull(response.headers.get('Access-Control-Allow-Origin'));
        assert.strictEqual(response.headers.get('Vary'), 'Origin');
        await response.body?.cancel();
      }
    });
  }

  test('cors with credentials and a time to remember', () => {
    const cors = { origin: APP, credentials: true, maxAgeSeconds: 600 };
    const { headers } = new SSEChannel().response(preflight(APP), { cors });
    assert.strictEqual(headers.get('Access-Control-Allow-Credentials'), 'true');
    assert.strictEqual(headers.get('Access-Control-Max-Age'), '600');
    assert.strictEqual(headers.get('Access-Control-Allow-Headers'), 'Last-Event-ID');
  });

  test('a page may read that its method is not allowed, and that the channel has gone', () => {
    const channel = new SSEChannel();
    channel.gone();
    for (const method of ['PUT', 'GET']) {
      const { headers } = channel.response(asked(method, { Origin: APP }), { cors: { origin: APP } });
      assert.strictEqual(headers.get('Access-Control-Allow-Origin'), APP);
    }
  });

  test('invalid methods and origins are refused, and leave no listener', () => {
    const channel = new SSEChannel();
    for (const methods of ['POST', 5, {}])
      assert.match(thrownBy(() => channel.response(null, { methods })).message, /^methods must /);
    for (const cors of [true, 'x', null])
      assert.match(thrownBy(() => channel.response(null, { cors })).message, /^cors must /);
    for (const origin of [undefined, 5, false, [5], {}])
      assert.match(thrownBy(() => channel.response(null, { cors: { origin } })).message, /^cors\.origin must /);
    assert.instanceOf(
      thrownBy(() => channel.response(null, { cors: { origin: true, maxAgeSeconds: -1 } })),
      RangeError,
    );
    assert.strictEqual(channel.listenerCount, 0);
  });

  const INVALID = {
    'an empty listener': { listener: '' },
    'a listener with a line feed': { listener: 'a\nb' },
    'two listeners': { listener: ['a', 'b'] },
    'a listener that is null': { listener: null },
    'no listener to resume': { resumeSeconds: 60 },
    'two last event ids': { lastEventId: ['a', 'b'] },
    'event types as a string': { events: 'a' },
  };
  for (const [what, options] of Object.entries(INVALID)) {
    test(`${what}: the error has the status 400`, () => {
      const error = thrownBy(() => new SSEChannel().response(null, options));
      assert.include([TypeError, RangeError], error.constructor);
      assert.strictEqual(error.status, 400);
    });
  }

  test('a mistake of the program has no status; a closed channel has 503, and a listener that is taken 409', () => {
    const channel = new SSEChannel();
    assert.isUndefined(thrownBy(() => channel.response(null, { heartbeatSeconds: -1 })).status);
    const listener = channel.addListener();
    assert.strictEqual(thrownBy(() => channel.response(null, { listener })).status, 409);
    channel.close();
    assert.strictEqual(thrownBy(() => channel.response()).status, 503);
  });

  test('answers that send a client elsewhere close their connection', async () => {
    const draining = new SSEChannel();
    await draining.drain({ seconds: 0 });
    const gone = new SSEChannel();
    gone.gone();
    for (const channel of [draining, gone]) {
      const response = channel.response(asked('GET'));
      assert.strictEqual(response.headers.get('Connection'), 'close');
      await response.body?.cancel();
    }
  });
}
