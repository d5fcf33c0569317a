// relay: the Worker has the response, the object sleeps between messages.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../js/lib/sse-client.mjs';
import { channelOf, numbers, range, startRuntime } from './lib/runtime.mjs';

/** The runtime has an object hibernate when it had nothing to do for ten seconds. */
const SLEEP_MILLISECONDS = 13_000;

/** @type {Awaited<ReturnType<typeof startRuntime>>} */
let runtime;
before(async () => void (runtime = await startRuntime()));
after(() => runtime?.stop());

const channel = (kind) => channelOf(runtime, kind);
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const evict = (of) => of.call('abort').catch(() => {});

describe('hibernation', { concurrency: true }, () => {
  test('the object hibernates while its clients stay connected, and they get the next message', {
    timeout: 90_000,
  }, async (context) => {
    const here = channel();
    const clients = await Promise.all(
      range(1, 3).map(() => here.subscribe({ how: 'relay', relay: { heartbeatSeconds: 2 } })),
    );
    await here.flood(1, 5);
    for (const { reader } of clients) assert.deepEqual(numbers(await reader.events(5)), range(1, 5));
    assert.equal(await here.call('lives'), 1);
    for (const life of [2, 3]) {
      await sleep(SLEEP_MILLISECONDS);
      const id = await here.say(4 + life);
      for (const { reader } of clients) {
        const events = await reader.events(4 + life);
        assert.deepEqual(numbers(events), range(1, 4 + life));
        assert.equal(events.at(-1).lastEventId, id);
      }
      assert.equal(await here.call('lives'), life, 'the constructor ran again');
    }
    const { listeners, connected } = await here.call('stats');
    assert.deepEqual([listeners, connected], [3, 3]);
    const comments = clients[0].reader.text.match(/^:$/gm)?.length ?? 0;
    context.diagnostic(`3 lives of the object, one connection, ${comments} heartbeats of the Worker`);
    assert.ok(comments >= 8, `${comments} heartbeats`);
    assert.equal(
      clients[0].reader.text.match(/^retry:/gm).length,
      1,
      'a client does not see that the object began anew',
    );
    for (const { leave } of clients) leave();
  });

  test('a named listener is dispatched to by the next life', { timeout: 60_000 }, async () => {
    const here = channel();
    const clients = await Promise.all(
      [{ listener: 'a' }, { listener: 'b', resumeSeconds: 60 }].map((options) =>
        here.subscribe({ how: 'relay', options }),
      ),
    );
    await here.say(1);
    for (const name of ['a', 'b']) await here.call('dispatch', name, { type: 'n', payload: 2 });
    for (const { reader } of clients) await reader.events(2);
    await sleep(SLEEP_MILLISECONDS);
    for (const name of ['a', 'b']) await here.call('dispatch', name, { type: 'n', payload: 3 });
    await here.say(4);
    for (const { reader } of clients) {
      const events = await reader.events(4);
      assert.deepEqual(numbers(events), [1, 2, 3, 4]);
      assert.equal(new Set(events.map(({ lastEventId }) => lastEventId)).size, 4, 'no id is given twice');
    }
    assert.equal(await here.call('lives'), 2);
    for (const { leave } of clients) leave();
  });

  test('a client whose filter lets nothing through receives no gap from the next life', {
    timeout: 60_000,
  }, async () => {
    const here = channel('brief');
    const { reader, leave } = await here.subscribe({ how: 'relay', options: { events: ['wanted'] } });
    await reader.chunk();
    for (const number of range(1, 20)) await here.say(number);
    await sleep(SLEEP_MILLISECONDS);
    await here.call('broadcast', { type: 'wanted' });
    assert.deepEqual(
      (await reader.events(1)).map(({ type }) => type),
      ['wanted'],
    );
    assert.equal(await here.call('lives'), 2);
    leave();
  });

  test('a resumable listener receives no gap from the next life of a slow channel', {
    timeout: 60_000,
  }, async () => {
    const here = channel('paced');
    const { reader, leave } = await here.subscribe({ how: 'relay', options: { listener: 'a', resumeSeconds: 60 } });
    await here.call('dispatch', 'a', { type: 'n', payload: 1 });
    await here.say(2);
    await reader.events(2);
    await sleep(SLEEP_MILLISECONDS);
    await here.say(3);
    await here.say(4);
    const events = await reader.events(4);
    assert.deepEqual(
      [events.map(({ type }) => type), numbers(events)],
      [
        ['n', 'n', 'n', 'n'],
        [1, 2, 3, 4],
      ],
    );
    assert.equal(await here.call('lives'), 2);
    leave();
  });

  test('a client that leaves while the object sleeps is removed', { timeout: 60_000 }, async () => {
    const here = channel();
    const { reader, leave } = await here.subscribe({ how: 'relay', relay: { heartbeatSeconds: 0.5 } });
    await reader.chunk();
    await sleep(SLEEP_MILLISECONDS);
    leave();
    await sleep(2000);
    assert.equal((await here.call('stats')).listeners, 0);
  });
});

describe('joining', () => {
  test('a relayed client and a direct one get the same bytes', async () => {
    const here = channel();
    const clients = [await here.subscribe(), await here.subscribe({ how: 'relay' })];
    for (const { reader } of clients) await reader.chunk();
    await here.say(1);
    await here.say({ two: 'x\ny' });
    for (const { reader } of clients) await reader.events(2);
    assert.equal(clients[1].reader.text, clients[0].reader.text);
    assert.equal(clients[1].response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    for (const { leave } of clients) leave();
  });

  test('a message of very many lines takes a relay little longer than the object itself', {
    timeout: 60_000,
  }, async (context) => {
    const LINES = 900_000;
    const milliseconds = {};
    for (const how of ['subscribe', 'relay']) {
      const here = channel();
      const readers = await Promise.all(range(1, 8).map(async () => (await fetch(here.at(how))).body.getReader()));
      for (const reader of readers) await reader.read();
      const start = performance.now();
      await here.say('\n'.repeat(LINES));
      for (const reader of readers) {
        for (let bytes = 0; bytes < LINES * 'data:\n'.length; ) bytes += (await reader.read()).value.length;
      }
      milliseconds[how] = performance.now() - start;
      await Promise.all(readers.map((reader) => reader.cancel()));
    }
    const { subscribe, relay } = milliseconds;
    context.diagnostic(`${Math.round(subscribe)} ms directly, ${Math.round(relay)} ms through relays`);
    assert.ok(relay < subscribe * 5 + 500, `${relay} ms through relays, ${subscribe} ms directly`);
  });

  test('a reconnecting client is replayed, by header and by query', async () => {
    const here = channel();
    const id = await here.say(1);
    await here.flood(2, 600);
    const header = await here.subscribe({ how: 'relay', lastEventId: id });
    assert.deepEqual(numbers(await header.reader.events(599)), range(2, 600));
    const query = await fetch(here.at('relay', { lastEventId: id.replace(/-1$/, '-599') }));
    const { value } = await query.body.getReader().read();
    assert.match(new TextDecoder().decode(value), /data: 600\n/);
    header.leave();
  });

  test('a WebSocket that is lost is joined again, without a gap and without a duplicate', async () => {
    const here = channel();
    const clients = await Promise.all(range(1, 5).map(() => here.subscribe({ how: 'relay' })));
    for (let life = 1; life <= 4; life++) {
      await here.flood(life * 100 - 99, life * 100 - 50);
      await evict(here);
      await here.flood(life * 100 - 49, life * 100);
    }
    for (const { reader, leave } of clients) {
      assert.deepEqual(numbers(await reader.events(400)), range(1, 400));
      leave();
    }
  });

  test('a client whose filter lets nothing through receives its position in heartbeats, before that expires', async () => {
    const here = channel('brief');
    const wish = { how: 'relay', options: { events: ['wanted'] }, relay: { heartbeatSeconds: 0.2 } };
    const { reader, leave } = await here.subscribe(wish);
    await here.flood(1, 3);
    while (!/^:\nevent: _eric_position\nid: \S+-3$/m.test(reader.text)) await reader.chunk();
    leave();
    await until(
      () => here.call('stored'),
      ({ rows }) => rows[0].data === null,
      'rows',
    );
    const lastEventId = /^id: (\S+-3)$/m.exec(reader.text)[1];
    const again = await here.subscribe({ ...wish, lastEventId });
    await here.call('broadcast', { type: 'wanted' });
    assert.deepEqual(
      (await again.reader.events(1)).map(({ type }) => type),
      ['wanted'],
    );
    again.leave();
  });

  test("the id that came through a WebSocket takes precedence over the object's record of its client", async () => {
    const here = channel();
    const lastEventId = await here.say(1);
    const { reader, leave } = await here.subscribe({ how: 'relay', options: { lastEventId } });
    await here.flood(2, 5);
    await reader.events(4);
    await evict(here);
    await here.flood(6, 8);
    assert.deepEqual(numbers(await reader.events(7)), range(2, 8));
    leave();
  });

  test('an object that fails while it is asked for the first time is asked again', async () => {
    const here = channel();
    const id = await here.say(1);
    const { response, reader, leave } = await here.subscribe({ how: 'relay', broken: true });
    assert.equal(response.status, 200);
    assert.match(await reader.chunk(), new RegExp(`id: ${id}`));
    leave();
  });

  test('an object that ends each WebSocket at once is not asked again for ever, nor without a pause', {
    timeout: 60_000,
  }, async () => {
    const here = channel();
    const { reader } = await here.subscribe({ how: 'futile' });
    const start = performance.now();
    while (!reader.ended) await reader.read();
    const tries = await here.asked();
    assert.ok(tries > 1 && tries < 10, `${tries} tries`);
    assert.ok(performance.now() - start > 1000, 'between them it waits');
  });

  test('a replay that is heavier than the queue reaches a client that is slow', { timeout: 60_000 }, async () => {
    const here = channel();
    const id = await here.say('first');
    for (let sent = 0; sent < 24; sent++) await here.say('x'.repeat(2 ** 19));
    const { reader, leave } = await here.subscribe({ how: 'relay', lastEventId: id, relay: { queueBytes: 2 ** 16 } });
    await sleep(500);
    assert.equal((await reader.events(24)).length, 24);
    await here.say('last');
    assert.equal((await reader.events(25)).at(-1).data, 'last');
    leave();
  });

  test('with a stub alone, which an object that fails takes along, the response ends and the client goes on', {
    timeout: 60_000,
  }, async () => {
    const here = channel();
    const { reader } = await here.subscribe({ how: 'relay', once: true });
    await here.say(1);
    const [{ lastEventId }] = await reader.events(1);
    await evict(here);
    await here.say(2);
    while (!reader.ended) await reader.read();
    const again = await here.subscribe({ how: 'relay', lastEventId });
    assert.deepEqual(numbers(await again.reader.events(1)), [2]);
    again.leave();
  });

  test('a client that leaves is removed within some heartbeats', async (context) => {
    const here = channel();
    const { reader, leave } = await here.subscribe({ how: 'relay', relay: { heartbeatSeconds: 0.5 } });
    await reader.chunk();
    leave();
    const start = performance.now();
    const { ended } = await until(
      () => here.call('stats'),
      ({ listeners }) => listeners === 0,
      'listeners',
    );
    context.diagnostic(`removed after ${((performance.now() - start) / 500).toFixed(1)} heartbeats`);
    assert.deepEqual(ended, { cancelled: 1 });
  });

  test('clients that leave while they are joined again leave nothing behind', async () => {
    const here = channel();
    const clients = await Promise.all(
      range(1, 20).map(() => here.subscribe({ how: 'relay', relay: { heartbeatSeconds: 0.05 } })),
    );
    for (const { reader } of clients) await reader.chunk();
    await evict(here);
    await Promise.all(clients.map(({ leave }, index) => sleep(index * 10).then(leave)));
    // A client that has joined again by then would be there.
    await sleep(1000);
    const counts = async () => [await here.call('sockets'), (await here.call('stats')).listeners];
    await until(counts, ([sockets, listeners]) => sockets === 0 && listeners === 0, 'sockets and listeners');
  });

  test('a client that joins again under the name of its listener takes its place', async () => {
    const here = channel();
    const options = { listener: 'a' };
    const first = await here.subscribe({ how: 'relay', options });
    await first.reader.chunk();
    const second = await here.subscribe({ how: 'relay', options });
    await first.reader.rest();
    await here.call('dispatch', 'a', { type: 'n', payload: 1 });
    assert.deepEqual(numbers(await second.reader.events(1)), [1]);
    second.leave();
  });

  test('a joining client either has room for any event id or is refused', { timeout: 60_000 }, async () => {
    const here = channel();
    const clients = await Promise.all(
      range(0, 60).map((number) =>
        here.subscribe({
          how: 'relay',
          options: { listener: `${'x'.repeat(7920 + number * 4)}${number}`, resumeSeconds: 60 },
        }),
      ),
    );
    const joined = clients.filter(({ response }) => response.status === 200);
    const refused = clients.filter(({ response }) => response.status === 431);
    assert.ok(
      joined.length > 5 && refused.length > 5 && joined.length + refused.length === clients.length,
      `${joined.length} joined, ${refused.length} were refused`,
    );
    await here.say(1);
    for (const { reader, leave } of joined) {
      assert.deepEqual(numbers(await reader.events(1)), [1]);
      leave();
    }
    assert.match(await refused[0].reader.chunk(), /too large/);
  });

  test('a refused join leaves nothing behind', async () => {
    const here = channel();
    const options = { listener: 'a' };
    const { leave } = await here.subscribe({ options });
    assert.equal((await fetch(here.at('relay', { options }))).status, 409);
    assert.deepEqual([await here.call('sockets'), (await here.call('stats')).listeners], [0, 1]);
    leave();
  });

  test('a method that opens no stream is answered with 405, OPTIONS with 204, and HEAD as GET', async () => {
    const here = channel();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await fetch(here.at('relay'), { method });
      assert.deepEqual(
        [response.status, response.headers.get('allow')],
        [method === 'OPTIONS' ? 204 : 405, 'GET, HEAD, OPTIONS'],
        method,
      );
    }
    const head = () =>
      fetch(here.at('relay', { relay: { headers: { 'Access-Control-Allow-Origin': '*' } } }), { method: 'HEAD' });
    const open = await head();
    assert.deepEqual([open.status, open.headers.get('content-type')], [200, 'text/event-stream; charset=utf-8']);
    await here.call('close');
    const closed = await head();
    assert.deepEqual([closed.status, closed.headers.get('access-control-allow-origin')], [204, '*']);
  });

  test('headers that do not fit into an attachment are refused', async () => {
    const here = channel();
    const response = await fetch(here.at('relay', { options: { listener: 'x'.repeat(20_000) } }), { headers: {} });
    assert.equal(response.status, 431);
    assert.equal((await here.call('stats')).listeners, 0);
  });
});

describe('a WebSocket that is lost without a word', { concurrency: true }, () => {
  test('is noticed between heartbeats, and joined again', { timeout: 60_000 }, async (context) => {
    const here = channel();
    const start = performance.now();
    const { reader, leave } = await here.subscribe({ how: 'lost', answers: 3 });
    const [event] = await reader.events(1);
    const seconds = (performance.now() - start) / 1000;
    context.diagnostic(
      `after ${seconds.toFixed(1)} s; it was asked when it was joined and every 2 s, and answered 3 times`,
    );
    assert.equal(event.lastEventId, 'a-2');
    assert.ok(seconds > 8, `after ${seconds} s`);
    assert.ok((reader.text.match(/^:$/gm)?.length ?? 0) >= 8, 'the response had its heartbeats meanwhile');
    leave();
  });

  test('is not told from one to an object that never says whether it is alive, which is let be', {
    timeout: 60_000,
  }, async () => {
    const here = channel();
    const { reader, leave } = await here.subscribe({ how: 'lost', answers: 0 });
    while ((reader.text.match(/^:$/gm)?.length ?? 0) < 12) await reader.chunk();
    assert.equal(await here.asked(), 1);
    leave();
  });

  test('an object that has an answer of its own keeps it, and its clients', { timeout: 60_000 }, async () => {
    const here = channel('answering');
    const { reader, leave } = await here.subscribe({ how: 'relay', relay: { heartbeatSeconds: 1, quietSeconds: 2 } });
    while ((reader.text.match(/^:$/gm)?.length ?? 0) < 12) await reader.chunk();
    assert.equal(await here.call('answers'), 'ping');
    await here.say(1);
    assert.deepEqual(numbers(await reader.events(1)), [1]);
    assert.deepEqual([await here.call('sockets'), reader.text.match(/^retry:/gm).length], [1, 1]);
    leave();
  });

  test('a relay whose response has ended while it was joined again does not join', { timeout: 60_000 }, async () => {
    const here = channel();
    const { reader } = await here.subscribe({ how: 'ghost' });
    while (!reader.ended) await reader.read();
    await sleep(5000);
    assert.equal(await here.asked(), 2);
  });
});

describe('ending', () => {
  test('the closing of the channel ends the response behind what was sent; then a client stays away', async () => {
    const here = channel();
    const { reader } = await here.subscribe({ how: 'relay' });
    await here.say(1);
    await here.call('close');
    await reader.rest();
    assert.deepEqual(
      reader.decoder.events.map(({ type }) => type),
      ['n', '_eric_channel_closed'],
    );
    assert.equal((await fetch(here.at('relay'))).status, 204);
  });

  test('drain sends relayed clients elsewhere', async () => {
    const here = channel();
    const { reader } = await here.subscribe({ how: 'relay' });
    await reader.chunk();
    await here.call('drain', { seconds: 0.1, retryMilliseconds: 4000 });
    await reader.rest();
    assert.match(reader.text, /_eric_position\nid: [0-9a-f]{12}-0\ndata:\n\nretry: [2-6]\d\d\d\n\n$/);
  });

  test('a client that reads nothing is given up, and its object keeps nothing for it', async () => {
    const here = channel();
    // Its body is never read.
    await fetch(here.at('relay', { relay: { queueBytes: 2 ** 20 } }));
    await until(
      () => here.call('stats'),
      ({ listeners }) => listeners === 1,
      'listeners',
    );
    for (let sent = 0; (await here.call('stats')).listeners === 1; sent++) {
      await here.say('x'.repeat(2 ** 18));
      assert.ok(sent < 400, 'the Worker keeps 100 MiB for it');
    }
  });
});
